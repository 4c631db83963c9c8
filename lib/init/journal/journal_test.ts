/** The journal: its bounds, the order of its records, what readers get, and what is told as lost. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { JournalEntry, PageQuery } from "../../model/insight/journal.ts";
import type { Notice } from "../../model/requests.ts";
import { entryOf } from "./entries.ts";
import { Journal, shortVariables } from "./journal.ts";

const ALL: PageQuery = { jobs: [], after: 0, since: 0, most: 1000, last: false };

const message = (text: string): JournalEntry => ({ kind: "message", priority: "warn", message: text });
const event = (name: string): JournalEntry => (
  { kind: "event", event: name, environment: [], cause: { by: "init" } }
);
const state = (job: string, state: string): JournalEntry => ({ kind: "state", job, instance: "", state });

const SMALL = { routine: { count: 5, size: 10_000 }, notable: { count: 3, size: 10_000 } };

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
  journal.add(state("web", "starting"), 1);
  journal.add(state("db", "starting"), 1);
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
  const journal = new Journal(SMALL);
  journal.add(message("why"), 1);
  for (let round = 0; round < 100; round++) journal.add(event("x"), 2);
  const { items, lost, next } = journal.read(ALL);
  assert.deepEqual(items.map(({ number }) => number), [1, 97, 98, 99, 100, 101]);
  assert.deepEqual([lost, next], [95, 101]);
});

Deno.test("states that are only gone through take one record, unless somebody has read them", () => {
  const journal = new Journal();
  for (const name of ["pre-starting", "pre-start", "spawning"]) journal.add(state("web", name), 1);
  assert.deepEqual(journal.read(ALL).items, [{ number: 1, at: 1, ...state("web", "spawning") }]);
  journal.add(state("web", "spawned"), 1);
  journal.add(state("db", "running"), 1);
  journal.add(state("db", "stopping"), 2);
  const states = journal.read(ALL).items.map((record) => record.kind === "state" && record.state);
  assert.deepEqual(states, ["spawning", "spawned", "running", "stopping"]);
});

Deno.test("records are bounded by what they take", () => {
  const journal = new Journal({ routine: SMALL.routine, notable: { count: 1000, size: 10_000 } });
  for (let round = 0; round < 100; round++) journal.add(message("x".repeat(1000)), 1);
  assert.equal(journal.read(ALL).items.length, 9);
  assert.ok(journal.size <= 10_000);
});

Deno.test("one large record does not push out all others, and what is gone changes no size", () => {
  const journal = new Journal({ routine: SMALL.routine, notable: { count: 3, size: 10_000 } });
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
  const entries = [
    entryOf({ kind: "event-begun", event, environment, cause: { by: "init" } } as unknown as Notice),
    entryOf({ kind: "event-emitted", event, environment, failed: false } as unknown as Notice),
    entryOf({ kind: "goal-changed", job: "a", instance: "", goal: "start", cause } as unknown as Notice),
  ];
  for (const entry of entries) assert(JSON.stringify(entry).length < 5000);
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
  const before = new Journal(SMALL), after = new Journal(SMALL);
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

Deno.test("numbers grow, and what is lost is told exactly, however readers and writers take turns", () => {
  const turns = fc.array(fc.oneof(fc.constantFrom("event", "message"), fc.integer({ min: 1, max: 4 })));
  fc.assert(fc.property(turns, (turns) => {
    const journal = new Journal(SMALL);
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
