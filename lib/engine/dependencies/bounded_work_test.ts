/** What one input may set off: its work does not grow faster than the jobs and what they say of each other. */

import assert from "node:assert/strict";
import { Bench } from "../../testing/bench.ts";
import { Engine } from "../engine.ts";
import { job } from "../testing/definitions.ts";

Deno.test("layers of jobs that each need all of the next: each is looked at once", () => {
  const LAYERS = 40, WIDTH = 3;
  const layer = (index: number) =>
    index === LAYERS ? ["db"] : Array.from({ length: WIDTH }, (_, place) => `job-${index}-${place}`);
  const jobs = Array.from({ length: LAYERS }, (_, index) => index)
    .flatMap((index) => layer(index).map((name) => job(name, { needs: layer(index + 1) })));
  const bench = new Bench([job("db"), job("top", { needs: layer(0) }), ...jobs]);
  assert.equal(bench.start("top").outcome, "done");
  bench.stop("db");
  assert.match(bench.note("top"), /^waits for job-0-0/);
  assert.equal(bench.restart("top").outcome, "done");
  assert.equal(bench.traced(/^top main runs/).length, 2);
});

Deno.test("jobs of which one brings what conflicts with the other do not stop each other for ever", () => {
  const bench = new Bench([
    job("a", { needs: ["b"], wants: ["d"], provides: ["svc"] }),
    job("b", { conflicts: ["c"] }),
    job("c", { needs: ["svc"] }),
    job("d", { needs: ["c"] }),
    job("e", { needs: ["c"], provides: ["svc"] }),
  ]);
  for (const name of ["a", "d", "e", "c", "b"]) {
    bench.start(name);
    if (bench.instances(name).length > 0) bench.restart(name);
    assert(!bench.instances("b").length || !bench.instances("c").length);
  }
});

Deno.test("of what a job wants, the first is started, and not what conflicts with that", () => {
  const bench = new Bench([
    job("top", { wants: ["a", "b", "c"] }),
    job("a"),
    job("b", { conflicts: ["a"], wants: ["a"] }),
    job("c", { wants: ["b"] }),
  ]);
  assert.equal(bench.start("top").outcome, "done");
  const states = ["a", "b", "c"].map((name) => bench.state(name));
  assert.deepEqual(states, ["start/running", "stop/waiting", "start/running"]);
  assert.equal(bench.traced(/^a main ends/).length, 0);
});

Deno.test("one input does not look at more than so many dependencies: a timer of 0 ms goes on with the rest", () => {
  const JOBS = 300;
  const names = Array.from({ length: JOBS }, (_, index) => `job-${index}`);
  const earlier = (name: string) => names.filter((other) => other < name);
  const engine = new Engine();
  const now = { monotonic: 0, wall: 0 };
  engine.handle({
    kind: "definitions",
    changes: names.map((name) => ({
      name,
      definition: job(name, { uses: earlier(name), after: earlier(name), startOn: "go", runs: [] }),
    })),
  }, now);
  let inputs = 0, timer: number | undefined;
  const take = (effects: ReturnType<Engine["handle"]>) => {
    timer = undefined;
    for (const effect of effects) if (effect.kind === "set-timer") timer = effect.timer;
  };
  take(engine.handle({ kind: "event", event: "go", environment: [] }, now));
  for (; timer !== undefined; inputs++) take(engine.handle({ kind: "timer", timer }, now));
  assert(inputs > 0);
  for (const name of names) assert.equal(engine.jobs.get(name)!.instances.get("")?.state, "running");
});

Deno.test("a thousand jobs in one circle go in one input", () => {
  const JOBS = 1000;
  const name = (index: number) => `job-${index % JOBS}`;
  const jobs = Array.from({ length: JOBS }, (_, index) => job(name(index), { wants: [name(index + 1)] }));
  const bench = new Bench(jobs);
  bench.remove(...jobs.map((job) => job.name));
  assert.equal(bench.engine.jobs.size, 0);
});
