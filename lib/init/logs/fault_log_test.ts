import assert from "node:assert/strict";
import { FaultLog } from "./fault_log.ts";

function logged() {
  const lines: string[] = [];
  return { lines, faults: new FaultLog((line) => lines.push(line)) };
}

/** An exception of JavaScript's own. */
function thrown(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

Deno.test("a fault is one line with its stack, once and then at the powers of ten", () => {
  const { lines, faults } = logged();
  const broken = () => (undefined as unknown as { length: number }).length;
  for (let count = 0; count < 250; count++) faults.report("the effect spawn", thrown(broken));
  assert.equal(lines.length, 3);
  assert.match(
    lines[0]!,
    /^Internal error in the effect spawn: TypeError: .* at broken \(.*fault_log_test\.ts:/,
  );
  assert.match(lines[1]!, /^Internal error in the effect spawn \(10 times\): TypeError: /);
  assert.match(lines[2]!, /\(100 times\)/);
  assert(lines.every((line) => !line.includes("\n")));
});

Deno.test("places are told apart, and there are not too many", () => {
  const { lines, faults } = logged();
  const error = new TypeError("x");
  faults.report("one", error);
  faults.report("two", error);
  faults.report("two", "no exception");
  assert.equal(lines.length, 3);
  for (let count = 0; count < 5000; count++) faults.report(`place ${count}`, error);
  assert(lines.length < 1010);
});

Deno.test("errors that are told as one are printed with it, those within them too, and within bounds", () => {
  const { lines, faults } = logged();
  const inner = new AggregateError([new RangeError("deep")], "inner");
  faults.report("a test", new AggregateError([new TypeError("one"), "two", inner], "all"));
  assert.match(
    lines[0]!,
    /^Internal error in a test: AggregateError: all at .*\[TypeError: one at .*\[two\] \[Agg/,
  );
  assert.match(lines[0]!, /\[AggregateError: inner at .*\] \[RangeError: deep at [^\]]*\]$/);
  const many = Array.from({ length: 1000 }, (_, index) => `part ${index}`);
  const endless = new AggregateError(many, "many");
  endless.errors.unshift(endless);
  faults.report("another", endless);
  assert.deepEqual(lines[1]!.match(/\[part \d\]/g)?.at(-1), "[part 8]");
});
