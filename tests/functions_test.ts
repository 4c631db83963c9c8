/** What functions of jobs ask of a running init: emit, ready. */

import assert from "node:assert/strict";
import { RunningInit } from "./support/init.ts";

const HEAD = 'import { job, on } from "rouse";\n';

Deno.test("emit waits for all that the event sets off, and rejects when that fails", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "asks.ts": `${HEAD}export default job({
        task: true,
        async main({ emit, log }) {
          await emit("wanted", { KIND: "rye", PIECES: 2 });
          log("served");
          await emit("wanted-in-vain").catch((error) => log("refused:", error.message));
          await emit("wanted-in-vain", {}, { wait: false });
          log("not waited for");
        },
      });\n`,
      "serves.ts": `${HEAD}export default job({
        startOn: on("wanted", { KIND: "rye" }),
        task: true,
        main: ({ env, log }) => log(env.KIND, env.PIECES),
      });\n`,
      "fails.conf": "start on wanted-in-vain\ntask\nexec false\n",
    },
  });
  for (const name of ["asks", "serves", "fails"]) {
    await init.until(["status", name], `${name} stop/waiting\n`);
  }
  assert.equal((await init.initctl("start", "asks")).exit, 0);
  const lines = async (file: string, count: number) =>
    (await init.untilLines(file, count)).map((line) => line.trimEnd());
  assert.deepEqual(await lines("log/serves.log", 1), ["rye 2"]);
  assert.deepEqual(await lines("log/asks.log", 3), ["served", "refused: Event failed", "not waited for"]);
});

Deno.test("a job with expect stop is up when its main function says so", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "slow.ts": `${HEAD}import { setTimeout } from "node:timers/promises";
        export default job({
          expect: "stop",
          async main({ ready, log, signal }) {
            await setTimeout(200);
            log("ready now");
            ready();
            await new Promise((resolve) => signal.addEventListener("abort", resolve));
            log("told to end");
          },
          postStart: ({ log }) => log("post-start"),
        });\n`,
    },
  });
  await init.until(["status", "slow"], "slow stop/waiting\n");
  assert.match(await init.ask("start", "slow"), /^slow start\/running, process \d+\n$/);
  assert.equal(await init.ask("stop", "slow"), "slow stop/waiting\n");
  const lines = (await init.untilLines("log/slow.log", 3)).map((line) => line.trimEnd());
  assert.deepEqual(lines, ["ready now", "post-start", "told to end"]);
});
