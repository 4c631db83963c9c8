/** The compiled executable under fire: init goes on and logs no fault of its own, and initctl tells what is wrong. */

import assert from "node:assert/strict";
import { RunningInit } from "../support/init.ts";
import { askHostileServers, ATTACKED_JOBS, ATTACKED_WORDS, ATTACKS, isBroken } from "./attacks.ts";

/** The same inputs each time, and so many for each place. */
const SEED = 18, COUNT = 40, ASKED = 12;

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
