import assert from "node:assert/strict";
import type { ProcessStatus } from "../../sys/process/procfs.ts";
import { ProcessForest } from "./process_tree.ts";

function status(pid: number, parent: number, session: number): ProcessStatus {
  return {
    pid,
    parent,
    session,
    command: "x",
    state: "S",
    processGroup: session,
    hasExecuted: true,
    cpuTime: 0,
    startTime: 0,
    residentPages: 0,
  };
}

const ALL = [
  status(1, 0, 1),
  status(10, 1, 10),
  status(11, 10, 10),
  status(12, 11, 12),
  // An orphan that is left in the session, and its child.
  status(13, 1, 10),
  status(14, 13, 10),
  // Another job, and one that shares the session of init.
  status(20, 1, 20),
  status(30, 1, 1),
];

const tree = (...pids: number[]) =>
  new ProcessForest(ALL).treeOf(pids).map(({ status, depth }) => [status.pid, depth]);

Deno.test("a tree has descendants below their parents, and orphans of the session", () => {
  assert.deepEqual(tree(10), [[10, 0], [11, 1], [12, 2], [13, 0], [14, 1]]);
});

Deno.test("what only shares its session with others has no more than its descendants", () => {
  assert.deepEqual(tree(30), [[30, 0]]);
});

Deno.test("several processes are there once each, and none that have ended", () => {
  assert.deepEqual(tree(20, 11, 10, 99), [[20, 0], [11, 0], [12, 1], [10, 0], [13, 0], [14, 1]]);
});

Deno.test("a table of processes that was read while it changed does not lead in circles", () => {
  const odd = new ProcessForest([status(5, 6, 5), status(6, 5, 5)]);
  assert.deepEqual(odd.treeOf([5]).map(({ status }) => status.pid), [5, 6]);
});
