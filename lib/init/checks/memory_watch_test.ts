/** The watch over memory, with this very process as the one that uses it. */

import assert from "node:assert/strict";
import process from "node:process";
import { MemoryWatch, type WatchedInstance } from "./memory_watch.ts";

function watched(above: number, failed: (reason: string) => void, pids = [process.pid]): WatchedInstance {
  return { above, pids: () => pids, hasGroup: false, listener: { passed: assert.fail, failed } };
}

Deno.test("what uses more than its ceiling is told, and nothing else", async () => {
  const watch = new MemoryWatch(10);
  const reason = await new Promise<string>((resolve) => {
    watch.start(1, watched(2 ** 50, assert.fail));
    watch.start(2, watched(1, assert.fail, []));
    watch.start(3, watched(1 << 20, resolve));
  });
  assert.match(reason, /^it uses \d+ MB of memory, and may use 1MB$/);
  for (const number of [1, 2, 3]) watch.stop(number);
});

Deno.test("what is not watched any more is not told", async () => {
  const watch = new MemoryWatch(10);
  const told: number[] = [];
  await new Promise<void>((resolve) => {
    const failed = (number: number) => () => {
      told.push(number);
      // Each ends the other one.
      watch.stop(3 - number);
      resolve();
    };
    watch.start(1, watched(1, failed(1)));
    watch.start(2, watched(1, failed(2)));
  });
  watch.stop(1);
  assert.deepEqual(told, [1]);
});
