/** Tests of threads that the runtime does not know. They stay until the process ends, so it is one of their own. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { kernel } from "../call/kernel.ts";
import { ROW_SIZE } from "../call/stub.ts";
import { threadOf } from "../call/thread.ts";

Deno.test("a thread that runs at once is no less started", () => {
  const memory = kernel();
  const FUTEX_WAIT_PRIVATE = 128;
  const first = memory.keep(2 * ROW_SIZE);
  // It sleeps until the process ends; a signal has it go back to that.
  memory.row(first, "futex", [memory.keep(8), FUTEX_WAIT_PRIVATE, 0], { zero: first, failure: first });
  memory.row(first + ROW_SIZE, "futex", [memory.keep(8), FUTEX_WAIT_PRIVATE, 0], {
    zero: first,
    failure: first,
  });
  const start = threadOf(first);
  const threads = () => readdirSync("/proc/self/task").length;
  const before = threads();
  // Not more: there may be a limit for all processes together.
  const count = 100;
  for (let started = 0; started < count; started++) assert.equal(start(), true);
  assert(threads() >= before + count);
});
