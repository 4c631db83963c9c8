/** Respawning: when, how often, and what counts as a normal exit. */

import assert from "node:assert/strict";
import type { Exit } from "../model/exit.ts";
import { Bench } from "./testing/bench.ts";
import { job } from "./testing/definitions.ts";

Deno.test("a service that respawns comes back whatever its exit, with the variables of the start", () => {
  const bench = new Bench([job("web", { respawn: true, startOn: "go", env: ["COLOUR=none"] })]);
  bench.emit("go", { COLOUR: "red" });
  for (const exit of [{ status: 0 }, { status: 1 }, { signal: 9 }] satisfies Exit[]) {
    bench.exit("web", exit);
    assert.equal(bench.state("web"), "start/running");
    assert.deepEqual(bench.environment("web"), { COLOUR: "red", UPSTART_EVENTS: "go" });
  }
  assert.equal(bench.log.filter((line) => line === "web main process ended, respawning").length, 3);
});

Deno.test("a task that respawns is tried until it exits 0; its start waits for that and is content", () => {
  const bench = new Bench([job("build", { respawn: true, task: true })]);
  bench.behave("build", "main", { status: 1 }, { status: 1 }, { status: 1 }, { status: 0 });
  assert.equal(bench.start("build").outcome, "done");
  assert.equal(bench.traced(/runs/).length, 4);
});

Deno.test("the default limit lets a job that fails at once run eleven times, and again at the next start", () => {
  const bench = new Bench([job("build", { respawn: true, task: true })]);
  bench.behave("build", "main", { status: 1 });
  assert.equal(bench.start("build").outcome, "Job failed to start");
  assert.equal(bench.traced(/runs/).length, 11);
  assert(bench.log.includes("build respawning too fast, stopped"));
  bench.start("build");
  assert.equal(bench.traced(/runs/).length, 22);
});

Deno.test("the limit counts within its interval", () => {
  const bench = new Bench([job("web", { respawn: true, respawnLimit: { count: 2, interval: 30 } })]);
  bench.start("web");
  for (let round = 0; round < 3; round++) {
    bench.exit("web");
    bench.exit("web");
    bench.advance("30s");
  }
  for (let round = 0; round < 3; round++) bench.exit("web");
  assert.equal(bench.state("web"), "stop/waiting");
});

Deno.test("restarts by command do not count, and an unlimited job has no limit", () => {
  const bench = new Bench([
    job("web", { respawn: true, respawnLimit: { count: 1, interval: 30 } }),
    job("other", { respawn: true, respawnLimit: "unlimited" }),
  ]);
  bench.start("web");
  for (let round = 0; round < 5; round++) bench.restart("web");
  assert.equal(bench.state("web"), "start/running");
  bench.start("other");
  for (let round = 0; round < 100; round++) bench.exit("other", { status: 1 });
  assert.equal(bench.state("other"), "start/running");
});

Deno.test("a limit alone makes no job respawn", () => {
  const bench = new Bench([job("build", { task: true, respawnLimit: { count: 5, interval: 30 } })]);
  bench.behave("build", "main", { status: 1 });
  assert.equal(bench.start("build").outcome, "Job failed to start");
  assert.equal(bench.traced(/runs/).length, 1);
});

Deno.test("a normal exit ends a job that respawns without failure; others, 0 among them, do not", () => {
  const bench = new Bench([job("web", { respawn: true, normalExit: [{ status: 3 }, { signal: 15 }] })]);
  for (const normal of [{ status: 3 }, { signal: 15, core: true }] satisfies Exit[]) {
    bench.start("web");
    for (const exit of [{ status: 4 }, { status: 0 }, { signal: 9 }] satisfies Exit[]) {
      bench.exit("web", exit);
    }
    assert.equal(bench.state("web"), "start/running");
    bench.exit("web", normal);
    assert.equal(bench.state("web"), "stop/waiting");
    assert.deepEqual(bench.events("stopped").at(-1), "stopped JOB=web INSTANCE= RESULT=ok");
  }
});

Deno.test("a normal exit is a success of a task", () => {
  const bench = new Bench([job("build", { task: true, normalExit: [{ status: 3 }] })]);
  bench.behave("build", "main", { status: 3 }, { status: 4 });
  assert.equal(bench.start("build").outcome, "done");
  assert.equal(bench.start("build").outcome, "Job failed to start");
});

Deno.test("a post-stop that fails during a respawn ends the job", () => {
  const bench = new Bench([job("web", { respawn: true, runs: ["main", "post-stop"] })]);
  bench.behave("web", "post-stop", { status: 3 });
  bench.start("web");
  bench.exit("web", { signal: 9 });
  assert.equal(bench.state("web"), "stop/waiting");
  assert.deepEqual(bench.events("stopped"), [
    "stopped JOB=web INSTANCE= RESULT=failed PROCESS=post-stop EXIT_STATUS=3",
  ]);
});

Deno.test("main that ends during its post-start is respawned when that is over", () => {
  const bench = new Bench([job("web", { respawn: true, runs: ["main", "post-start"] })]);
  bench.behave("web", "post-start", "stays", { status: 0 });
  const start = bench.start("web");
  bench.exit("web", { status: 1 });
  assert.equal(bench.state("web"), "respawn/post-start");
  bench.exit("web", { status: 0 }, { process: "post-start" });
  assert.equal(start.outcome, "done");
  assert.equal(bench.state("web"), "start/running");
});

Deno.test("each instance has a limit of its own", () => {
  const bench = new Bench([
    job("tty", { respawn: true, respawnLimit: { count: 1, interval: 30 }, instance: "$LINE" }),
  ]);
  bench.start("tty", { LINE: "a" });
  bench.start("tty", { LINE: "b" });
  for (const instance of ["a", "b", "a"]) bench.exit("tty", { signal: 9 }, { instance });
  assert.equal(bench.state("tty", "a"), "stop/waiting");
  assert.equal(bench.state("tty", "b"), "start/running");
});

Deno.test("nothing is respawned once everything is to stop", () => {
  const bench = new Bench([job("web", { respawn: true }), job("build", { task: true, respawn: true })]);
  bench.behave("web", "main", "stubborn");
  bench.start("web");
  const build = bench.start("build");
  bench.stopAll();
  assert.equal(build.outcome, "done");
  assert.equal(bench.state("web"), "stop/killed");
  bench.stopAll();
  bench.advance("5s");
  assert.equal(bench.state("web"), "stop/waiting");
  assert.equal(bench.engine.hasProcesses, false);
  bench.start("web");
  bench.exit("web", { status: 1 });
  assert.equal(bench.state("web"), "stop/waiting");
});
