/** The schedule of a check: what is told of a series of results. */

import assert from "node:assert/strict";
import type { CheckUse, PolledCheck } from "../../model/checks/check.ts";
import { type CheckResult, CheckSchedule, type ScheduledCheck } from "./schedule.ts";

/** A check that need not be waited for. */
const CHECK: PolledCheck = { kind: "tcp", address: "80", every: 0.01 };

/** `.` for a check that passes, `?` for one without a result, anything else for one that fails for that reason. */
function result(letter: string): CheckResult {
  if (letter === ".") return { outcome: "passed" };
  return letter === "?" ? { outcome: "none" } : { outcome: "failed", reason: letter };
}

/** What is told when a check has these results, one after the other; each with how many there had been. */
function told(use: CheckUse, results: string, more: Partial<ScheduledCheck> = {}): Promise<string[]> {
  const said: string[] = [];
  let made = 0, running = 0;
  const { promise, resolve } = Promise.withResolvers<string[]>();
  const schedule = new CheckSchedule(
    { use, check: CHECK, ...more },
    (_check, timeout, done) => {
      assert.equal(timeout, 5000);
      assert.equal(running++, 0, "a check is not made twice at a time");
      if (made === results.length) resolve(said);
      else {
        setImmediate(() => {
          running--;
          done(result(results[made++]!));
        });
      }
      return () => {};
    },
    {
      passed() {
        said.push(`${made} passed`);
        if (use === "ready") resolve(said);
      },
      failed: (reason) => void said.push(`${made} ${reason}`),
    },
    () => 0,
  );
  return promise.finally(() => schedule.close());
}

Deno.test("of readiness each new reason is told, and that it has passed; then it is over", async () => {
  assert.deepEqual(await told("ready", "aab?ba.a"), ["1 a", "3 b", "6 a", "7 passed"]);
});

Deno.test("of health it is told when it is lost, after so many failures in a row, and when it is back", async () => {
  const results = "..aa.aa?abb.a...bbb";
  assert.deepEqual(await told("alive", results), ["9 a", "12 passed", "19 b"]);
});

Deno.test("one failure is enough where the check says so", async () => {
  assert.deepEqual(await told("alive", "ab.b", { check: { ...CHECK, failures: 1 } }), [
    "1 a",
    "3 passed",
    "4 b",
  ]);
});

Deno.test("what was told to be unhealthy, and begins anew, is told to be healthy", async () => {
  assert.deepEqual(await told("alive", "aaaa.", { isFailing: true }), ["5 passed"]);
});

Deno.test("checks for readiness begin at once, and slow down to their period", async () => {
  const begins: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const schedule = new CheckSchedule(
    { use: "ready", check: { ...CHECK, every: 0.16 } },
    (_check, _timeout, done) => {
      begins.push(performance.now());
      if (begins.length === 4) resolve();
      setImmediate(() => done({ outcome: "failed", reason: "no" }));
      return () => {};
    },
    { passed() {}, failed() {} },
  );
  await promise;
  schedule.close();
  // No upper bound: the machine may be busy.
  const pauses = begins.slice(1).map((begin, index) => begin - begins[index]!);
  for (const [index, least] of [100, 150, 160].entries()) assert(pauses[index]! >= least - 2, `${pauses}`);
});

Deno.test("a check that is ended while it is made tells nothing, and is cancelled", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const schedule = new CheckSchedule(
    { use: "ready", check: CHECK },
    (_check, _timeout, done) => {
      setImmediate(() => {
        schedule.close();
        done({ outcome: "passed" });
      });
      return resolve;
    },
    { passed: assert.fail, failed: assert.fail },
  );
  await promise;
});
