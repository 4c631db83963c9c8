/** The start timeout, and starts that fail and are tried again. */

import assert from "node:assert/strict";
import type { Duration } from "../../model/duration.ts";
import { Bench } from "../../testing/bench.ts";
import { type Fields, job } from "../testing/definitions.ts";

const FAILED = "Job failed to start\n";
const NOT_UP = "web is not up 90 s after its start began: ";

function rouse(fields: Fields = {}) {
  return job("web", { semantics: "rouse", ...fields });
}

Deno.test("a start that takes too long fails, tells what it waits for, and ends what runs", () => {
  const cases: Array<[Fields, string, string[]]> = [
    [{ runs: ["pre-start", "main"] }, "its pre-start process (1001) still runs", ["web pre-start gets TERM"]],
    [
      { runs: ["main", "post-start"] },
      "its post-start process (1002) still runs",
      ["web post-start gets TERM", "web main gets TERM"],
    ],
    [{ expect: "stop" }, "its main process (1001) is not ready (expect stop)", ["web main gets TERM"]],
  ];
  for (const [fields, waits, signals] of cases) {
    const bench = new Bench([rouse(fields)]);
    for (const hook of ["pre-start", "post-start"] as const) bench.behave("web", hook, "stays");
    const start = bench.start("web");
    bench.advance("89999ms");
    assert.equal(start.outcome, undefined);
    bench.advance("1ms");
    assert.equal(start.outcome, FAILED + NOT_UP + waits);
    assert.deepEqual(bench.traced(/gets/), signals);
    assert.equal(bench.state("web"), "stop/waiting");
    assert.deepEqual(bench.events("stopped"), ["stopped JOB=web INSTANCE= RESULT=failed PROCESS=timeout"]);
    assert.equal(bench.timers, 0);
  }
});

Deno.test("the time begins when the event starting is finished, and ends when the job is up", () => {
  const bench = new Bench([
    rouse({ startTimeout: 10, runs: ["pre-start", "main"] }),
    job("hold", { startOn: "starting web", task: true }),
  ]);
  bench.behave("web", "pre-start", { status: 0, after: "9s" });
  const start = bench.start("web");
  bench.advance("1h");
  assert.equal(start.outcome, undefined);
  bench.exit("hold");
  bench.advance("9s");
  assert.equal(start.outcome, "done");
  bench.advance("1h");
  assert.equal(bench.state("web"), "start/running");
});

Deno.test("a start that takes too long is respawned by the rules, and each waiter is told at the first time", () => {
  const bench = new Bench([
    rouse({ respawn: true, startTimeout: 10, startOn: "go", runs: ["pre-start", "main"] }),
  ]);
  bench.behave("web", "pre-start", "stays", "stays", { status: 0 });
  const emit = bench.emit("go");
  bench.advance("10s");
  assert.equal(emit.outcome, "Event failed");
  assert.equal(bench.state("web"), "start/post-stop");
  assert.match(
    bench.note("web"),
    /^respawns in 0\.1 s, after 1 failure: web is not up 10 s after its start began: its pre-start process/,
  );
  bench.advance("10200ms");
  assert.match(bench.note("web"), /^respawns in 0\.\d s, after 2 failures: web is not up 10 s after/);
  bench.advance("1s");
  assert.equal(bench.state("web"), "start/running");
});

Deno.test("a classic job with a start timeout is ended likewise, and one without is not", () => {
  const fields: Fields = { respawn: true, runs: ["main", "post-start"] };
  const bench = new Bench([job("web", { ...fields, startTimeout: 90 }), job("old", fields)]);
  for (const name of ["web", "old"]) bench.behave(name, "post-start", "stubborn");
  const start = bench.start("web");
  bench.start("old");
  bench.advance("95s");
  assert.equal(
    start.outcome,
    `${FAILED}${NOT_UP}its post-start process (1002) still runs; it is tried again at once`,
  );
  assert.equal(bench.traced(/^web main runs/).length, 2);
  assert.equal(bench.traced(/^old main runs/).length, 1);
});

Deno.test("what fails while it starts is respawned, and the start is answered at the first failure", () => {
  const cases: Array<[Fields["runs"] & string[], "pre-start" | "main" | "post-start", string]> = [
    [["pre-start", "main"], "pre-start", "web pre-start process (1001)"],
    [["main", "post-start"], "post-start", "web post-start process (1002)"],
  ];
  for (const [runs, process, who] of cases) {
    const bench = new Bench([rouse({ respawn: true, runs: runs as NonNullable<Fields["runs"]> })]);
    bench.behave("web", process, { status: 1 }, { status: 1 }, { status: 0 });
    const start = bench.start("web");
    assert.equal(start.outcome, `${FAILED}${who} terminated with status 1; it is tried again in 0.1 s`);
    assert.equal(bench.state("web"), "start/post-stop");
    bench.advance("1s");
    assert.equal(bench.state("web"), "start/running");
    assert.equal(bench.traced(new RegExp(`${process} runs`)).length, 3);
  }
});

Deno.test("the example of the issue: main fails, and its post-start polls for ever", () => {
  const bench = new Bench([rouse({ respawn: true, runs: ["main", "post-start"] })]);
  bench.behave("web", "main", { status: 7, after: "10ms" });
  bench.behave("web", "post-start", "stays");
  const start = bench.start("web");
  bench.advance("10ms");
  assert.match(
    start.outcome!,
    /^Job failed to start\nweb main process \(1001\) terminated with status 7; it is tried/,
  );
  bench.advance("10min");
  assert.equal(bench.state("web"), "start/post-stop");
  assert.equal(bench.stop("web").outcome, "done");
  assert.equal(bench.state("web"), "stop/waiting");
});

Deno.test("a failure during a shutdown is final", () => {
  const bench = new Bench([rouse({ task: true, respawn: true, runs: ["pre-start", "main"] })]);
  bench.stopAll();
  bench.behave("web", "pre-start", { status: 1 });
  assert.equal(bench.start("web").outcome, `${FAILED}web pre-start process (1001) terminated with status 1`);
  assert.equal(bench.state("web"), "stop/waiting");
});

Deno.test("nothing of a start outlives its bounds, whatever the time", () => {
  const times: Duration[] = ["1ms", "5s", "89s", "91s", "1h"];
  for (const after of times) {
    const bench = new Bench([rouse({ runs: ["pre-start", "main", "post-start"] })]);
    bench.behave("web", "pre-start", { status: 0, after });
    bench.behave("web", "post-start", { status: 0, after });
    const start = bench.start("web");
    bench.advance("90s");
    assert.notEqual(start.outcome, undefined, String(after));
  }
});
