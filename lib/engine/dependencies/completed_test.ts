/** `completed(task)`: run once, remembered, and forgotten when somebody asks for it to be run again. */

import assert from "node:assert/strict";
import { Bench } from "../../testing/bench.ts";
import { job } from "../testing/definitions.ts";
import { Simulator } from "../simulator/simulator.ts";
import { EngineState } from "../engine_state.ts";
import { Environment } from "../../model/environment.ts";
import { changeDefinition } from "../definition_changes.ts";
import { forgetResult } from "./changes.ts";

function shop(): Bench {
  const bench = new Bench([
    job("db", { respawn: true }),
    job("migrate", { task: true, needs: ["db"] }),
    job("api", { needs: ["db", "completed(migrate)"] }),
  ]);
  bench.behave("migrate", "main", { status: 0, after: "1s" });
  return bench;
}

const runs = (bench: Bench) => bench.traced(/main runs$/).map((line) => line.split(" ")[0]);

Deno.test("a task is run first, and only once, whatever becomes of the others", () => {
  const bench = shop();
  const start = bench.start("api");
  assert.equal(bench.note("api"), "waits for migrate to complete");
  bench.advance("1s");
  assert.equal(start.outcome, "done");
  bench.exit("db", { signal: "KILL" });
  bench.restart("db");
  bench.restart("api");
  bench.stop("api");
  bench.start("api");
  assert.equal(bench.state("api"), "start/running");
  assert.deepEqual(runs(bench).filter((name) => name === "migrate"), ["migrate"]);
});

Deno.test("a task that fails fails the job; it is run again at the next start", () => {
  const bench = shop();
  bench.behave("migrate", "main", { status: 3 }, { status: 0 });
  assert.equal(
    bench.start("api").outcome,
    "Job failed to start\napi needs migrate, which failed: its main process ended with status 3",
  );
  assert.equal(runs(bench).includes("api"), false);
  assert.equal(bench.start("api").outcome, "done");
  assert.deepEqual(runs(bench), ["db", "migrate", "migrate", "api"]);
});

Deno.test("a task that is stopped before it is done has not succeeded", () => {
  const bench = shop();
  const start = bench.start("api");
  bench.stop("migrate");
  assert.equal(start.outcome, "Job failed to start\napi needs migrate, which is stopped");
  assert.equal(bench.state("api"), "start/starting");
  bench.start("migrate", {}, { wait: false });
  bench.advance("1s");
  assert.equal(bench.state("api"), "start/running");
});

Deno.test("a task that ends well, but whose post-stop fails, has not succeeded", () => {
  const bench = new Bench([
    job("migrate", { task: true, runs: ["main", "post-stop"] }),
    job("api", { needs: ["completed(migrate)"] }),
  ]);
  bench.behave("migrate", "main", { status: 0 });
  bench.behave("migrate", "post-stop", { status: 1 });
  assert.match(bench.start("api").outcome!, /its post-stop process ended with status 1$/);
});

Deno.test("a need of a task means that it is done; a service is done when it ends well by itself", () => {
  const bench = new Bench([
    job("setup", { task: true }),
    job("seed"),
    job("api", { needs: ["setup", "completed(seed)"] }),
  ]);
  bench.behave("setup", "main", { status: 0 });
  const start = bench.start("api");
  assert.equal(bench.note("api"), "waits for seed to complete");
  bench.exit("seed");
  assert.equal(start.outcome, "done");
});

Deno.test("a start of the task runs it again: who is up stays up, and who starts waits", () => {
  const bench = shop();
  bench.start("api");
  bench.advance("1s");
  bench.start("migrate", {}, { wait: false });
  assert.equal(bench.state("api"), "start/running");
  const restart = bench.restart("api");
  assert.equal(restart.outcome, undefined);
  bench.advance("1s");
  assert.equal(restart.outcome, "done");
  assert.equal(runs(bench).filter((name) => name === "migrate").length, 2);
});

Deno.test("success outlives a removal, as when a file is replaced; a start or a reset still ends it", () => {
  for (const forget of [undefined, "start", "reset"] as const) {
    const bench = shop();
    bench.start("api");
    bench.advance("1s");
    bench.stop("api");
    bench.remove("migrate");
    bench.restore();
    bench.define(job("migrate", { task: true }));
    if (forget) bench[forget]("migrate", {}, { wait: false });
    bench.start("api", {}, { wait: false });
    bench.advance("1s");
    assert.equal(bench.state("api"), "start/running");
    assert.equal(runs(bench).filter((name) => name === "migrate").length, forget ? 2 : 1);
  }
});

Deno.test("success is remembered of a task whose file goes while it runs; a failure is not success", () => {
  for (const status of [0, 1]) {
    const bench = shop();
    bench.behave("migrate", "main", { status, after: "1s" }, { status: 0 });
    bench.start("migrate", {}, { wait: false });
    bench.remove("migrate");
    bench.advance("1s");
    bench.define(job("migrate", { task: true }));
    bench.start("api");
    assert.equal(bench.state("api"), "start/running");
    assert.equal(runs(bench).filter((name) => name === "migrate").length, 1 + status);
  }
});

Deno.test("of tasks that are gone, the last thousand that succeeded are remembered", () => {
  const tasks = Array.from({ length: 1001 }, (_, index) => job(`t${index}`, { task: true }));
  const bench = new Bench(tasks);
  for (const { name } of tasks) {
    bench.behave(name, "main", { status: 0 });
    bench.start(name);
    bench.remove(name);
  }
  bench.define(...tasks);
  const completed = Array.from(bench.engine.jobs.values()).filter((task) => task.completed);
  assert.deepEqual([completed.length, completed[0]!.name], [1000, "t1"]);
});

Deno.test("success outlives a change of the task's definition, and a restored engine remembers it", () => {
  const simulator = new Simulator();
  const define = (...jobs: ReturnType<typeof job>[]) =>
    simulator.handle({
      kind: "definitions",
      changes: jobs.map((definition) => ({ name: definition.name, definition })),
    });
  define(job("migrate", { task: true }), job("api", { needs: ["completed(migrate)"] }));
  simulator.behave("migrate", "main", [{ status: 0 }]);
  simulator.request({ kind: "start", job: "migrate", environment: [], wait: true });
  define(job("migrate", { task: true, description: "changed" }));
  simulator.restore();
  const reply = simulator.request({ kind: "start", job: "api", environment: [], wait: true });
  assert.equal(reply.outcome, "done");
  assert.equal(simulator.trace.filter((line) => line === "migrate main runs").length, 1);
});

Deno.test("wants: a task that fails is not insisted on", () => {
  const bench = new Bench([job("warm", { task: true }), job("api", { wants: ["completed(warm)"] })]);
  bench.behave("warm", "main", { status: 1, after: "1s" });
  const start = bench.start("api");
  assert.equal(start.outcome, undefined);
  bench.advance("1s");
  assert.equal(start.outcome, "done");
});

Deno.test("a reset forgets success and failure", () => {
  const engine = new EngineState(new Environment(), new Environment());
  changeDefinition(engine, { name: "migrate", definition: job("migrate", { task: true }) });
  const migrate = engine.jobs.get("migrate")!;
  migrate.completed = true;
  migrate.lastFailure = { reason: "it was respawned too often", exit: undefined };
  forgetResult(engine, migrate);
  assert.deepEqual([migrate.completed, migrate.lastFailure], [false, undefined]);
});
