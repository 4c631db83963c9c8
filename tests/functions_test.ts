/** What functions of jobs ask of a running init: emit, ready. */

import assert from "node:assert/strict";
import { Container, CONTAINERS_POSSIBLE } from "./support/container.ts";
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

/** Variables that the engine of the executable obeys, or the loader of programs. */
const ENGINE_VARIABLES = [
  "BUN_BE_BUN=1",
  "BUN_OPTIONS=--preload=@DIR@/evil.ts",
  "BUN_INSPECT_PRELOAD=@DIR@/evil.ts",
  "NODE_OPTIONS=--require=@DIR@/evil.ts",
  "NODE_PATH=@DIR@/evil",
  "DENO_DIR=@DIR@/evil",
  "LD_PRELOAD=@DIR@/evil.so",
];

Deno.test("variables that the engine obeys are a function's, and not the engine's", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "plain.conf": "start on go\ntask\nexec /usr/bin/env\n",
      "hook.ts": `${HEAD}export default job({
        startOn: on("go"),
        task: true,
        async main({ $, emit, log }) {
          for (const [name, value] of Object.entries(process.env)) log(name + "=" + value);
          await emit("gone");
          log((await $\`/usr/bin/env | grep ^BUN_OPTIONS=\`).stdout.trim());
          log("done");
        },
      });\n`,
    },
  });
  await init.until(["status", "hook"], "hook stop/waiting\n");
  await init.shell('printf \'require("node:fs").writeFileSync("@DIR@/taken", "")\' > evil.ts');
  const variables = ENGINE_VARIABLES.map((variable) => init.expand(variable));
  assert.equal((await init.initctl("emit", "go", ...variables)).exit, 0);
  for (const job of ["hook", "plain"]) {
    const lines = (init.read(`log/${job}.log`) ?? "").split(/\r?\n/);
    assert.deepEqual(variables.filter((variable) => !lines.includes(variable)), [], job);
  }
  assert.match(init.read("log/hook.log")!, /\ndone\r?\n$/);
  assert.equal(init.read("taken"), undefined);
});

Deno.test({
  name: "$ runs commands in a directory that the function's user may not enter, and where it is told to",
  ignore: Deno.uid() !== 0 || !CONTAINERS_POSSIBLE,
  async fn() {
    const job = `${HEAD}export default job({
  startOn: on("startup"),
  task: true,
  user: "nobody",
  console: "output",
  async main({ $ }) {
    console.log("here", (await $\`id -un\`).stdout.trim());
    console.log("there", (await $({ cwd: "/usr" })\`pwd\`).stdout.trim());
  },
});\n`;
    using container = new Container(["init", "--confdir", "/run/jobs"], {
      environment: { JOB: job },
      prepare:
        'mkdir /run/jobs; mkdir -m 700 /run/closed; printf "%s" "$JOB" > /run/jobs/a.ts; cd /run/closed',
    });
    await container.printed(/^here nobody\r?\nthere \/usr\r?$/m);
  },
});
