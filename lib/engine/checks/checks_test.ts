/** Readiness and health: what the answers of checks lead to, in virtual time. */

import assert from "node:assert/strict";
import type { CheckDefinition } from "../../model/checks/check.ts";
import type { JobDefinition } from "../../model/job.ts";
import { Bench } from "../../testing/bench.ts";
import type { Effect } from "../effects.ts";
import { Engine } from "../engine.ts";
import { type Fields, job } from "../testing/definitions.ts";

const READY: CheckDefinition = { kind: "http", url: "http://127.0.0.1:$PORT/" };
const ALIVE: CheckDefinition = { kind: "tcp", address: "$PORT" };
const REFUSED = { fails: "connection refused on 127.0.0.1:80" };

/** A bench with the job `web`. */
function benchWith(fields: Fields): Bench {
  return new Bench([job("web", { env: ["PORT=80"], ...fields }), job("proxy", { startOn: "started web" })]);
}

/** The remark that `status` shows. */
function note(bench: Bench): string {
  return bench.engine.jobs.get("web")?.instances.get("")?.note(bench.now) ?? "";
}

Deno.test("what a reason repeats makes no lines of its own, in status and in answers", () => {
  const bench = benchWith({ ready: READY, startTimeout: 5 });
  bench.answer("web", "ready", { fails: "no \x1b[2J\nother start/running" });
  const start = bench.start("web");
  assert.equal(note(bench), "not ready: no \\e[2J\\nother start/running");
  bench.advance("5s");
  assert.equal(
    start.outcome,
    "Job failed to start\nweb is not ready after 5 s: no \\e[2J\\nother start/running",
  );
});

Deno.test("a job is up when its check passes, and not before: started and post-start wait", () => {
  const bench = benchWith({ ready: READY, runs: ["main", "post-start"] });
  bench.answer("web", "ready", REFUSED);
  const start = bench.start("web");
  bench.advance("1h");
  assert.equal(bench.state("web"), "start/spawned");
  assert.equal(note(bench), "not ready: connection refused on 127.0.0.1:80");
  assert.deepEqual([start.outcome, bench.state("proxy")], [undefined, "stop/waiting"]);
  bench.answer("web", "ready", "passes");
  assert.deepEqual(
    bench.traced(/^web -> (post-start|running)|post-start runs/),
    [
      "web -> post-starting",
      "web post-start runs",
      "web -> post-start",
      "web -> running",
    ].sort((one, other) => bench.trace.indexOf(one) - bench.trace.indexOf(other)),
  );
  assert.deepEqual([start.outcome, bench.state("proxy"), note(bench)], ["done", "start/running", ""]);
});

Deno.test("a check has its instance's variables put in; a command has the environment of a process", () => {
  const bench = benchWith({ ready: READY, instance: "$PORT" });
  const command: CheckDefinition = { kind: "exec", command: { kind: "exec", command: "true $PORT" } };
  for (
    const [ready, check, environment] of [
      [READY, { kind: "http", url: "http://127.0.0.1:80/" }, []],
      [command, command, ["PORT=80"]],
    ] as const
  ) {
    const definition = job("web", { env: ["PORT=80"], ready });
    assert.deepEqual(effectsOf(definition).find(({ kind }) => kind === "start-check"), {
      kind: "start-check",
      check: 2,
      what: { use: "ready", check },
      definition,
      instance: "",
      environment,
    });
  }
  bench.start("web", { PORT: "8080" });
  assert.equal(bench.state("web", "8080"), "start/running");
});

/** The effects up to the start of a job's checks. */
function effectsOf(definition: JobDefinition): Effect[] {
  const engine = new Engine(), now = { monotonic: 0, wall: 0 };
  engine.handle({ kind: "definitions", changes: [{ name: "web", definition }] }, now);
  const what = { kind: "start" as const, job: "web", environment: [], wait: true };
  engine.handle({ kind: "request", request: 1, what }, now);
  return engine.handle({ kind: "spawned", spawn: 1, pid: 7 }, now);
}

Deno.test("a variable that is not set is told: the job does not get ready, and is not checked", () => {
  const bench = benchWith({ env: [], ready: READY });
  const start = bench.start("web");
  assert.equal(note(bench), "not ready: Unknown parameter: PORT");
  assert(bench.log.includes("web cannot be checked (ready): Unknown parameter: PORT"));
  assert.deepEqual(bench.traced(/check/), []);
  bench.stop("web");
  assert.equal(start.outcome, "done");
});

Deno.test("the end of the main process, and a stop, end the check", () => {
  for (
    const end of [(bench: Bench) => bench.exit("web", { status: 1 }), (bench: Bench) => bench.stop("web")]
  ) {
    const bench = benchWith({ ready: READY });
    bench.answer("web", "ready", REFUSED);
    bench.start("web");
    end(bench);
    assert.equal(bench.state("web"), "stop/waiting");
    bench.answer("web", "ready", "passes");
    assert.deepEqual(bench.traced(/passes/), []);
  }
});

Deno.test("a respawn is checked anew", () => {
  const bench = benchWith({ ready: READY, respawn: true });
  bench.start("web");
  bench.answer("web", "ready", REFUSED);
  bench.exit("web", { status: 1 });
  assert.equal(bench.state("web"), "start/spawned");
  bench.answer("web", "ready", "passes");
  assert.equal(bench.state("web"), "start/running");
});

Deno.test("with expect, both are waited for", () => {
  for (const order of ["expect first", "check first"]) {
    const bench = benchWith({ ready: READY, expect: "fork" });
    bench.answer("web", "ready", REFUSED);
    bench.start("web");
    const steps = [() => bench.fork("web"), () => bench.answer("web", "ready", "passes")];
    const [one, other] = order === "expect first" ? steps : steps.reverse();
    one!();
    assert.equal(bench.state("web"), "start/spawned", order);
    other!();
    assert.equal(bench.state("web"), "start/running", order);
  }
});

Deno.test("a job without a main process of its own waits for its check, too", () => {
  const bench = benchWith({ ready: READY, runs: ["pre-start"] });
  bench.answer("web", "ready", REFUSED);
  bench.start("web");
  assert.equal(bench.state("web"), "start/spawned");
  bench.answer("web", "ready", "passes");
  assert.equal(bench.state("web"), "start/running");
});

Deno.test("a job that tells of itself is up when it says so, maybe before it is known to run", () => {
  const bench = benchWith({ ready: { kind: "notify" } });
  const start = bench.start("web");
  bench.advance("1h");
  assert.deepEqual([start.outcome, note(bench)], [undefined, "not ready: it has not sent READY=1"]);
  bench.ready("web");
  assert.deepEqual([start.outcome, bench.state("web")], ["done", "start/running"]);

  const engine = new Engine(), now = { monotonic: 0, wall: 0 };
  const definition = job("web", { ready: { kind: "notify" } });
  engine.handle({ kind: "definitions", changes: [{ name: "web", definition }] }, now);
  const what = { kind: "start" as const, job: "web", environment: [], wait: true };
  engine.handle({ kind: "request", request: 1, what }, now);
  engine.handle({ kind: "ready", job: "web", instance: "" }, now);
  engine.handle({ kind: "spawned", spawn: 1, pid: 7 }, now);
  assert.equal(engine.jobs.get("web")!.instances.get("")!.state, "running");
});

Deno.test("a job that is checked cannot say itself that it is ready", () => {
  const bench = benchWith({ ready: READY });
  bench.answer("web", "ready", REFUSED);
  bench.start("web");
  bench.ready("web");
  assert.equal(bench.state("web"), "start/spawned");
});

Deno.test("an unhealthy job is started again as if it had failed, and events tell of it", () => {
  const bench = benchWith({ alive: ALIVE, respawn: true, runs: ["main", "post-stop"] });
  bench.start("web");
  const first = bench.pid("web");
  bench.answer("web", "alive", REFUSED);
  assert(bench.log.includes("web is unhealthy: connection refused on 127.0.0.1:80, restarting"));
  assert.notEqual(bench.pid("web"), first);
  assert(bench.trace.includes("web main gets TERM") && bench.trace.includes("web post-stop runs"));
  assert.deepEqual(bench.events("unhealthy")[0], "unhealthy JOB=web INSTANCE= REASON=" + REFUSED.fails);
  assert.equal(bench.state("web"), "start/running");
  for (let round = 0; round < 10; round++) bench.answer("web", "alive", REFUSED);
  assert(bench.log.includes("web respawning too fast, stopped"));
  assert.equal(bench.state("web"), "stop/waiting");
});

Deno.test("without respawn an unhealthy job has failed", () => {
  const bench = benchWith({ alive: ALIVE });
  bench.start("web");
  bench.answer("web", "alive", REFUSED);
  assert.equal(bench.state("web"), "stop/waiting");
  assert(bench.log.includes("web is unhealthy: connection refused on 127.0.0.1:80, stopping"));
  assert.deepEqual(bench.events("stopped"), ["stopped JOB=web INSTANCE= RESULT=failed PROCESS=health"]);
});

Deno.test("then event: only events and the status tell of it, until the job is healthy again", () => {
  const bench = benchWith({ alive: { ...ALIVE, then: "event" }, respawn: true });
  bench.start("web");
  bench.answer("web", "alive", REFUSED);
  assert.equal(bench.state("web"), "start/running");
  assert.equal(note(bench), "unhealthy: connection refused on 127.0.0.1:80");
  assert.deepEqual(bench.events("healthy"), []);
  bench.answer("web", "alive", "passes");
  bench.answer("web", "alive", "passes");
  assert.equal(note(bench), "");
  assert.deepEqual(bench.events("healthy"), ["healthy JOB=web INSTANCE="]);
});

Deno.test("then stop: the job is stopped, though it respawns", () => {
  const bench = benchWith({ alive: { ...ALIVE, then: "stop" }, respawn: true });
  bench.start("web");
  bench.answer("web", "alive", REFUSED);
  assert.equal(bench.state("web"), "stop/waiting");
});

Deno.test("then exit: the job's end is to end init, with a failure", () => {
  const engine = new Engine(), now = { monotonic: 0, wall: 0 };
  const definition = job("web", { alive: { kind: "tcp", address: "80", then: "exit" }, respawn: true });
  engine.handle({ kind: "definitions", changes: [{ name: "web", definition }] }, now);
  const what = { kind: "start" as const, job: "web", environment: [], wait: true };
  engine.handle({ kind: "request", request: 1, what }, now);
  const started = engine.handle({ kind: "spawned", spawn: 1, pid: 7 }, now);
  const check = started.find((effect) => effect.kind === "start-check")!.check;
  engine.handle({ kind: "check-failed", check, reason: "no" }, now);
  const effects = engine.handle({ kind: "exited", pid: 7, exit: { status: 0 } }, now);
  const notice = effects.find((effect) =>
    effect.kind === "notice" && effect.notice.kind === "instance-removed"
  );
  assert.deepEqual(notice, {
    kind: "notice",
    notice: { kind: "instance-removed", job: "web", instance: "", exit: { status: 1 }, endsInit: true },
  });
});

Deno.test("health is checked from running on, and not any more once the job is to stop", () => {
  const bench = benchWith({ alive: ALIVE, runs: ["main", "post-start", "pre-stop"] });
  bench.behave("web", "post-start", { status: 0, after: "5s" });
  bench.behave("web", "pre-stop", { status: 0, after: "5s" });
  bench.start("web");
  assert.deepEqual(bench.traced(/check/), []);
  bench.advance("5s");
  assert.deepEqual(bench.traced(/check/), ["web check alive passes"]);
  bench.stop("web");
  bench.advance("1s");
  // A pre-stop that calls the stop off: the job is checked again.
  bench.fromWithin("start", "web");
  bench.advance("5s");
  assert.deepEqual(bench.traced(/check/), ["web check alive passes", "web check alive passes"]);
});

Deno.test("a job above its ceiling is started again, whatever its check of health would do", () => {
  const alive: CheckDefinition = { kind: "tcp", address: "80", then: "event" };
  const bench = benchWith({ restartAbove: { memory: 1 << 29 }, alive, respawn: true });
  bench.start("web");
  const first = bench.pid("web");
  bench.answer("web", "memory", { fails: "it uses 600 MB, more than 512 MB" });
  assert.notEqual(bench.pid("web"), first);
  assert(bench.log.includes("web is unhealthy: it uses 600 MB, more than 512 MB, restarting"));
});

Deno.test("checks survive a save and a restore", () => {
  const bench = benchWith({ ready: READY, alive: { ...ALIVE, then: "event" } });
  bench.answer("web", "ready", REFUSED);
  bench.start("web");
  bench.restore();
  assert.equal(note(bench), "not ready: connection refused on 127.0.0.1:80");
  bench.answer("web", "ready", "passes");
  bench.answer("web", "alive", REFUSED);
  bench.restore();
  assert.equal(note(bench), "unhealthy: connection refused on 127.0.0.1:80");
  bench.answer("web", "alive", "passes");
  assert.deepEqual(bench.events("healthy"), ["healthy JOB=web INSTANCE="]);
});

Deno.test("not ready in time is a failed start, with the last reason", () => {
  const bench = benchWith({ ready: READY, startTimeout: 30 });
  bench.answer("web", "ready", { fails: "no answer" });
  const start = bench.start("web");
  bench.advance("29s");
  bench.answer("web", "ready", REFUSED);
  assert.equal(start.outcome, undefined);
  bench.advance("1s");
  const message = "web is not ready after 30 s: connection refused on 127.0.0.1:80";
  assert.equal(start.outcome, `Job failed to start\n${message}`);
  assert(bench.log.includes(message));
  assert.equal(bench.state("web"), "stop/waiting");
});

Deno.test("a service that ends before it is ready has failed, whatever its status", () => {
  const bench = benchWith({ ready: READY });
  bench.answer("web", "ready", REFUSED);
  const start = bench.start("web");
  bench.exit("web", { status: 0 });
  assert.equal(start.error, "JobFailed");
});
