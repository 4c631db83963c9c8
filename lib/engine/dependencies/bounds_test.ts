/** Dependencies together with what bounds a start or a stop: time-outs, hooks that are ended, force, resets. */

import assert from "node:assert/strict";
import { Bench } from "../../testing/bench.ts";
import { job } from "../testing/definitions.ts";

Deno.test("the start timeout does not count the time in which a job waits for what it needs", () => {
  const bench = new Bench([
    job("api", { needs: ["db"], startTimeout: 1 }),
    job("db", { runs: ["main", "post-start"] }),
  ]);
  bench.behave("db", "post-start", { status: 0, after: "1min" });
  const start = bench.start("api");
  bench.advance("1min");
  assert.equal(start.outcome, "done");
});

Deno.test("a need that is not up in time fails the job", () => {
  const bench = new Bench([
    job("api", { needs: ["db"] }),
    job("db", { expect: "stop", startTimeout: 30, semantics: "rouse" }),
  ]);
  const start = bench.start("api");
  bench.advance("31s");
  assert.match(start.outcome!, /^Job failed to start\napi needs db, which failed: db is not up 30 s after/);
});

for (const hook of ["pre-start", "post-start"] as const) {
  Deno.test(`rouse's own semantics: a need that goes has the ${hook} ended, and the job comes back with it`, () => {
    const bench = new Bench([
      job("api", { needs: ["db"], runs: ["main", hook], semantics: "rouse" }),
      job("db", { respawn: true }),
    ]);
    bench.behave("api", hook, "stays", { status: 0 });
    bench.start("api");
    bench.exit("db", { signal: "KILL" });
    assert.deepEqual([bench.state("db"), bench.state("api")], ["start/running", "start/running"]);
    assert.equal(bench.traced(new RegExp(`^api ${hook} runs`)).length, 2);
  });
}

Deno.test("a stop by force does not wait for those who need the job", () => {
  const bench = new Bench([job("api", { needs: ["db"] }), job("db")]);
  bench.behave("api", "main", "stubborn");
  bench.start("api");
  const stop = bench.stop("db");
  assert.equal(stop.outcome, undefined);
  const forced = bench.request({ kind: "stop", job: "db", environment: [], wait: true, force: true });
  assert.deepEqual([stop.outcome, forced.outcome], ["done", "done"]);
  assert(bench.runs("api"));
  bench.advance("5s");
  assert.equal(bench.state("api"), "start/starting");
});

Deno.test("a reset has a task run again", () => {
  const bench = new Bench([job("api", { needs: ["completed(migrate)"] }), job("migrate", { task: true })]);
  bench.behave("migrate", "main", { status: 0 });
  bench.start("api");
  bench.request({ kind: "reset", job: "migrate", environment: [] });
  bench.restart("api");
  assert.equal(bench.traced(/^migrate main runs/).length, 2);
  assert.equal(bench.state("api"), "start/running");
});
