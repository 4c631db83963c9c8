/** The journal: its bounds, the order of its records, what readers get, and what is told as lost. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { JournalEntry, PageQuery } from "../../model/insight/journal.ts";
import type { Notice } from "../../model/requests.ts";
import { Journal } from "./journal.ts";
import { shortVariables } from "./short.ts";

const ALL: PageQuery = { jobs: [], after: 0, since: 0, most: 1000, last: false };

const message = (text: string): JournalEntry => ({ kind: "message", priority: "warn", message: text });
const event = (name: string): JournalEntry => (
  { kind: "event", event: name, environment: [], cause: { by: "init" } }
);
const state = (job: string, state: string) => ({ job, instance: "", state });
const changed = (job: string, name: string): Notice => ({ kind: "state-changed", ...state(job, name) });

/** A journal of which each class of records is limited, its course and its messages as given. */
function limited(course: number, messages: number, size = 10_000): Journal {
  const none = { count: 0, size: 0 }, others = { goals: none, failures: none, definitions: none };
  return new Journal({
    course: { count: course, size },
    messages: { count: messages, size },
    requests: { count: 3, size },
    ...others,
  });
}

const small = () => limited(5, 3);

Deno.test("records have numbers from 1 on, and readers go on where they were", () => {
  const journal = new Journal();
  for (const [index, text] of ["a", "b", "c"].entries()) journal.add(message(text), 10 + index);
  const first = journal.read({ ...ALL, most: 2 });
  assert.deepEqual(first.items.map(({ number, at }) => [number, at]), [[1, 10], [2, 11]]);
  assert.deepEqual([first.next, first.lost], [2, 0]);
  const second = journal.read({ ...ALL, after: first.next });
  assert.deepEqual(second.items, [{ number: 3, at: 12, ...message("c") }]);
  assert.deepEqual(journal.read({ ...ALL, after: second.next }), { items: [], next: 3, lost: 0 });
});

Deno.test("the last records come in order, and those that are too old do not", () => {
  const journal = new Journal();
  for (let at = 1; at <= 5; at++) journal.add(message("x"), at);
  const numbers = (query: Partial<PageQuery>) =>
    journal.read({ ...ALL, ...query }).items.map(({ number }) => number);
  assert.deepEqual(numbers({ most: 2, last: true }), [4, 5]);
  assert.deepEqual(numbers({ since: 4 }), [4, 5]);
  assert.deepEqual(numbers({ since: 2, most: 1 }), [2]);
  assert.deepEqual(numbers({ most: 0 }), []);
});

Deno.test("a reader of some jobs gets their records, and the events that they emit", () => {
  const journal = new Journal();
  journal.observe(changed("web", "starting"), 1);
  journal.observe(changed("db", "starting"), 1);
  journal.add({
    kind: "event",
    event: "started",
    environment: ["JOB=web"],
    cause: { by: "job", job: "web", instance: "" },
  }, 1);
  journal.add(message("x"), 1);
  const { items, next } = journal.read({ ...ALL, jobs: ["web"] });
  assert.deepEqual(items.map(({ number }) => number), [1, 3]);
  assert.equal(next, 4);
});

Deno.test("a flood of events does not push out what is rare", () => {
  const journal = small();
  journal.add(message("why"), 1);
  for (let round = 0; round < 100; round++) journal.add(event("x"), 2);
  const { items, lost, next } = journal.read(ALL);
  assert.deepEqual(items.map(({ number }) => number), [1, 97, 98, 99, 100, 101]);
  assert.deepEqual([lost, next], [95, 101]);
});

Deno.test("no class of records pushes out another one", () => {
  const journal = new Journal(), asker = { pid: 1, uid: 0 }, exit = { status: 1 };
  const result = { at: 1, process: "main", isFailure: true, exit } as const;
  const kinds: JournalEntry[] = [
    event("x"),
    { kind: "goal", job: "a", instance: "", goal: "stop", cause: { by: "exit" } },
    { kind: "failed", job: "a", instance: "", result },
    { kind: "definition", job: "a", change: "changed" },
    { kind: "request", what: "stop a", job: "a", asker },
    message("x"),
  ];
  for (const one of kinds) journal.add(one, 1);
  const first = journal.read(ALL).items;
  for (const flood of kinds) {
    const journal = new Journal();
    for (const one of kinds) journal.add(one, 1);
    for (let round = 0; round < 5000; round++) journal.add(flood, 1);
    const kept = journal.read(ALL).items.slice(0, kinds.length - 1);
    assert.deepEqual(kept, first.filter(({ kind }) => kind !== flood.kind));
    assert.ok(journal.size < 1_000_000);
  }
});

Deno.test("states that are only gone through take one record, unless somebody has read them", () => {
  const journal = new Journal();
  for (const name of ["pre-starting", "pre-start", "spawning"]) journal.observe(changed("web", name), 1);
  assert.deepEqual(journal.read(ALL).items, [{
    number: 1,
    at: 1,
    kind: "state",
    ...state("web", "spawning"),
  }]);
  journal.observe(changed("web", "spawned"), 1);
  journal.observe(changed("db", "running"), 1);
  journal.observe(changed("db", "stopping"), 2);
  const states = journal.read(ALL).items.map((record) => record.kind === "state" && record.state);
  assert.deepEqual(states, ["spawning", "spawned", "running", "stopping"]);
});

Deno.test("records are bounded by what they take", () => {
  const journal = limited(5, 1000);
  for (let round = 0; round < 100; round++) journal.add(message("x".repeat(1000)), 1);
  assert.equal(journal.read(ALL).items.length, 9);
  assert.ok(journal.size <= 10_000);
});

Deno.test("one large record does not push out all others, and what is gone changes no size", () => {
  const journal = small();
  journal.add(message("small"), 1);
  const before = journal.size, large = journal.add(message("x".repeat(5000)), 2);
  assert.deepEqual(journal.read(ALL).items.map(({ number }) => number), [1]);
  journal.amend(large, message("y".repeat(6000)));
  assert.equal(journal.size, before);
  const gone = journal.add(message("z"), 3);
  for (let round = 0; round < 3; round++) journal.add(message("w"), 4);
  const size = journal.size;
  journal.amend(gone, message("z".repeat(2000)));
  assert.equal(journal.size, size);
  const { items, lost } = journal.read(ALL);
  assert.deepEqual([items.map(({ number }) => number), lost], [[4, 5, 6], 3]);
});

Deno.test("of an event with a long name the beginning is recorded", () => {
  const event = "e".repeat(800_000), environment: string[] = [];
  const cause = { by: "event", event, environment } as const;
  const notices: Notice[] = [
    { kind: "event-begun", event, environment, cause: { by: "init" } },
    { kind: "event-emitted", event, environment },
    { kind: "goal-changed", job: "a", instance: "", goal: "start", cause },
  ];
  const journal = new Journal();
  for (const notice of notices) journal.observe(notice, 1);
  const { items } = journal.read(ALL);
  assert.equal(items.length, 3);
  for (const record of items) assert(JSON.stringify(record).length < 5000);
});

Deno.test("a page holds at least one record, and no more than a message should", () => {
  const journal = new Journal();
  for (let round = 0; round < 250; round++) journal.add(message("\x01".repeat(1000)), 1);
  const page = journal.read(ALL);
  const size = JSON.stringify(page.items).length;
  assert.ok(size > 400_000 && size < 520_000, `${size}`);
  assert.equal(page.next, page.items.at(-1)!.number);
});

Deno.test("of long variables the beginning is kept", () => {
  assert.deepEqual(shortVariables(["A=1", "B=2"]), ["A=1", "B=2"]);
  const short = shortVariables(["A=1", `B=${"x".repeat(10_000)}`, "C=3"]);
  assert.deepEqual(short.map((pair) => pair.length), [3, 4094]);
});

Deno.test("a journal that was saved goes on", () => {
  const before = small(), after = small();
  for (let round = 0; round < 10; round++) before.add(round % 2 ? event("x") : message("y"), round);
  after.add(message("new"), 20);
  const saved = JSON.parse(JSON.stringify(before.save()));
  assert.equal(before.add(message("new"), 20).number, 11);
  after.restore(saved);
  assert.deepEqual(after.read(ALL), before.read(ALL));
  assert.deepEqual(after.save(), before.save());
  assert.equal(after.add(message("z"), 1).number, 12);
  assert.equal(after.size > 0, true);
});

Deno.test("a state that was saved stays as it was read there", () => {
  const before = new Journal(), after = new Journal();
  before.observe(changed("web", "spawning"), 1);
  after.restore(before.save());
  after.observe(changed("web", "spawned"), 1);
  const states = after.read(ALL).items.map((record) => record.kind === "state" && record.state);
  assert.deepEqual(states, ["spawning", "spawned"]);
});

Deno.test("numbers grow, and what is lost is told exactly, however readers and writers take turns", () => {
  const turns = fc.array(fc.oneof(fc.constantFrom("event", "message"), fc.integer({ min: 1, max: 4 })));
  fc.assert(fc.property(turns, (turns) => {
    const journal = small();
    let written = 0, after = 0, lost = 0;
    const seen: number[] = [];
    const read = (most: number) => {
      const page = journal.read({ ...ALL, after, most });
      seen.push(...page.items.map(({ number }) => number));
      assert.ok(page.next >= after);
      after = page.next;
      lost += page.lost;
    };
    for (const turn of turns) {
      if (typeof turn === "number") read(turn);
      else {
        journal.add(turn === "event" ? event("x") : message("x"), 1);
        written++;
      }
    }
    read(100);
    assert.deepEqual(seen, [...new Set(seen)].sort((one, other) => one - other));
    assert.equal(seen.length + lost, written);
    assert.equal(after, written);
  }));
});
