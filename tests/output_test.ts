/** Jobs that print a lot. */

import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { procFile } from "./support/processes.ts";

/** Init's private memory in kB. */
function privateMemory(init: RunningInit): number {
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(procFile(init.pid, "status"))![1]);
}

Deno.test("a job that prints without end holds up no others, and init keeps none of it", async () => {
  // Far more than what waits for the garbage collector at any time.
  const written = 150_000_000;
  await using init = await RunningInit.start({
    jobs: {
      "endless.conf": "exec yes 'a line that is printed again and again'\n",
      "other.conf": "task\nexec echo done\n",
    },
  });
  await init.until(["status", "other"], "other stop/waiting\n");
  const before = privateMemory(init);
  await init.ask("start", "endless");
  for (let round = 1; round <= 20; round++) {
    assert.equal(await init.ask("start", "other"), "other stop/waiting\n");
    await init.untilLines("log/other.log", round);
  }
  await until(`the log has ${written} bytes`, () => statSync(init.path("log/endless.log")).size > written);
  assert.equal(init.read("log/other.log"), "done\r\n".repeat(20));
  assert.ok(
    privateMemory(init) - before < written / 1000 / 2,
    `${before} kB before, ${privateMemory(init)} kB after`,
  );
  assert.equal(await init.ask("stop", "endless"), "endless stop/waiting\n");
});
