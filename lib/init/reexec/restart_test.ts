import assert from "node:assert/strict";
import { ENOMEM, SystemError } from "../../sys/call/errno.ts";
import { descriptorLimit } from "../../sys/process/limits.ts";
import type { SpawnQueue } from "../../sys/spawn/spawn_queue.ts";
import type { SignalTable } from "../host/signal_actions.ts";
import type { Messages } from "../logs/messages.ts";
import type { Parts } from "../parts/part.ts";
import type { RunningInit } from "../running.ts";
import type { SavedProgram } from "../saved_program.ts";
import { Restart } from "./restart.ts";

Deno.test("a restart for which memory is short fails, and so does the next, and nothing is left behind", async () => {
  const restart = new Restart({
    init: () => ({ settled: () => undefined }) as unknown as RunningInit,
    messages: {} as Messages,
    spawner: {} as SpawnQueue,
    parts: () => ({}) as Parts<SavedProgram>,
    signals: () => ({
      note() {
        throw new SystemError("make memory executable", ENOMEM);
      },
    } as unknown as SignalTable),
    begun: Promise.resolve(),
  });
  const limit = descriptorLimit();
  for (let count = 0; count < 2; count++) {
    await assert.rejects(restart.recover(), SystemError);
    assert.equal(descriptorLimit(), limit);
  }
});
