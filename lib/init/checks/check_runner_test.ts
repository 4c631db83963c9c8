/** The checks of an init go on in the next one, where it was saved. */

import assert from "node:assert/strict";
import type { Effect, Input } from "../../engine/effects.ts";
import { emptyJob } from "../../model/job.ts";
import { onChildChange, reap } from "../../sys/process/processes.ts";
import { SpawnQueue } from "../../sys/spawn/spawn_queue.ts";
import { CheckRunner, type CheckWorld } from "./check_runner.ts";

const PASSES = ["/bin/sh", "-c", `read line; echo '{"passed":7}'; exec sleep 600`];
const HANGS = ["/bin/sh", "-c", "exec sleep 600"];

function runner(
  checksCommand: readonly string[],
  spawner: SpawnQueue,
  handle: (input: Input) => void,
): CheckRunner {
  const messages = { log() {}, attempt: (_: string, action: () => unknown) => action() };
  const world = {
    checksCommand,
    handle,
    messages,
    processes: { spawner },
    onEnd() {},
    isStopping: () => true,
  };
  return new CheckRunner(world as unknown as CheckWorld);
}

Deno.test("checks are saved as they were started, and go on", async () => {
  const spawner = new SpawnQueue();
  const silence = onChildChange(() => reap(256).forEach(({ pid }) => spawner.changed(pid)));
  const effect: Effect & { kind: "start-check" } = {
    kind: "start-check",
    check: 7,
    what: { use: "ready", check: { kind: "tcp", address: "80" } },
    definition: emptyJob("web", "test"),
    instance: "",
    environment: [],
  };
  const before = runner(HANGS, spawner, () => assert.fail());
  before.start(effect);
  const saved = before.save();
  assert.deepEqual(JSON.parse(JSON.stringify(saved)), [effect]);
  const { promise, resolve } = Promise.withResolvers<Input>();
  const after = runner(PASSES, spawner, resolve);
  after.restore(saved);
  assert.deepEqual(await promise, { kind: "check-passed", check: 7 });
  for (const one of [before, after]) {
    one.stop(7);
    assert.deepEqual(one.save(), []);
  }
  await spawner.settled(1000);
  silence();
  reap(256);
});
