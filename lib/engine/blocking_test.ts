/** Blocking: requests and events that wait for jobs, and jobs that wait for events. */

import assert from "node:assert/strict";
import { Bench } from "../testing/bench.ts";
import { and, job } from "./testing/definitions.ts";

Deno.test("a service's start is answered when it runs, post-start included", () => {
  const bench = new Bench([job("web", { runs: ["main", "post-start"] })]);
  bench.behave("web", "post-start", { status: 0, after: "200ms" });
  const start = bench.start("web");
  assert.equal(start.outcome, undefined);
  assert.equal(bench.state("web"), "start/post-start");
  bench.advance("200ms");
  assert.equal(start.outcome, "done");
  assert.equal(bench.state("web"), "start/running");
});

Deno.test("a task's start is answered when the task is over", () => {
  const bench = new Bench([job("build", { task: true })]);
  const start = bench.start("build");
  assert.equal(bench.state("build"), "start/running");
  assert.equal(start.outcome, undefined);
  bench.exit("build");
  assert.equal(start.outcome, "done");
  assert.equal(bench.state("build"), "stop/waiting");
});

Deno.test("emit waits for services to run, for tasks to be over and for jobs to be stopped", () => {
  const bench = new Bench([
    job("web", { startOn: "go", runs: ["main", "post-start"] }),
    job("build", { startOn: "go", task: true }),
    job("old", { stopOn: "go", runs: ["main", "post-stop"] }),
  ]);
  bench.start("old");
  bench.behave("web", "post-start", { status: 0, after: "100ms" });
  bench.behave("build", "main", { status: 0, after: "200ms" });
  bench.behave("old", "post-stop", { status: 0, after: "300ms" });
  const emit = bench.emit("go");
  bench.advance("299ms");
  assert.equal(emit.outcome, undefined);
  bench.advance("1ms");
  assert.equal(emit.outcome, "done");
  assert.deepEqual(["web", "build", "old"].map((name) => bench.state(name)), [
    "start/running",
    "stop/waiting",
    "stop/waiting",
  ]);
});

Deno.test("an event that nobody awaits is over at once", () => {
  assert.equal(new Bench([job("web", { startOn: "other" })]).emit("nobody-cares").outcome, "done");
});

Deno.test("all jobs of an event run side by side", () => {
  const names = ["j1", "j2", "j3"];
  const bench = new Bench(names.map((name) => job(name, { startOn: "build", task: true })));
  const emit = bench.emit("build");
  assert(names.every((name) => bench.runs(name)));
  for (const name of names) {
    assert.equal(emit.outcome, undefined);
    bench.exit(name);
  }
  assert.equal(emit.outcome, "done");
});

Deno.test("emit fails when one of the jobs fails, and waits for the others all the same", () => {
  const bench = new Bench(
    ["good", "bad", "slow"].map((name) => job(name, { startOn: "build", task: true })),
  );
  const emit = bench.emit("build");
  bench.exit("bad", { status: 1 });
  bench.exit("good");
  assert.equal(emit.outcome, undefined);
  bench.exit("slow");
  assert.deepEqual([emit.outcome, emit.error], ["Event failed", "EventFailed"]);
});

Deno.test("an event whose job fails is followed by EVENT/failed with the same variables, which fails no further", () => {
  const bench = new Bench([
    job("build", { startOn: "go", task: true }),
    job("after", { startOn: "go/failed", task: true }),
  ]);
  bench.behave("build", "main", { status: 1 });
  bench.behave("after", "main", { status: 1 });
  bench.emit("go", { WHAT: "kernel" });
  assert.deepEqual(bench.events(/^go/), ["go WHAT=kernel", "go/failed WHAT=kernel"]);
  assert.deepEqual(bench.environment("after"), { WHAT: "kernel", UPSTART_EVENTS: "go/failed" });
});

Deno.test("who does not wait is answered at once, and told of no failure", () => {
  const bench = new Bench([job("web", { startOn: "go", runs: ["pre-start", "main"] })]);
  bench.behave("web", "pre-start", { status: 1, after: "10ms" });
  assert.equal(bench.start("web", {}, { wait: false }).outcome, "done");
  assert.equal(bench.state("web"), "start/pre-start");
  bench.advance("10ms");
  assert.equal(bench.emit("go", {}, { wait: false }).outcome, "done");
});

Deno.test("a task on starting is over before the job gets going, one on started does not hold it up", () => {
  const bench = new Bench([
    job("web"),
    job("prepare", { startOn: "starting web", task: true }),
    job("after", { startOn: "started web", task: true }),
  ]);
  const start = bench.start("web");
  assert.equal(bench.state("web"), "start/starting");
  bench.exit("prepare");
  assert.equal(start.outcome, "done");
  assert(bench.runs("web") && bench.runs("after"));
});

Deno.test("a job that stops on stopping another is down before the other's main process is told to end", () => {
  const bench = new Bench([
    job("base"),
    job("top", { startOn: "started base", stopOn: "stopping base", runs: ["main", "post-stop"] }),
  ]);
  bench.start("base");
  bench.behave("top", "post-stop", { status: 0, after: "200ms" });
  const stop = bench.stop("base");
  assert.equal(bench.state("base"), "stop/stopping");
  assert(bench.runs("base"));
  bench.advance("200ms");
  assert.equal(stop.outcome, "done");
  assert.deepEqual(bench.traced(/ gets /), ["top main gets TERM", "base main gets TERM"]);
});

Deno.test("a service that starts on stopping another holds the stop until it runs", () => {
  const bench = new Bench([
    job("web"),
    job("drain", { startOn: "stopping web", runs: ["main", "post-start"] }),
  ]);
  bench.start("web");
  bench.behave("drain", "post-start", { status: 0, after: "200ms" });
  const stop = bench.stop("web");
  assert.equal(stop.outcome, undefined);
  bench.advance("200ms");
  assert.equal(stop.outcome, "done");
  assert.equal(bench.state("drain"), "start/running");
});

Deno.test("a job that stops on stopped another is not waited for", () => {
  const bench = new Bench([
    job("base"),
    job("top", { startOn: "starting base", stopOn: "stopped base", runs: ["main", "post-stop"] }),
  ]);
  bench.start("base");
  bench.behave("top", "post-stop", { status: 0, after: "100ms" });
  assert.equal(bench.stop("base").outcome, "done");
  assert.equal(bench.state("top"), "stop/post-stop");
});

Deno.test("chains: on started in order, on starting in reverse, on stopping from the far end", () => {
  const chain = [1, 2, 3, 4];
  const up = new Bench(
    chain.map((n) =>
      job(`j${n}`, n === 1 ? {} : { startOn: `started j${n - 1}`, stopOn: `stopping j${n - 1}` })
    ),
  );
  up.start("j1");
  assert.deepEqual(up.traced(/main runs/).map((line) => line.slice(0, 2)), ["j1", "j2", "j3", "j4"]);
  up.stop("j1");
  assert.deepEqual(up.traced(/main ends/).map((line) => line.slice(0, 2)), ["j4", "j3", "j2", "j1"]);

  const down = new Bench(
    chain.map((n) =>
      job(`j${n}`, n === 4 ? {} : { startOn: `starting j${n + 1}`, stopOn: `stopped j${n + 1}` })
    ),
  );
  down.start("j4");
  assert.deepEqual(down.traced(/main runs/).map((line) => line.slice(0, 2)), ["j1", "j2", "j3", "j4"]);
  down.stop("j4");
  assert(chain.every((n) => down.state(`j${n}`) === "stop/waiting"));
});

Deno.test("a start that is called off by a stop comes back without an error, and nothing is run", () => {
  const bench = new Bench([
    job("web", { stopOn: "down" }),
    job("hold", { startOn: "starting web", task: true }),
  ]);
  const start = bench.start("web");
  const down = bench.emit("down");
  assert.equal(start.outcome, "done");
  assert.equal(bench.state("web"), "stop/starting");
  assert.equal(down.outcome, undefined);
  bench.exit("hold");
  assert.equal(down.outcome, "done");
  assert.deepEqual(bench.states("web"), [
    "starting",
    "stopping",
    "killed",
    "post-stopping",
    "post-stop",
    "waiting",
  ]);
});

Deno.test("a task stopped by someone else: its start comes back without an error", () => {
  const bench = new Bench([job("build", { task: true })]);
  const start = bench.start("build");
  assert.equal(bench.stop("build").outcome, "done");
  assert.equal(start.outcome, "done");
});

Deno.test("a second stop while the first goes on is refused, and so is a restart", () => {
  const bench = new Bench([job("web", { runs: ["main", "post-stop"] })]);
  bench.start("web");
  bench.behave("web", "post-stop", { status: 0, after: "100ms" });
  const stop = bench.stop("web");
  const again = bench.stop("web");
  assert.deepEqual([again.outcome, again.error], ["Job has already been stopped: web", "AlreadyStopped"]);
  assert.equal(bench.restart("web").outcome, "Job has already been stopped: ");
  assert.equal(stop.outcome, undefined);
  bench.advance("100ms");
  assert.equal(stop.outcome, "done");
});

Deno.test("a start while stopping: the stop comes back, the job goes down and up again with the new variables", () => {
  const bench = new Bench([
    job("web", { runs: ["main", "post-stop"] }),
    job("hold", { startOn: "stopping web", task: true }),
  ]);
  bench.start("web", { N: "1" });
  const stop = bench.stop("web");
  const start = bench.start("web", { N: "2" });
  assert.equal(stop.outcome, "done");
  assert.equal(start.outcome, undefined);
  assert.equal(bench.state("web"), "start/stopping");
  assert.equal(bench.start("web").outcome, "Job is already running: web");
  bench.exit("hold");
  assert.equal(start.outcome, "done");
  assert.equal(bench.environment("web", "post-stop")["N"], "1");
  assert.equal(bench.environment("web")["N"], "2");
});

Deno.test("a start event during post-stop starts the job again, and emit waits for that", () => {
  const bench = new Bench([job("web", { startOn: "go", runs: ["main", "post-stop"] })]);
  bench.emit("go", { N: "1" });
  bench.behave("web", "post-stop", { status: 0, after: "100ms" });
  bench.stop("web");
  const emit = bench.emit("go", { N: "2" });
  assert.equal(bench.state("web"), "start/post-stop");
  assert.equal(emit.outcome, undefined);
  bench.advance("100ms");
  assert.equal(emit.outcome, "done");
  assert.deepEqual(bench.environment("web"), { N: "2", UPSTART_EVENTS: "go" });
});

Deno.test("starts that fail: pre-start, main, a task; a failing post-start does not count", () => {
  const bench = new Bench([
    job("pre", { runs: ["pre-start", "main"] }),
    job("missing"),
    job("build", { task: true }),
    job("post", { runs: ["main", "post-start"] }),
  ]);
  bench.behave("pre", "pre-start", { status: 1 });
  bench.behave("missing", "main", { spawnFails: "unable to execute: No such file or directory" });
  bench.behave("build", "main", { status: 2 });
  bench.behave("post", "post-start", { status: 1 });
  for (const name of ["pre", "missing", "build"]) {
    const start = bench.start(name);
    assert.deepEqual([start.outcome, start.error], ["Job failed to start", "JobFailed"], name);
    assert.equal(bench.state(name), "stop/waiting");
  }
  assert.equal(bench.start("post").outcome, "done");
  assert(
    bench.log.includes("Failed to spawn missing main process: unable to execute: No such file or directory"),
  );
});

Deno.test("a job that starts or stops on its own events does not wait for itself", () => {
  const bench = new Bench([
    job("again", { startOn: "stopping again" }),
    job("off", { stopOn: "starting off" }),
  ]);
  bench.start("again");
  assert.equal(bench.stop("again").outcome, "done");
  assert.equal(bench.state("again"), "start/running");
  assert.equal(bench.start("off").outcome, "done");
  assert.equal(bench.state("off"), "stop/waiting");
});

Deno.test("two jobs that stop with each other do not wait for each other when one is respawned", () => {
  const bench = new Bench([
    job("one", { stopOn: "stopping two", respawn: true }),
    job("two", { stopOn: "stopping one" }),
  ]);
  bench.start("one");
  bench.start("two");
  bench.exit("one", { status: 1 });
  assert.equal(bench.state("one"), "stop/waiting");
  assert.equal(bench.state("two"), "stop/waiting");
});

Deno.test("a job and the one that it needs do not wait for each other when that one ends too early", () => {
  const bench = new Bench([
    job("needed", { startOn: "starting web", runs: ["main", "post-start"] }),
    job("web", { stopOn: "stopping needed" }),
  ]);
  bench.behave("needed", "post-start", "stays");
  const start = bench.start("web");
  bench.exit("needed");
  bench.exit("needed", { status: 0 }, { process: "post-start" });
  assert.equal(start.outcome, "done");
  assert.equal(bench.state("needed"), "stop/waiting");
  assert.equal(bench.state("web"), "stop/waiting");
  const told = "web is not waited for by events that it waits for itself: stopping needed, starting web";
  assert(bench.log.includes(told), bench.log.join("\n"));
});

Deno.test("a job told to stop lets go of what its half met stop condition holds, before it is down", () => {
  const bench = new Bench([
    job("base"),
    job("web", { stopOn: and("stopping base", "never"), runs: ["main", "post-stop"] }),
  ]);
  bench.start("base");
  bench.start("web");
  const stop = bench.stop("base");
  assert.equal(stop.outcome, undefined);
  bench.behave("web", "post-stop", "stays");
  bench.stop("web");
  assert.equal(bench.state("web"), "stop/post-stop");
  assert.equal(stop.outcome, "done");
});

Deno.test("who waits for whom is found however many ways there are, and however long they are", () => {
  // Each pair waits for both of the pair before it: two to the power of thirty ways lead to the first.
  const layers = Array.from({ length: 30 }, (_, index) => index + 1);
  const wide = layers.flatMap((layer) =>
    ["a", "b"].map((side) =>
      job(`${side}${layer}`, { startOn: and(`starting a${layer - 1}`, `starting b${layer - 1}`) })
    )
  );
  const bench = new Bench([job("a0", { startOn: "go" }), job("b0", { startOn: "go" }), ...wide]);
  assert.equal(bench.emit("go").outcome, "done");
  assert.equal(bench.state("b30"), "start/running");

  const long = Array.from(
    { length: 5000 },
    (_, index) => job(`job${index}`, { startOn: `starting job${index - 1}` }),
  );
  const chain = new Bench(long);
  const start = chain.start("job0");
  // Not all is done at once.
  chain.advance("1s");
  assert.equal(start.outcome, "done");
  assert.equal(chain.state("job4999"), "start/running");
});
