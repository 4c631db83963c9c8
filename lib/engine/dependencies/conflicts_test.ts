/** Conflicts that nobody has decided by a start: they begin to be while jobs run, or come back by themselves. */

import assert from "node:assert/strict";
import { Bench } from "../../testing/bench.ts";
import { job } from "../testing/definitions.ts";

function bench(): Bench {
  const bench = new Bench([
    job("a", { conflicts: ["foo"], respawn: true }),
    job("p", { provides: ["foo"], respawn: true }),
    job("foo"),
  ]);
  bench.start("a");
  bench.start("p");
  bench.remove("foo");
  return bench;
}

Deno.test("jobs that have come to conflict run on; the first that comes back stops the other", () => {
  const one = bench();
  assert.deepEqual([one.state("a"), one.state("p")], ["start/running", "start/running"]);
  one.exit("p", { status: 1 });
  assert.deepEqual([one.state("a"), one.state("p")], ["stop/waiting", "start/running"]);
  assert(one.log.includes("a is stopped: p conflicts with it"));
});

Deno.test("jobs that conflict, and come back at the same time, do not wait for each other", () => {
  const both = new Bench([
    job("db"),
    job("a", { conflicts: ["foo"], needs: ["db"] }),
    job("p", { provides: ["foo"], needs: ["db"] }),
    job("foo"),
  ]);
  both.start("a");
  both.start("p");
  both.remove("foo");
  both.restart("db");
  assert.deepEqual([both.instances("a").length, both.instances("p").length].sort(), [0, 1]);
});

Deno.test("a job that waits for something else does not stop what it conflicts with before", () => {
  const one = new Bench([
    job("db"),
    job("a", { conflicts: ["foo"], needs: ["db"] }),
    job("p", { provides: ["foo"] }),
    job("foo"),
  ]);
  one.start("a");
  one.start("p");
  one.remove("foo");
  one.stop("db");
  assert.deepEqual([one.state("a"), one.state("p")], ["start/starting", "start/running"]);
  one.start("db");
  assert.deepEqual([one.state("a"), one.state("p")], ["start/running", "stop/waiting"]);
});
