/** Dependencies on a job that fails and is tried again: who goes on, who waits, and what those are told who ask. */

import assert from "node:assert/strict";
import type { Backoff } from "../../model/job.ts";
import { Bench } from "../../testing/bench.ts";
import { type Fields, job } from "../testing/definitions.ts";

const PLAIN: Backoff = { delay: 0.4, factor: 2, max: 30, jitter: 0, resetAfter: 60 };

/** A job that fails at each start, and is tried again for ever. */
function failing(name: string, fields: Fields = {}) {
  return job(name, {
    semantics: "rouse",
    respawn: true,
    respawnLimit: "unlimited",
    respawnDelay: PLAIN,
    expect: "stop",
    ...fields,
  });
}

const FAILED = "which failed: its main process ended with status 3; it is tried again";

for (const kind of ["wants", "uses", "after"] as const) {
  for (const semantics of ["rouse", "upstart"] as const) {
    Deno.test(`${kind}: after the first failed attempt the job does without (${semantics})`, () => {
      const fields = { startOn: "startup", respawn: true, expect: "stop" } as const;
      const bench = new Bench([
        semantics === "rouse" ? failing("cache", fields) : job("cache", fields),
        job("shop", { startOn: "startup", [kind]: ["cache"], startTimeout: 5 }),
      ]);
      bench.event("startup");
      assert.equal(bench.state("shop"), "start/starting");
      bench.exit("cache", { status: 3 });
      assert.equal(bench.state("shop"), "start/running");
      bench.advance("1s");
      assert.equal(bench.start("shop").error, "AlreadyStarted");
    });
  }
}

Deno.test("wants: a check that never passes does not hold the job for ever", () => {
  const bench = new Bench([failing("cache", { startTimeout: 90 }), job("shop", { wants: ["cache"] })]);
  const start = bench.start("shop");
  bench.advance("89s");
  assert.equal(start.outcome, undefined);
  bench.advance("1s");
  assert.equal(start.outcome, "done");
});

Deno.test("wants: one that went down after it was up has not failed to start, and is waited for", () => {
  const bench = new Bench([failing("cache"), job("shop", { wants: ["cache"] })]);
  bench.start("cache", {}, { wait: false });
  bench.raise("cache");
  bench.exit("cache", { status: 3 });
  const start = bench.start("shop");
  assert.equal(
    bench.note("shop"),
    "waits for cache, which respawns in 0.4 s, after 1 failure: its main process ended with status 3",
  );
  bench.advance("400ms");
  assert.equal(start.outcome, undefined);
  bench.raise("cache");
  assert.equal(start.outcome, "done");
});

Deno.test("wants: a task that fails is not waited for again, though it works again", () => {
  const bench = new Bench([
    failing("warm", { task: true, expect: "none" }),
    job("shop", { wants: ["completed(warm)"] }),
  ]);
  const start = bench.start("shop");
  bench.exit("warm", { status: 3 });
  assert.equal(start.outcome, "done");
  bench.advance("500ms");
  assert.equal(bench.state("warm"), "start/running");
  assert.equal(bench.restart("shop").outcome, "done");
});

function chain(): Bench {
  return new Bench([job("web", { needs: ["api"] }), job("api", { needs: ["redis"] }), failing("redis")]);
}

Deno.test("needs: who waits for the start is told at the first failed attempt, with the chain; the job goes on to wait", () => {
  const bench = chain();
  const start = bench.start("web");
  bench.exit("redis", { status: 3 });
  assert.equal(
    start.outcome,
    `Job failed to start\nweb needs api, which waits: api needs redis, ${FAILED} in 0.4 s`,
  );
  assert.equal(
    bench.note("web"),
    "waits for api, which waits for redis, which respawns in 0.4 s, after 1 failure: its main process ended with status 3",
  );
  bench.restore();
  bench.advance("100ms");
  assert.match(bench.note("web"), /which respawns in 0\.3 s/);
  bench.advance("300ms");
  bench.raise("redis");
  assert.deepEqual([bench.state("web"), bench.state("api")], ["start/running", "start/running"]);
});

Deno.test("needs: an event that waits for the start is finished at the first failed attempt", () => {
  const bench = new Bench([job("api", { needs: ["redis"], startOn: "go" }), failing("redis")]);
  const emit = bench.emit("go");
  assert.equal(emit.outcome, undefined);
  bench.exit("redis", { status: 3 });
  assert.equal(emit.error, "EventFailed");
  assert.equal(bench.state("api"), "start/starting");
});

Deno.test("needs: a start while the need is tried again is answered at once; after a start of the need it waits", () => {
  const bench = chain();
  bench.start("redis", {}, { wait: false });
  bench.exit("redis", { status: 3 });
  assert.equal(bench.start("api").outcome, `Job failed to start\napi needs redis, ${FAILED} in 0.4 s`);
  bench.stop("api");
  bench.start("redis", {}, { wait: false });
  const start = bench.start("api");
  assert.equal(start.outcome, undefined);
  bench.raise("redis");
  assert.equal(start.outcome, "done");
});

Deno.test("a need that stops: the log says why the others do, but not on the way down", () => {
  const bench = new Bench([job("api", { needs: ["redis"] }), job("redis", { respawn: true })]);
  const message = "api is stopped: it needs redis, which stops";
  const warnings: string[] = [];
  const handle = bench.engine.handle.bind(bench.engine);
  bench.engine.handle = (...input) => {
    const effects = handle(...input);
    for (const effect of effects) {
      if (effect.kind === "log" && effect.priority === "warn") warnings.push(effect.message);
    }
    return effects;
  };
  bench.start("api");
  bench.exit("redis", { signal: "KILL" });
  assert.equal(bench.state("api"), "start/running");
  assert.equal(warnings.filter((line) => line === message).length, 1);
  bench.stopAll();
  assert.equal(warnings.filter((line) => line === message).length, 1);
});

Deno.test("needs that conflict with each other, or with the job, at any distance: the start fails at once", () => {
  const bench = new Bench([
    job("c4", { needs: ["c1", "c3"] }),
    job("c1", { conflicts: ["c2"] }),
    job("c2"),
    job("c3", { needs: ["c2"] }),
    job("c5", { needs: ["c3"], conflicts: ["c2"] }),
  ]);
  assert.equal(
    bench.start("c4").outcome,
    "Job failed to start\nc4 cannot start: it needs c1 and c2: these conflict",
  );
  assert.equal(
    bench.start("c5").outcome,
    "Job failed to start\nc5 cannot start: by way of others it needs c2, and conflicts with it",
  );
  assert.deepEqual(bench.traced(/main runs/), []);
  assert.equal(bench.start("c3").outcome, "done");
});

Deno.test("a task that is needed need not be there at the same time as what it conflicts with", () => {
  const bench = new Bench([
    job("api", { needs: ["completed(migrate)", "db"] }),
    job("migrate", { task: true, conflicts: ["db"] }),
    job("db"),
  ]);
  bench.behave("migrate", "main", { status: 0 });
  assert.doesNotMatch(bench.start("api").outcome ?? "", /these conflict/);
});
