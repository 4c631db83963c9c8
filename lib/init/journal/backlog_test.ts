/** What waits to be followed: its order, its bounds, and that one fault does not harm the others. */

import assert from "node:assert/strict";
import { Backlog, type Happening } from "./backlog.ts";

/** A backlog, and what it was followed by. */
function backlogOf(follow: (happening: Happening) => void = () => {}) {
  const followed: Array<[kind: string, at: number]> = [], faults: unknown[] = [];
  const backlog = new Backlog((happening, at) => {
    followed.push([happening.kind, at]);
    follow(happening);
  }, (error) => faults.push(error));
  return { backlog, followed, faults };
}

const state = (job: string): Happening => ({ kind: "state-changed", job, instance: "", state: "running" });
const message = (message: string): Happening => (
  { number: 0, at: 0, kind: "message", priority: "warn", message }
);

Deno.test("what has happened waits, and is followed in order, once", () => {
  const { backlog, followed } = backlogOf();
  backlog.add(state("web"), 1);
  backlog.add(message("x"), 2);
  assert.deepEqual(followed, []);
  for (const _ of [1, 2]) backlog.flush();
  assert.deepEqual(followed, [["state-changed", 1], ["message", 2]]);
});

Deno.test("a fault in one does not keep the others from being followed, also those that come of it", () => {
  const { backlog, followed, faults } = backlogOf((happening) => {
    if (happening.kind !== "state-changed") return;
    backlog.add(message("it has failed"), 3);
    throw new Error("x");
  });
  backlog.add(state("web"), 1);
  backlog.add(message("y"), 2);
  backlog.flush();
  backlog.flush();
  assert.deepEqual(followed.map(([, at]) => at), [1, 2, 3]);
  assert.equal(faults.length, 1);
});

Deno.test("only so much waits, by its number and by its texts", () => {
  const long = "x".repeat(50_000), cause = { by: "init" } as const;
  const happenings: Happening[] = [
    state("web"),
    message(long),
    { kind: "event-begun", event: "x", environment: [long, long], cause },
    { kind: "instance-added", job: "web", instance: long },
    { number: 0, at: 0, kind: "request", what: long, job: "web", asker: { pid: 1, uid: 0 } },
  ];
  for (const happening of happenings) {
    const { backlog, followed } = backlogOf();
    let most = 0;
    for (let count = 1; count <= 2000; count++) {
      backlog.add(happening, count);
      most = Math.max(most, count - followed.length);
    }
    assert.ok(happening.kind === "state-changed" ? most < 1000 : most < 10, `${happening.kind}: ${most}`);
  }
});
