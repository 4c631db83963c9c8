/** What init gives back when it is at rest. */

import assert from "node:assert/strict";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { procFile } from "./support/processes.ts";

/** How much of files init has in memory, its program's above all, in kB. */
function fileMemory(init: RunningInit): number {
  return Number(/^RssFile:\s+(\d+) kB/m.exec(procFile(init.pid, "status"))![1]);
}

/** As much as init was seen to have while it is asked again and again. A busy machine may take long after one answer. */
async function busyMemory(init: RunningInit): Promise<number> {
  let most = 0;
  for (let count = 0; count < 10; count++) {
    await init.ask("status", "service");
    most = Math.max(most, fileMemory(init));
  }
  return most;
}

Deno.test("at rest init lets go of its program's pages, again and again, and goes on as before", async () => {
  await using init = await RunningInit.start({
    jobs: { "service.conf": "exec sleep 1000\n", "task.conf": "task\nexec echo done\n" },
  });
  await init.ask("start", "service");
  let busy = await busyMemory(init), least = 0;
  for (let round = 1; round <= 2; round++) {
    const enough = (least + busy) / 2;
    least = await until("init's program has left memory", () => {
      const used = fileMemory(init);
      return used < enough && used;
    });
    assert.equal(await init.ask("start", "task"), "task stop/waiting\n");
    await init.untilLines("log/task.log", round);
    assert.match(await init.ask("status", "service"), /^service start\/running, process \d+\n$/);
    busy = await busyMemory(init);
    assert.ok(busy > least);
  }
  assert.equal(await init.ask("stop", "service"), "service stop/waiting\n");
});
