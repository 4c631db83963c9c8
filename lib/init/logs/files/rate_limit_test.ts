/** The limit of what is printed, in a time that the tests set. */

import assert from "node:assert/strict";
import type { LogLimit } from "../../../model/logs/settings.ts";
import { PatientTimer } from "../../../sys/io/patient_timer.ts";
import { passOn } from "../../parts/testing/pass_on.ts";
import { type Dropped, RateLimit } from "./rate_limit.ts";

/** A limit whose time stands still until it is set. */
class Fixture {
  time = 0;
  text = "";
  readonly dropped: Dropped[] = [];
  readonly limit: RateLimit;

  constructor(limit: LogLimit) {
    const pass = (bytes: Uint8Array) => void (this.text += new TextDecoder().decode(bytes));
    this.limit = new RateLimit(limit, pass, (dropped) => this.dropped.push(dropped), () => this.time);
  }

  take(text: string): void {
    this.limit.take(new TextEncoder().encode(text));
  }
}

Deno.test("so many lines of an interval pass whole, and the note comes first in the next one", () => {
  const it = new Fixture({ lines: 2, per: 10 });
  for (const piece of ["1\n2", "\n3\n", "4", "4\n"]) it.take(piece);
  assert.equal(it.text, "1\n2\n");
  it.time = 10_000;
  it.take("5\n");
  assert.equal(it.text, "1\n2\n[2 lines (5 bytes) were left out: more than 2 lines in 10 s]\n5\n");
  assert.deepEqual(it.dropped, [{ lines: 2, bytes: 5 }]);
});

Deno.test("so many bytes pass, with the rest of the line that they end in", () => {
  const it = new Fixture({ bytes: 1024, per: 10 });
  it.take(`${"x".repeat(1000)}\n${"y".repeat(100)}`);
  it.take("y\nz\n");
  assert.equal(it.text, `${"x".repeat(1000)}\n${"y".repeat(101)}\n`);
  it.limit.close();
  assert(it.text.endsWith("\n[1 lines (2 bytes) were left out: more than 1KB in 10 s]\n"));
});

Deno.test("what follows the rest of a line that was left out has the room of its own interval", () => {
  const it = new Fixture({ lines: 1, per: 10 });
  it.take("1\n2");
  it.time = 10_000;
  it.take("2\n3\n4\n");
  it.limit.close();
  const left = (lines: number, bytes: number) =>
    `[${lines} lines (${bytes} bytes) were left out: more than 1 lines in 10 s]\n`;
  assert.equal(it.text, `1\n${left(0, 1)}3\n${left(2, 4)}`);
});

Deno.test("a line that never ends is limited, too, by lines and by bytes, and a note begins a line of its own", () => {
  for (const limit of [{ lines: 2, per: 10 }, { bytes: 128 << 10, per: 10 }]) {
    const it = new Fixture(limit), piece = "x".repeat(10_000);
    for (let count = 0; count < 100; count++) it.take(piece);
    assert.equal(it.text, "x".repeat(128 << 10));
    it.time = 10_000;
    it.take("x\ny\n");
    const [first, note, ...rest] = it.text.split("\n");
    assert.equal(first, "x".repeat(128 << 10));
    assert.match(note!, /^\[13 lines \(868928 bytes\) were left out: /);
    assert.deepEqual(rest, ["y", ""]);
    it.limit.close();
  }
});

Deno.test("what is counted goes on in another init", () => {
  const before = new Fixture({ lines: 1, per: 10 }), after = new Fixture({ lines: 1, per: 10 });
  before.take("1\n2\n3");
  before.time = 4000;
  passOn(before.limit, after.limit);
  after.take("3\n4\n");
  after.time = 6000;
  after.take("5\n");
  assert.equal(after.text, "[3 lines (7 bytes) were left out: more than 1 lines in 10 s]\n5\n");
  before.limit.close();
});

Deno.test("the longest interval is not over at once", async () => {
  const it = new Fixture({ lines: 1, per: Number.MAX_SAFE_INTEGER });
  it.take("1\n2\n");
  await new Promise<void>((resolve) => new PatientTimer(20, resolve));
  assert.equal(it.text, "1\n");
  it.limit.close();
});
