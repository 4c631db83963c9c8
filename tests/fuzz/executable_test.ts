/** The compiled executable under fire: init goes on and logs no fault of its own, and initctl tells what is wrong. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { RunningInit } from "../support/init.ts";
import { MINIMAL_ROOT_POSSIBLE, MinimalRoot } from "../support/minimal_root.ts";
import {
  askHostileServers,
  ATTACKED_JOBS,
  ATTACKED_WORDS,
  ATTACKS,
  isBroken,
  writeToFifo,
} from "./attacks.ts";

/** The same inputs each time, and so many for each place. */
const SEED = 18, COUNT = 40, ASKED = 12, WRITTEN = 12;

function started(): Promise<RunningInit> {
  return RunningInit.start({ jobs: ATTACKED_JOBS, arguments: ATTACKED_WORDS });
}

Deno.test("whatever is thrown at what init reads, it goes on, answers, and has no fault", async () => {
  await using init = await started();
  await init.ask("start", "web");
  for (const { name, run } of ATTACKS) {
    await run(init, COUNT, SEED);
    assert.match(await init.ask("status", "web"), /^web start\/running/, name);
    assert.doesNotMatch(init.messages(), /Internal error/, name);
  }
  assert.match(await init.ask("restart", "web"), /^web start\/running/);
});

Deno.test("whatever answers in init's place, initctl ends with a sentence", async () => {
  await using init = await started();
  for (const asked of await askHostileServers(init, ASKED, SEED)) {
    const { words, input, exit, stdout, stderr } = asked;
    assert.ok(
      !isBroken(asked),
      `${words.join(" ")} on ${JSON.stringify(input.toString("latin1"))}: ${exit} ${stdout}${stderr}`,
    );
  }
});

Deno.test({
  name: "whatever is written to SysV's FIFO, init goes on, answers, and has no fault",
  ignore: !MINIMAL_ROOT_POSSIBLE,
  fn: async () => {
    await using machine = await MinimalRoot.start(["/usr/local/bin/rouse", "init", "--sysv"], {
      files: { "var/run/utmp": "", "var/log/wtmp": "", "etc/init/web.conf": "exec /bin/sleep 600\n" },
      links: { "dev/console": "null" },
      programs: ["/bin/sh", "/bin/sleep"],
    });
    const initctl = (...words: string[]) =>
      machine.untilSucceeds("/usr/local/bin/rouse", "initctl", ...words);
    await initctl("start", "web");
    await writeToFifo(join(machine.directory, "root/run/initctl"), WRITTEN, SEED, () => initctl("version"));
    assert.match(await initctl("restart", "web"), /^web start\/running/);
    assert.match(machine.output(), /got (?:bogus|unimplemented) initrequest/);
    assert.doesNotMatch(machine.output(), /Internal error/);
  },
});
