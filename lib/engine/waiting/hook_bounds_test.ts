/** Hooks that nobody needs any more, and hooks that hang; `stop --force`. */

import assert from "node:assert/strict";
import { Bench } from "../../testing/bench.ts";
import { type Fields, job } from "../testing/definitions.ts";

const FAILED = "Job failed to start\n";

function rouse(name: string, fields: Fields = {}) {
  return job(name, { semantics: "rouse", ...fields });
}

Deno.test("main that ends during a post-start ends that, and the start fails; Upstart waits for ever", () => {
  const fields: Fields = { runs: ["main", "post-start"] };
  const bench = new Bench([rouse("web", fields), job("old", fields)]);
  for (const name of ["web", "old"]) bench.behave(name, "post-start", "stays");
  const [web, old] = ["web", "old"].map((name) => bench.start(name));
  for (const name of ["web", "old"]) bench.exit(name, { status: 7 });
  assert.equal(web!.outcome, `${FAILED}web main process (1001) terminated with status 7`);
  assert.equal(bench.state("web"), "stop/waiting");
  assert.deepEqual(bench.traced(/gets/), ["web post-start gets TERM"]);
  bench.advance("1h");
  assert.equal(bench.state("old"), "stop/post-start");
  assert.equal(old!.outcome, "Job failed to start");
});

Deno.test("a service that ends with status 0 before it is up has failed; a task has not", () => {
  const fields: Fields = { runs: ["main", "post-start"] };
  const bench = new Bench([
    rouse("web", fields),
    rouse("build", { ...fields, task: true }),
    rouse("normal", { ...fields, normalExit: [{ status: 0 }] }),
  ]);
  const outcomes = ["web", "build", "normal"].map((name) => {
    bench.behave(name, "post-start", "stays");
    const start = bench.start(name);
    bench.exit(name, { status: 0 });
    assert.equal(bench.state(name), "stop/waiting");
    return start.outcome;
  });
  assert.deepEqual(outcomes, [
    `${FAILED}web main process (1001) ended before the job was ready, with status 0`,
    "done",
    "done",
  ]);
});

Deno.test("a hook that ignores SIGTERM is killed after the kill timeout", () => {
  const bench = new Bench([rouse("web", { killTimeout: 3, runs: ["pre-start", "main", "post-stop"] })]);
  bench.behave("web", "pre-start", "stubborn");
  const start = bench.start("web"), stop = bench.stop("web");
  assert.equal(start.outcome, "done");
  bench.advance("2999ms");
  assert.equal(bench.state("web"), "stop/pre-start");
  bench.advance("1ms");
  assert.deepEqual(bench.traced(/gets/), ["web pre-start gets TERM", "web pre-start gets KILL"]);
  assert.equal(stop.outcome, "done");
  assert.deepEqual(bench.events("stopped"), ["stopped JOB=web INSTANCE= RESULT=ok"]);
  assert.equal(bench.timers, 0);
});

Deno.test("a hook that is still being spawned when it is not needed any more is ended once it runs", () => {
  const bench = new Bench([rouse("web", { runs: ["main", "post-start"] })]);
  bench.behave("web", "post-start", "stays");
  const { engine } = bench;
  const handle = engine.handle.bind(engine);
  engine.handle = (input, now) => {
    // Main ends between the request for the post-start and its spawn.
    if (input.kind !== "spawned" || !engine.jobs.get("web")!.instances.get("")!.spawns.has("post-start")) {
      return handle(input, now);
    }
    engine.handle = handle;
    const pid = bench.pid("web");
    bench.running.get(pid);
    return [...handle({ kind: "exited", pid, exit: { status: 1 } }, now), ...handle(input, now)];
  };
  const start = bench.start("web");
  assert.match(start.outcome!, /main process \(1001\) terminated with status 1$/);
  assert.equal(bench.state("web"), "stop/waiting");
});

Deno.test("a post-start that fails fails the start; in Upstart it does not", () => {
  const bench = new Bench([
    rouse("web", { runs: ["main", "post-start"] }),
    job("old", { runs: ["main", "post-start"] }),
  ]);
  for (const name of ["web", "old"]) bench.behave(name, "post-start", { status: 3 });
  assert.equal(bench.start("web").outcome, `${FAILED}web post-start process (1002) terminated with status 3`);
  assert.deepEqual(bench.events("stopped"), [
    "stopped JOB=web INSTANCE= RESULT=failed PROCESS=post-start EXIT_STATUS=3",
  ]);
  assert.equal(bench.start("old").outcome, "done");
});

Deno.test("a pre-stop goes on during a stop, and ends with the main process", () => {
  const bench = new Bench([rouse("web", { runs: ["main", "pre-stop"] })]);
  bench.behave("web", "pre-stop", "stays");
  bench.start("web");
  const stop = bench.stop("web");
  bench.advance("20s");
  assert.equal(bench.state("web"), "stop/pre-stop");
  bench.exit("web");
  assert.deepEqual(bench.traced(/gets/), ["web pre-stop gets TERM"]);
  assert.equal(stop.outcome, "done");
});

Deno.test("a restart during a hook of the start ends that, stops the job, and starts it with the new variables", () => {
  for (const hook of ["pre-start", "post-start"] as const) {
    const bench = new Bench([rouse("web", { runs: ["main", hook] })]);
    bench.behave("web", hook, "stays", { status: 0 });
    const start = bench.start("web", { N: "1" });
    const restart = bench.restart("web", { N: "2" });
    assert.equal(start.outcome, "done");
    assert.equal(restart.outcome, "done");
    assert.equal(bench.state("web"), "start/running");
    assert.deepEqual(bench.environment("web"), { N: "2" });
    assert.equal(bench.traced(new RegExp(`${hook} runs`)).length, 2);
  }
});

Deno.test("a stop does not wait for the event starting", () => {
  const bench = new Bench([rouse("web"), job("hold", { startOn: "starting web", task: true })]);
  const start = bench.start("web");
  assert.equal(bench.state("web"), "start/starting");
  assert.equal(bench.stop("web").outcome, "done");
  assert.equal(start.outcome, "done");
  bench.exit("hold");
  assert.equal(bench.state("web"), "stop/waiting");
  assert.deepEqual(bench.traced(/web main/), []);
});

Deno.test("hooks of the stop get the time of the start, then they are ended", () => {
  const bench = new Bench([rouse("web", { runs: ["main", "pre-stop", "post-stop"] })]);
  for (const hook of ["pre-stop", "post-stop"] as const) bench.behave("web", hook, "stays");
  bench.start("web");
  const stop = bench.stop("web");
  bench.advance("90s");
  assert.equal(bench.state("web"), "stop/post-stop");
  bench.advance("90s");
  assert.equal(
    stop.outcome,
    "Job failed while stopping\nweb post-stop process (1003) has run for 90 s, ending it",
  );
  assert.equal(bench.state("web"), "stop/waiting");
});

Deno.test("a hook without a bound that hangs is told of once, with what waits for it", () => {
  const bench = new Bench([job("web", { startOn: "go", runs: ["pre-start", "main"] })]);
  bench.behave("web", "pre-start", "stays");
  bench.emit("go", {}, { wait: false });
  bench.advance("59s");
  const told = () => bench.log.filter((line) => line.includes("--force"));
  assert.deepEqual(told(), []);
  bench.advance("1h");
  assert.deepEqual(told(), [
    "web pre-start process (1001) has run for 60 s, and the start of web and the event go wait for its end; " +
    "`initctl stop --force web` ends it",
  ]);
});

Deno.test("stop --force kills whatever runs, also when a stop waits for it already", () => {
  const hooks = ["pre-start", "post-start", "pre-stop", "post-stop"] as const;
  for (const semantics of ["upstart", "rouse"] as const) {
    for (const hook of hooks) {
      const bench = new Bench([job("web", { semantics, runs: ["main", ...hooks] })]);
      bench.behave("web", hook, "stubborn");
      bench.behave("web", "main", "stubborn");
      bench.start("web");
      const stop = bench.state("web") === "start/running" ? bench.stop("web") : undefined;
      if (hook === "post-stop") bench.advance("5s");
      const forced = bench.stop("web", {}, { force: true });
      // A post-stop that begins now gets the time of the kill timeout.
      assert.deepEqual([stop?.outcome ?? "done", forced.outcome], ["done", "done"], `${semantics} ${hook}`);
      assert.equal(bench.state("web"), "stop/waiting");
      assert.equal(bench.timers, 0);
    }
  }
});

Deno.test("stop --force leaves the pre-stop out, bounds the post-stop, and waits for no event", () => {
  const bench = new Bench([
    job("web", { runs: ["main", "pre-stop", "post-stop"] }),
    job("hold", { startOn: "stopping web", task: true }),
  ]);
  bench.behave("web", "post-stop", "stubborn");
  bench.start("web");
  const stop = bench.stop("web", {}, { force: true });
  assert.equal(bench.state("web"), "stop/post-stop");
  assert.deepEqual(bench.traced(/web .* (gets|pre-stop)/), ["web main gets KILL"]);
  bench.advance("5s");
  assert.equal(
    stop.outcome,
    "Job failed while stopping\nweb post-stop process (1003) has run for 5 s, ending it",
  );
  assert.equal(bench.state("web"), "stop/waiting");
  // The next run is like any other.
  bench.exit("hold");
  bench.start("web");
  bench.stop("web");
  assert.equal(bench.state("web"), "stop/stopping");
});

Deno.test("stop --force of what does not run is refused", () => {
  const bench = new Bench([job("web")]);
  assert.equal(bench.stop("web", {}, { force: true }).outcome, "Unknown instance: ");
});
