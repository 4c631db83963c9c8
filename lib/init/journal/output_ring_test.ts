/** The ring of recent output: its bounds, how jobs share it, and what readers get. */

import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import fc from "fast-check";
import type { PageQuery } from "../../model/insight/journal.ts";
import { OutputRing } from "./output_ring.ts";

const ALL: PageQuery = { jobs: [], after: 0, since: 0, most: 10_000, last: false };

/** A ring with a clock that is set by hand. */
function ringOf(most?: number): { ring: OutputRing; clock: { now: number } } {
  const clock = { now: 1000 };
  return { ring: new OutputRing(most, () => clock.now), clock };
}

function texts(ring: OutputRing, query: Partial<PageQuery> = {}): string[] {
  return ring.read({ ...ALL, ...query }).items.map(({ text }) => text);
}

Deno.test("lines have the number of their end, the time when it came, and the name of who printed them", () => {
  const { ring, clock } = ringOf();
  const web = ring.keep("web", ""), db = ring.keep("db", "1");
  web.take(Buffer.from("one\ntw"));
  clock.now = 2000;
  db.take(Buffer.from("other\r\n"));
  clock.now = 3000;
  web.take(Buffer.from("o\nthree"));
  assert.deepEqual(ring.read(ALL), {
    items: [
      { number: 4, at: 1000, job: "web", instance: "", text: "one" },
      { number: 13, at: 2000, job: "db", instance: "1", text: "other" },
      { number: 15, at: 3000, job: "web", instance: "", text: "two" },
    ],
    next: 20,
    lost: 0,
  });
  web.end();
  assert.deepEqual(texts(ring, { after: 20 }), ["three"]);
  web.end();
  assert.equal(ring.read(ALL).next, 21);
});

Deno.test("readers choose by job, time, number and count", () => {
  const { ring, clock } = ringOf();
  const keepers = ["a", "b"].map((job) => ring.keep(job, ""));
  for (let line = 0; line < 6; line++) {
    clock.now = 1000 + line;
    keepers[line % 2]!.take(Buffer.from(`${line}\n`));
  }
  assert.deepEqual(texts(ring, { jobs: ["b"] }), ["1", "3", "5"]);
  assert.deepEqual(texts(ring, { jobs: ["b", "b", "nosuch"], last: true, most: 1 }), ["5"]);
  assert.deepEqual(texts(ring, { last: true, most: 3 }), ["3", "4", "5"]);
  assert.deepEqual(texts(ring, { since: 1004 }), ["4", "5"]);
  assert.deepEqual(texts(ring, { since: 1001, last: true, most: 2 }), ["4", "5"]);
  assert.deepEqual(texts(ring, { most: 0 }), []);
  const { items, next } = ring.read({ ...ALL, most: 4 });
  assert.equal(items.length, 4);
  assert.deepEqual(texts(ring, { after: next }), ["4", "5"]);
});

Deno.test("a job that prints much pushes out its own output, and never the last lines of others", () => {
  const { ring, clock } = ringOf(1 << 20);
  const quiet = Array.from({ length: 20 }, (_, index) => ring.keep(`quiet${index}`, ""));
  for (const [index, keeper] of quiet.entries()) keeper.take(Buffer.from(`I am ${index}\n`));
  const loud = ring.keep("loud", ""), block = Buffer.from("0123456789abcde\n".repeat(4096));
  for (let round = 0; round < 100; round++) {
    clock.now += 100;
    loud.take(block);
  }
  for (const index of quiet.keys()) {
    assert.deepEqual(texts(ring, { jobs: [`quiet${index}`] }), [`I am ${index}`]);
  }
  assert.ok(ring.size <= 1 << 20, `${ring.size}`);
  assert.ok(ring.size > 0.8 * (1 << 20), `${ring.size}`);
  const { items, next, lost } = ring.read({ ...ALL, jobs: ["loud"], last: true });
  assert.equal(items.at(-1)!.number, next);
  assert.ok(lost > 5 << 20);
});

Deno.test("of a flood the last lines of each piece are kept whole, and what is left out is told as lost", () => {
  const { ring, clock } = ringOf();
  const keeper = ring.keep("loud", "");
  let printed = 0, next = 0;
  for (let piece = 0; piece < 100; piece++) {
    let text = "";
    while (text.length < 60_000) text += `line ${next++}\n`;
    keeper.take(Buffer.from(text.slice(0, -3)));
    keeper.take(Buffer.from(text.slice(-3)));
    printed += text.length;
  }
  const { items, lost } = ring.read({ ...ALL, most: 10_000, last: true });
  assert.equal(items.at(-1)!.text, `line ${next - 1}`);
  assert.ok(items.every(({ text }) => /^line \d+…?$|^\d*$/.test(text)), "no line is made of two");
  assert.ok(lost > printed * 0.8 && lost < printed, `${lost} of ${printed}`);
  clock.now += 1000;
  keeper.take(Buffer.from("after\n".repeat(1000)));
  assert.deepEqual(texts(ring, { last: true, most: 1000 }), Array(1000).fill("after"));
});

Deno.test("many jobs that print much share the memory", () => {
  const { ring, clock } = ringOf(1 << 20);
  const jobs = Array.from({ length: 10 }, (_, index) => ring.keep(`job${index}`, ""));
  const block = Buffer.from("0123456789abcde\n".repeat(1024));
  for (let round = 0; round < 50; round++) {
    clock.now += 100;
    for (const keeper of jobs) keeper.take(block);
  }
  for (const index of jobs.keys()) {
    const kept = texts(ring, { jobs: [`job${index}`] }).length * 16;
    assert.ok(kept > 40_000 && kept < 200_000, `${kept}`);
  }
  assert.ok(ring.size <= 1 << 20);
});

Deno.test("instances without end, and jobs without end, stay within the bound", () => {
  const { ring } = ringOf(1 << 20);
  const other = ring.keep("other", "");
  other.take(Buffer.from("here\n"));
  for (let number = 0; number < 5000; number++) {
    const keeper = ring.keep("job", String(number));
    keeper.take(Buffer.from(`line ${number}\n`));
    keeper.end();
  }
  assert.ok(ring.size <= 1 << 20);
  assert.deepEqual(texts(ring, { jobs: ["other"] }), ["here"]);
  assert.deepEqual(texts(ring, { jobs: ["job"], last: true, most: 1 }), ["line 4999"]);
  for (let number = 0; number < 5000; number++) ring.keep(`j${number}`, "").take(Buffer.from("x\n"));
  assert.ok(ring.size <= 1 << 20);
});

Deno.test("instances with long names stay within the bound", () => {
  const { ring } = ringOf(1 << 20);
  let names = 0;
  for (let number = 0; number < 50; number++) {
    const name = `${number}`.padEnd(100_000, "x"), keeper = ring.keep("job", name);
    keeper.take(Buffer.from("line\n"));
    keeper.end();
  }
  for (const { instance } of ring.read({ ...ALL, last: true }).items) names += instance.length;
  assert.ok(names > 500_000 && names <= 1 << 20, `${names}`);
});

Deno.test("the last lines since a time are those of all lines, where the clock was set back", () => {
  const { ring, clock } = ringOf(), keeper = ring.keep("job", "");
  for (const [at, text] of [[1000, "a"], [500, "b"], [2000, "c"]] as const) {
    clock.now = at;
    keeper.take(Buffer.from(`${text}\n`));
  }
  for (const last of [true, false]) assert.deepEqual(texts(ring, { since: 800, last }), ["a", "c"]);
});

Deno.test("single bytes that come at different times are bounded, too", () => {
  const { ring, clock } = ringOf(1 << 20);
  const keeper = ring.keep("job", "");
  for (let round = 0; round < 50_000; round++) {
    clock.now++;
    keeper.take(Buffer.from("\n"));
  }
  assert.ok(ring.size <= 1 << 20, `${ring.size}`);
  assert.equal(ring.read({ ...ALL, last: true, most: 1 }).items[0]!.at, clock.now);
});

Deno.test("many jobs that print a byte now and then stay within the bound", () => {
  const { ring, clock } = ringOf(1 << 20);
  const keepers = Array.from({ length: 500 }, (_, index) => ring.keep(`job${index}`, ""));
  for (let round = 0; round < 200; round++) {
    clock.now++;
    for (const keeper of keepers) keeper.take(Buffer.from("x"));
    assert.ok(ring.size <= 1 << 20, `${ring.size}`);
  }
});

Deno.test("of a job of which nothing is kept the name is forgotten, and not how much is lost", () => {
  const { ring } = ringOf(4096);
  const line = Buffer.from("x\n");
  for (let number = 0; number < 1000; number++) ring.keep(`job${number}`, "").take(line);
  const { jobs } = ring.save(), { items, lost } = ring.read(ALL);
  assert.ok(jobs.length < 10, `${jobs.length}`);
  assert.equal(lost + items.length * line.length, 1000 * line.length);
});

Deno.test("long lines are cut, and what is no UTF-8 is told as that", () => {
  const { ring } = ringOf();
  const keeper = ring.keep("job", "");
  keeper.take(Buffer.from(`${"x".repeat(100_000)}\n`));
  keeper.take(Buffer.from([0xff, 0x41, 0x0a]));
  const [long, short] = texts(ring);
  assert.equal(long!.length, 16_385);
  assert.equal(short, "\ufffdA");
});

Deno.test("a ring that was saved goes on; a line that had not ended ends there", () => {
  const { ring: before } = ringOf(4096), { ring: after } = ringOf(4096);
  const keeper = before.keep("job", "1");
  for (let line = 0; line < 500; line++) keeper.take(Buffer.from(`line ${line}\n`));
  keeper.take(Buffer.from("half"));
  const { items, lost } = before.read(ALL);
  assert.ok(lost > 0);
  after.restore(JSON.parse(JSON.stringify(before.save())));
  const restored = after.read(ALL);
  assert.deepEqual(restored.items.slice(0, -1), items);
  assert.deepEqual(restored.items.at(-1)!.text, "half");
  assert.equal(restored.lost, lost);
  after.keep("job", "1").take(Buffer.from("new\n"));
  assert.deepEqual(texts(after, { after: restored.next }), ["new"]);
});

Deno.test("readers get each line once and whole, however it comes, or are told that bytes are lost", () => {
  const turn = fc.record({
    job: fc.integer({ min: 0, max: 2 }),
    bytes: fc.stringMatching(/^[ab\n]{0,40}$/),
    read: fc.option(fc.integer({ min: 1, max: 5 })),
  });
  fc.assert(fc.property(fc.array(turn, { maxLength: 200 }), fc.boolean(), (turns, isSmall) => {
    const { ring } = ringOf(isSmall ? 3000 : undefined);
    const keepers = [0, 1, 2].map((index) => ring.keep(`job${index}`, ""));
    const printed = ["", "", ""], seen: string[][] = [[], [], []];
    let after = 0, lost = 0, last = 0;
    const read = (most: number) => {
      const page = ring.read({ ...ALL, after, most });
      for (const { job, text, number } of page.items) {
        assert.ok(number > last && number > after && number <= page.next);
        last = number;
        seen[Number(job.at(-1))]!.push(text);
      }
      assert.ok(page.next >= after);
      after = page.next;
      lost += page.lost;
    };
    for (const { job, bytes, read: most } of turns) {
      keepers[job]!.take(Buffer.from(bytes));
      printed[job] += bytes;
      if (most !== null) read(most);
    }
    for (const keeper of keepers) keeper.end();
    for (let before = -1; before !== after;) {
      before = after;
      read(5);
    }
    for (const [index, text] of printed.entries()) {
      const lines = text.split("\n");
      if (lines.at(-1) === "") lines.pop();
      if (lost === 0) assert.deepEqual(seen[index], lines);
      else assert.ok(isPartOf(seen[index]!, lines));
    }
    if (!isSmall) assert.equal(lost, 0);
  }));
});

/** True when all of some are among others, in their order. */
function isPartOf(some: string[], others: string[]): boolean {
  let at = 0;
  for (const one of some) {
    at = others.indexOf(one, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

Deno.test("the last lines are the end of all lines", () => {
  const pieces = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 2 }), fc.stringMatching(/^[ab\n]{1,300}$/)),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(pieces, fc.integer({ min: 1, max: 30 }), fc.boolean(), (pieces, most, isSmall) => {
      const { ring } = ringOf(isSmall ? 4000 : undefined);
      const keepers = [0, 1, 2].map((index) => ring.keep(`job${index}`, ""));
      for (const [job, bytes] of pieces) keepers[job]!.take(Buffer.from(bytes));
      const all = ring.read(ALL).items;
      assert.deepEqual(ring.read({ ...ALL, most, last: true }).items, all.slice(-most));
    }),
  );
});
