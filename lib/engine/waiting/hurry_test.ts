/** A start of a job that is on its way up already: it ends a delay, starts what is waited for, and waits with the others. */

import assert from "node:assert/strict";
import type { Backoff } from "../../model/job.ts";
import { Bench } from "../../testing/bench.ts";
import { job } from "../testing/definitions.ts";

const LONG: Backoff = { delay: 30, factor: 2, max: 300, jitter: 0, resetAfter: 60 };

for (const semantics of ["rouse", "upstart"] as const) {
  Deno.test(`a start ends the delay of a respawn, and waits for the start (${semantics})`, () => {
    const bench = new Bench([
      job("web", { semantics, respawn: true, respawnDelay: LONG, expect: "stop", env: ["PORT=1"] }),
    ]);
    bench.start("web", { PORT: "2" }, { wait: false });
    bench.exit("web", { status: 1 });
    assert.equal(bench.state("web"), "start/post-stop");
    const start = bench.start("web");
    assert.equal(start.outcome, undefined);
    assert.equal(bench.environment("web").PORT, "2");
    bench.raise("web");
    assert.equal(start.outcome, "done");
    bench.exit("web", { status: 1 });
    assert.match(bench.note("web"), /^respawns in 60 s, after 2 failures/);
    assert.equal(bench.start("web", { PORT: "3" }, { wait: false }).outcome, "done");
    assert.equal(bench.environment("web").PORT, "3");
    assert.equal(bench.note("web"), "");
  });
}

Deno.test("a start by the instance's name ends the delay, too", () => {
  const bench = new Bench([job("web", { semantics: "rouse", respawn: true, respawnDelay: LONG })]);
  bench.start("web");
  bench.exit("web", { status: 1 });
  assert.equal(bench.fromWithin("start", "web").outcome, "done");
  assert.equal(bench.state("web"), "start/running");
});

Deno.test("Upstart's delay of a job without `respawn delay' stays, and its message", () => {
  const bench = new Bench([job("web", { respawn: true, respawnLimit: "unlimited" })]);
  bench.behave("web", "main", { status: 1 });
  bench.start("web", {}, { wait: false });
  assert.equal(bench.state("web"), "start/post-stop");
  assert.equal(bench.start("web").outcome, "Job is already running: web");
});

Deno.test("rouse's own semantics: a start waits with the one that is on its way, and starts what that waits for", () => {
  const bench = new Bench([
    job("api", { semantics: "rouse", needs: ["redis"] }),
    job("redis", { expect: "stop" }),
  ]);
  const first = bench.start("api"), second = bench.start("api");
  assert.equal(bench.start("api", {}, { wait: false }).outcome, "done");
  assert.deepEqual([first.outcome, second.outcome], [undefined, undefined]);
  bench.raise("redis");
  assert.deepEqual([first.outcome, second.outcome], ["done", "done"]);
  assert.equal(bench.start("api").outcome, "Job is already running: api");
  bench.stop("redis");
  assert.equal(bench.note("api"), "waits for redis, which is stopped");
  const third = bench.start("api");
  bench.raise("redis");
  assert.equal(third.outcome, "done");
});

Deno.test("a start of a job that waits for one that is tried again is answered like the first", () => {
  const bench = new Bench([
    job("api", { semantics: "rouse", needs: ["redis"] }),
    job("redis", { semantics: "rouse", respawn: true, respawnDelay: LONG, expect: "stop" }),
  ]);
  bench.start("api", {}, { wait: false });
  bench.exit("redis", { status: 1 });
  assert.match(bench.start("api").outcome!, /api needs redis, which failed: .*; it is tried again in 30 s$/);
  assert.equal(bench.state("api"), "start/starting");
});

Deno.test("Upstart's semantics, and a start with variables: the error says what the job waits for", () => {
  for (const semantics of ["upstart", "rouse"] as const) {
    const bench = new Bench([job("api", { semantics, needs: ["redis"] }), job("redis", { expect: "stop" })]);
    bench.start("api", {}, { wait: false });
    const again = bench.start("api", { A: "1" });
    assert.equal(again.outcome, "Job is already running: api\napi waits for redis");
    assert.equal(again.error, "AlreadyStarted");
  }
});

Deno.test("a service that ends well before it is ready: log, answer and dependants say so", () => {
  const bench = new Bench([
    job("api", { needs: ["web"] }),
    job("web", { ready: { kind: "notify" } as never, semantics: "upstart" }),
  ]);
  const start = bench.start("api");
  const message = "ended before the job was ready, with status 0";
  bench.exit("web", { status: 0 });
  assert.equal(
    start.outcome,
    `Job failed to start\napi needs web, which failed: its main process ${message}`,
  );
  assert(bench.log.some((line) => /^web main process \(\d+\) ended before/.test(line)));
  const own = bench.start("web");
  bench.exit("web", { status: 0 });
  assert.match(
    own.outcome!,
    /^Job failed to start\nweb main process \(\d+\) ended before the job was ready, with status 0$/,
  );
});
