/** What is told of a process that was killed. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import type { Input } from "../../engine/effects.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Notice } from "../../model/requests.ts";
import { SIGKILL } from "../../model/signals.ts";
import { TemporaryDirectory } from "../../sys/testing/directory.ts";
import type { InitContext } from "../init_context.ts";
import { ChildReaper } from "./child_reaper.ts";

/** Has a job's main process end by SIGKILL. Gives what was told of that. */
function killed(groupsOf: () => string[]): { told: Array<Input | Notice>; faults: string[] } {
  const told: Array<Input | Notice> = [], faults: string[] = [];
  const owner = { job: "web", instance: "", process: "main" };
  const engine = { ownerOf: () => owner, tracksForks: () => false, hasProcesses: true };
  const context = {
    processes: { spawner: { changed() {} }, controlGroups: { groupsOf } },
    messages: {
      attempt(what: string, action: () => unknown) {
        try {
          return action();
        } catch {
          faults.push(what);
        }
      },
    },
  };
  const reaper = new ChildReaper(() => engine as unknown as Engine, context as unknown as InitContext, {
    handle: (input) => told.push(input),
    notify: (notice) => told.push(notice),
  });
  reaper.ended(5, { signal: SIGKILL });
  return { told, faults };
}

Deno.test("a kill for lack of memory is told to the engine and to who follows what happens", () => {
  using group = new TemporaryDirectory();
  writeFileSync(`${group.path}/memory.events`, "oom_kill 1\n");
  const exit = { signal: SIGKILL, isOutOfMemory: true };
  const { told, faults } = killed(() => [group.path]);
  assert.deepEqual(told, [
    { kind: "process-ended", job: "web", instance: "", process: "main", pid: 5, exit },
    { kind: "exited", pid: 5, exit },
  ]);
  assert.deepEqual(faults, []);
});

Deno.test("an exit whose cause cannot be found out is told all the same", () => {
  const { told, faults } = killed(() => {
    throw new Error("a fault");
  });
  assert.deepEqual(told.map(({ kind }) => kind), ["process-ended", "exited"]);
  assert.deepEqual(faults, ["the cause of an exit"]);
});
