/** Hooks: their environments, their exits, and start, stop and restart from within them. */

import assert from "node:assert/strict";
import { PROCESS_NAMES } from "../model/job.ts";
import { Bench } from "../testing/bench.ts";
import { and, job } from "./testing/definitions.ts";

Deno.test("a job without a main process runs until it is stopped; its pre-stop is never run", () => {
  const bench = new Bench([job("state", { runs: ["pre-start", "post-start", "pre-stop", "post-stop"] })]);
  assert.equal(bench.start("state").outcome, "done");
  assert.equal(bench.state("state"), "start/running");
  bench.stop("state");
  assert.deepEqual(bench.traced(/ runs$/), [
    "state pre-start runs",
    "state post-start runs",
    "state post-stop runs",
  ]);
});

Deno.test("what hooks see of the start and stop events; those of the stop win", () => {
  const bench = new Bench([
    job("web", { env: ["V=0"], startOn: "up", stopOn: and("down", "dark"), runs: [...PROCESS_NAMES] }),
  ]);
  bench.emit("up", { A: "1", V: "up" });
  bench.emit("dark", { V: "dark" }, { wait: false });
  bench.emit("down", { V: "down", B: "2" });
  const start = { V: "up", A: "1", UPSTART_EVENTS: "up" };
  for (const process of ["pre-start", "main", "post-start"] as const) {
    assert.deepEqual(bench.environment("web", process), start);
  }
  const stop = { ...start, V: "dark", B: "2", UPSTART_STOP_EVENTS: "down dark" };
  assert.deepEqual(bench.environment("web", "pre-stop"), stop);
  assert.deepEqual(bench.environment("web", "post-stop"), stop);
});

Deno.test("a stop's own variables reach pre-stop and post-stop, and not the next start", () => {
  const bench = new Bench([job("web", { runs: [...PROCESS_NAMES] })]);
  bench.start("web", { A: "1" });
  bench.stop("web", { WHY: "test" });
  assert.deepEqual(bench.environment("web", "post-stop"), { A: "1", WHY: "test" });
  bench.start("web");
  assert.deepEqual(bench.environment("web"), {});
});

Deno.test("stop from within pre-start calls the start off without failure", () => {
  const bench = new Bench([job("web", { runs: ["pre-start", "main", "post-stop"] })]);
  bench.behave("web", "pre-start", "stays");
  const start = bench.start("web");
  bench.fromWithin("stop", "web");
  assert.equal(start.outcome, "done");
  assert.equal(bench.state("web"), "stop/pre-start");
  bench.exit("web", { status: 0 }, { process: "pre-start" });
  assert.equal(bench.state("web"), "stop/waiting");
  assert.deepEqual(bench.events(), [
    "starting JOB=web INSTANCE=",
    "stopping JOB=web INSTANCE= RESULT=ok",
    "stopped JOB=web INSTANCE= RESULT=ok",
  ]);
});

Deno.test("a pre-start that calls stop and then fails still counts as failed", () => {
  const bench = new Bench([job("web", { runs: ["pre-start", "main"] })]);
  bench.behave("web", "pre-start", "stays");
  bench.start("web");
  bench.fromWithin("stop", "web");
  bench.exit("web", { status: 1 }, { process: "pre-start" });
  assert.deepEqual(bench.events("stopped"), [
    "stopped JOB=web INSTANCE= RESULT=failed PROCESS=pre-start EXIT_STATUS=1",
  ]);
});

Deno.test("stop from within post-start: the start comes back, post-start goes on, no started, no pre-stop", () => {
  const bench = new Bench([job("web", { runs: ["main", "post-start", "pre-stop"] })]);
  bench.behave("web", "post-start", "stays");
  const start = bench.start("web");
  bench.fromWithin("stop", "web");
  assert.equal(start.outcome, "done");
  assert.equal(bench.state("web"), "stop/post-start");
  bench.exit("web", { status: 0 }, { process: "post-start" });
  assert.equal(bench.state("web"), "stop/waiting");
  assert.deepEqual(bench.events("started"), []);
  assert.deepEqual(bench.traced(/pre-stop runs/), []);
});

Deno.test("start from within pre-stop keeps the job running with the same process", () => {
  const bench = new Bench([job("web", { runs: ["main", "pre-stop"] })]);
  bench.start("web");
  const pid = bench.pid("web");
  bench.behave("web", "pre-stop", "stays");
  const stop = bench.stop("web");
  bench.fromWithin("start", "web");
  assert.equal(stop.outcome, "done");
  assert.equal(bench.state("web"), "start/pre-stop");
  bench.exit("web", { status: 0 }, { process: "pre-stop" });
  assert.equal(bench.state("web"), "start/running");
  assert.equal(bench.pid("web"), pid);
  assert.deepEqual(bench.events(/^stop/), []);
  assert.equal(bench.events("started").length, 1);
});

for (const semantics of ["upstart", "rouse"] as const) {
  Deno.test(`a start in a hook after which there is no main process any more starts anew (${semantics})`, () => {
    const fields = { semantics, killTimeout: 5 };
    const bench = new Bench([
      job("late", { ...fields, runs: ["main", "pre-stop"] }),
      job("early", { ...fields, runs: ["main", "post-start"] }),
    ]);
    bench.start("late");
    bench.behave("late", "pre-stop", "stubborn");
    bench.behave("early", "post-start", "stubborn", { status: 0 });
    bench.stop("late");
    bench.start("early");
    const hooks = { late: "pre-stop", early: "post-start" } as const;
    for (const [name, hook] of Object.entries(hooks)) {
      bench.exit(name);
      const start = bench.start(name);
      assert.equal(bench.state(name), `start/${hook}`);
      assert.equal(start.outcome, undefined);
      bench.exit(name, { status: 0 }, { process: hook });
      assert.equal(start.outcome, "done");
      assert.equal(bench.state(name), "start/running");
      assert(bench.runs(name));
    }
    assert.equal(bench.traced(/main runs/).length, 4);
  });
}

Deno.test("restart from within pre-stop is refused: the goal is stop already", () => {
  const bench = new Bench([job("web", { runs: ["main", "pre-stop"] })]);
  bench.start("web");
  bench.behave("web", "pre-stop", "stays");
  bench.stop("web");
  assert.equal(bench.fromWithin("restart", "web").outcome, "Job has already been stopped: web");
});

Deno.test("main that ends during pre-stop is no failure, and pre-stop is let finish", () => {
  const bench = new Bench([job("web", { runs: ["main", "pre-stop", "post-stop"] })]);
  bench.start("web");
  bench.behave("web", "pre-stop", "stays");
  const stop = bench.stop("web");
  bench.exit("web", { signal: 9 });
  assert.equal(bench.state("web"), "stop/pre-stop");
  bench.exit("web", { status: 0 }, { process: "pre-stop" });
  assert.equal(stop.outcome, "done");
  assert.deepEqual(bench.events("stopped"), ["stopped JOB=web INSTANCE= RESULT=ok"]);
});

Deno.test("a post-stop that fails: the stop, the emit of a stop event, or the restart fails; the job is stopped", () => {
  const bench = new Bench([job("web", { stopOn: "down", runs: ["main", "post-stop"] })]);
  bench.behave("web", "post-stop", { status: 1 });
  bench.start("web");
  assert.equal(bench.stop("web").outcome, "Job failed while stopping");
  bench.start("web");
  assert.equal(bench.emit("down").outcome, "Event failed");
  bench.start("web");
  assert.equal(bench.restart("web").outcome, "Job failed to restart");
  assert.equal(bench.state("web"), "stop/waiting");
});

Deno.test("a restart runs post-stop, pre-start, main and post-start again, without the variables of the start", () => {
  const bench = new Bench([
    job("web", { env: ["N=0"], runs: ["main", "pre-start", "post-start", "post-stop"] }),
  ]);
  bench.start("web", { N: "1", M: "2" });
  assert.equal(bench.restart("web").outcome, "done");
  assert.deepEqual(bench.traced(/ runs$/).slice(3), [
    "web post-stop runs",
    "web pre-start runs",
    "web main runs",
    "web post-start runs",
  ]);
  assert.deepEqual(bench.environment("web"), { N: "0" });
  bench.restart("web", { N: "3" });
  assert.deepEqual(bench.environment("web"), { N: "3" });
});

Deno.test("a restart from within, or of an instance by its name, keeps the variables", () => {
  const bench = new Bench([job("web")]);
  bench.start("web", { N: "1" });
  bench.fromWithin("restart", "web");
  assert.deepEqual(bench.environment("web"), { N: "1" });
});

Deno.test("a restart of a job with a pre-stop stops it after the pre-stop, and starts it again", () => {
  const bench = new Bench([job("web", { runs: ["main", "pre-stop"] })]);
  bench.start("web");
  const pid = bench.pid("web");
  bench.behave("web", "pre-stop", { status: 0, after: "100ms" });
  const restart = bench.restart("web");
  assert.equal(restart.outcome, undefined);
  bench.advance("100ms");
  assert.equal(restart.outcome, "done");
  assert.equal(bench.state("web"), "start/running");
  assert.notEqual(bench.pid("web"), pid);
});

Deno.test("a restart of which stopping is held up has the goal start at once", () => {
  const bench = new Bench([job("web"), job("hold", { startOn: "stopping web", task: true })]);
  bench.start("web");
  const restart = bench.restart("web");
  assert.equal(bench.state("web"), "start/stopping");
  bench.exit("hold");
  assert.equal(restart.outcome, "done");
});

Deno.test("main that ends while its stopping is held up is no failure, whatever the goal", () => {
  const bench = new Bench([
    job("web", { respawn: true }),
    job("hold", { startOn: "stopping web", task: true }),
  ]);
  bench.start("web");
  const restart = bench.restart("web");
  bench.exit("web", { status: 1 });
  assert.equal(bench.state("web"), "start/stopping");
  bench.exit("hold");
  assert.equal(restart.outcome, "done");
  assert.deepEqual(bench.traced(/failed/), []);
  assert.equal(bench.log.filter((line) => line.includes("respawning")).length, 0);
});

Deno.test("apparmor load: the profile is loaded first, and the start fails when it cannot be", () => {
  const bench = new Bench([job("web", { apparmorLoad: "/profile", runs: ["pre-start", "main"] })]);
  bench.behave("web", "security", { status: 0 }, { status: 1 });
  assert.equal(bench.start("web").outcome, "done");
  assert.deepEqual(bench.traced(/ runs$/), ["web security runs", "web pre-start runs", "web main runs"]);
  bench.stop("web");
  const second = bench.start("web");
  assert.notEqual(second.outcome, "done");
  assert.equal(bench.state("web"), "stop/waiting");
  assert.match(bench.events().at(-1)!, /^stopped .*RESULT=failed PROCESS=security EXIT_STATUS=1/);
});
