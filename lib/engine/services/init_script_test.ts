/** Init scripts (`expect script`), in virtual time: what their start leaves behind is the service. */

import assert from "node:assert/strict";
import { SIGKILL, SIGTERM } from "../../model/signals.ts";
import { Bench } from "../../testing/bench.ts";
import { type Fields, job } from "../testing/definitions.ts";

/** A bench with the init script `web`, whose start runs until the test ends it. */
function scriptBench(fields: Fields = {}): Bench {
  const bench = new Bench([job("web", { expect: "script", runs: ["main", "pre-stop"], ...fields })]);
  bench.behave("web", "main", "stays");
  return bench;
}

/** Has the start end, with a daemon left behind. */
function startDaemon(bench: Bench): number {
  return bench.fork("web");
}

Deno.test("a script is up when its start has ended with success, and not before", () => {
  const bench = scriptBench();
  const start = bench.start("web");
  assert.deepEqual([bench.state("web"), start.outcome], ["start/spawned", undefined]);
  const daemon = startDaemon(bench);
  assert.deepEqual([bench.state("web"), start.outcome], ["start/running", "done"]);
  assert.equal(bench.pid("web"), daemon);
  assert.equal(bench.timers, 0);
});

Deno.test("a script that leaves nothing behind is up, and its stop runs all the same", () => {
  const bench = scriptBench();
  const start = bench.start("web");
  bench.exit("web");
  assert.deepEqual([bench.state("web"), start.outcome, bench.note("web")], ["start/running", "done", ""]);
  bench.restore();
  assert.equal(bench.stop("web").outcome, "done");
  assert(bench.trace.includes("web pre-stop runs"));
  assert.deepEqual(bench.traced(/gets/), []);
});

Deno.test("a start that fails fails the job, and says what its status means", () => {
  const bench = scriptBench();
  const start = bench.start("web");
  bench.exit("web", { status: 5 });
  assert.match(
    start.outcome!,
    /^Job failed to start\nweb main process .* status 5 \(program is not installed\)$/,
  );
  assert.equal(bench.state("web"), "stop/waiting");
  assert(!bench.trace.includes("web pre-stop runs"), "nothing is there to be stopped");
  assert.equal(bench.timers, 0);
});

Deno.test("the stop of a script ends its daemon; one that outlives it gets TERM and then KILL", () => {
  const bench = scriptBench({ killTimeout: 10 });
  bench.start("web");
  startDaemon(bench);
  bench.behave("web", "pre-stop", "stays");
  const stop = bench.stop("web");
  assert.equal(bench.state("web"), "stop/pre-stop");
  bench.exit("web", { signal: SIGTERM });
  assert.equal(bench.state("web"), "stop/pre-stop", "the script is not broken off");
  bench.exit("web", { status: 0 }, { process: "pre-stop" });
  assert.deepEqual([bench.state("web"), stop.outcome], ["stop/waiting", "done"]);
  assert.deepEqual(bench.traced(/gets/), []);

  const other = scriptBench({ killTimeout: 10 });
  other.behave("web", "main", "stubborn");
  other.start("web");
  startDaemon(other);
  other.stop("web");
  assert.equal(other.state("web"), "stop/killed");
  other.advance("10s");
  assert.equal(other.state("web"), "stop/waiting");
  assert.deepEqual(other.traced(/gets/), ["web main gets TERM", "web main gets KILL"]);
});

Deno.test("a start or restart while the script's stop runs starts it again when that is done", () => {
  for (const ask of ["start", "restart", "event"] as const) {
    for (const isDaemon of [true, false]) {
      const bench = scriptBench({ startOn: "up", stopOn: "down" });
      bench.behave("web", "pre-stop", "stays");
      bench.event("up");
      if (isDaemon) startDaemon(bench);
      else bench.exit("web");
      if (ask !== "restart") bench.event("down");
      const reply = ask === "start"
        ? bench.start("web")
        : ask === "restart"
        ? bench.restart("web")
        : bench.emit("up");
      assert.equal(bench.state("web"), "respawn/pre-stop");
      if (isDaemon) bench.exit("web");
      bench.restore();
      bench.exit("web", { status: 0 }, { process: "pre-stop" });
      assert.deepEqual([bench.state("web"), reply.outcome], ["start/spawned", undefined]);
      startDaemon(bench);
      assert.deepEqual([bench.state("web"), reply.outcome], ["start/running", "done"]);
      const stop = bench.stop("web");
      bench.exit("web");
      bench.exit("web", { status: 0 }, { process: "pre-stop" });
      assert.deepEqual([bench.state("web"), stop.outcome], ["stop/waiting", "done"]);
      assert.equal(bench.traced(/pre-stop runs/).length, 2);
    }
  }
});

Deno.test("a stop that waits for others has not begun: a start calls it off, and is answered", () => {
  const fields = (): Fields => ({
    expect: "script",
    runs: ["main", "pre-stop"],
    startOn: "up",
    stopOn: "down",
  });
  const bench = new Bench([job("base", fields()), job("web", { ...fields(), uses: ["base"] })]);
  for (const name of ["base", "web"]) bench.behave(name, "main", { status: 0 });
  bench.behave("web", "pre-stop", "stays");
  bench.event("up");
  bench.event("down");
  assert.deepEqual([bench.state("base"), bench.state("web")], ["stop/running", "stop/pre-stop"]);
  const up = bench.emit("up");
  bench.exit("web", { status: 0 }, { process: "pre-stop" });
  assert.deepEqual([bench.state("base"), bench.state("web")], ["start/running", "start/running"]);
  assert.equal(up.outcome, "done");
  assert.equal(bench.traced(/base main runs/).length, 1);
  assert.equal(bench.traced(/web main runs/).length, 2);
});

Deno.test("a daemon that is killed is dead, and the stop of the script is not run", () => {
  const bench = scriptBench();
  bench.start("web");
  startDaemon(bench);
  bench.exit("web", { signal: SIGKILL });
  assert.equal(bench.state("web"), "stop/waiting");
  assert(!bench.trace.includes("web pre-stop runs"));
  const { reason } = bench.engine.jobs.get("web")!.lastFailure!;
  assert.match(reason, /^its processes are gone: the last one \(\d+\) was killed by KILL$/);
});

Deno.test("processes that end with success leave the job up, and `status` says so", () => {
  const bench = scriptBench();
  bench.start("web");
  startDaemon(bench);
  bench.exit("web");
  assert.deepEqual([bench.state("web"), bench.note("web")], ["start/running", "its processes are gone"]);
  bench.restore();
  assert.equal(bench.note("web"), "its processes are gone");
  bench.stop("web");
  assert(bench.trace.includes("web pre-stop runs"));
  bench.start("web");
  assert.equal(bench.note("web"), "");
});

Deno.test("a start of a script whose processes are gone runs its start again, and not its stop", () => {
  const bench = scriptBench({ startOn: "rc-start RUNLEVEL=[2345]", stopOn: "rc-stop RUNLEVEL=[016]" });
  const enter = (level: string, previous: string) =>
    bench.event("rc-start", { RUNLEVEL: level, PREVLEVEL: previous });
  const begins = [() => enter("2", "S"), () => bench.start("web")];
  begins[0]!();
  for (const begin of begins) {
    startDaemon(bench);
    const runs = bench.traced(/web main runs/).length;
    enter("3", "2");
    assert.equal(bench.traced(/web main runs/).length, runs, "it is up, with its processes");
    bench.exit("web");
    assert.deepEqual([bench.state("web"), bench.note("web")], ["start/running", "its processes are gone"]);
    bench.restore();
    begin();
    assert.equal(bench.state("web"), "start/spawned");
    assert.equal(bench.traced(/web main runs/).length, runs + 1);
  }
  startDaemon(bench);
  assert.deepEqual([bench.state("web"), bench.note("web")], ["start/running", ""]);
  assert(!bench.trace.includes("web pre-stop runs"));
  bench.event("rc-stop", { RUNLEVEL: "1", PREVLEVEL: "2" });
  assert.equal(bench.state("web"), "stop/waiting");
  assert(bench.trace.includes("web pre-stop runs"));
});

Deno.test("a script that leaves nothing behind does its start at each change from a runlevel without it", () => {
  const levels = "RUNLEVEL=[12]", others = "PREVLEVEL!=[12]";
  const bench = scriptBench({ startOn: `rc-start ${levels} ${others}`, stopOn: "rc-stop RUNLEVEL=[06]" });
  const runs = () => bench.traced(/web main runs/).length;
  const enter = (level: string, previous: string) => {
    bench.event("rc-start", { RUNLEVEL: level, PREVLEVEL: previous });
    if (bench.state("web") === "start/spawned") bench.exit("web");
    assert.equal(bench.state("web"), "start/running");
    bench.restore();
  };
  enter("2", "N");
  enter("1", "2");
  assert.equal(runs(), 1, "the level before has started it");
  enter("3", "1");
  enter("1", "3");
  assert.equal(runs(), 2);
  bench.event("other");
  assert.match(bench.start("web").outcome!, /already running/);
  assert(!bench.trace.includes("web pre-stop runs"));
});

Deno.test("a start that hangs has half a minute when its script is to stop, and then as long as ever when it is not", () => {
  const bench = scriptBench({ startTimeout: 300 });
  bench.start("web");
  bench.stop("web");
  bench.advance("29s");
  assert.equal(bench.state("web"), "stop/spawned");
  bench.restore();
  bench.advance("2s");
  assert.equal(bench.state("web"), "stop/waiting");
  assert.deepEqual(bench.traced(/gets/), ["web main gets TERM"]);

  const other = scriptBench({ startTimeout: 300 });
  other.start("web");
  other.stop("web");
  other.start("web");
  other.advance("100s");
  assert.equal(other.state("web"), "start/spawned");
  startDaemon(other);
  assert.equal(other.state("web"), "start/running");
  assert.equal(other.timers, 0);
});

Deno.test("the process that a pid file names stands for all: by its end the service is dead", () => {
  const bench = scriptBench({ pidFile: "/run/web.pid" });
  bench.start("web");
  const [pid = 0] = bench.running.keys();
  const daemon = startDaemon(bench);
  assert.equal(bench.engine.tracksForks(pid, { status: 0 }, 0), false);
  assert.equal(bench.engine.tracksForks(daemon, { status: 0 }, 0), false);
  bench.restore();
  bench.exit("web");
  assert.equal(bench.state("web"), "stop/waiting");
  assert.match(bench.engine.jobs.get("web")!.lastFailure!.reason, /its processes are gone/);
});

Deno.test("with `respawn` a dead service is started again, however it ended", () => {
  for (const end of [{ status: 0 }, { signal: SIGKILL }]) {
    const bench = scriptBench({ respawn: true });
    bench.start("web");
    startDaemon(bench);
    bench.exit("web", end);
    assert.equal(bench.state("web"), "start/spawned");
    startDaemon(bench);
    assert.equal(bench.state("web"), "start/running");
  }
});

Deno.test("of several processes that were left behind, the next one is followed", () => {
  const bench = scriptBench();
  bench.start("web");
  startDaemon(bench);
  const next = bench.fork("web");
  assert.deepEqual([bench.state("web"), bench.pid("web")], ["start/running", next]);
});

Deno.test("where that was killed, `status` says so, and the script is up all the same", () => {
  const bench = scriptBench();
  bench.start("web");
  startDaemon(bench);
  const next = bench.fork("web", {}, { signal: SIGKILL });
  bench.restore();
  assert.deepEqual([bench.state("web"), bench.pid("web")], ["start/running", next]);
  assert.equal(bench.note("web"), "its main process is gone, and others of its processes run on");
  bench.restart("web");
  startDaemon(bench);
  assert.equal(bench.note("web"), "");
});

Deno.test("all that is left of a script that cannot be run any more is ended by its stop", () => {
  for (const isNamed of [false, true]) {
    const bench = scriptBench(isNamed ? { pidFile: "/run/web.pid" } : {});
    bench.behave("web", "pre-stop", { spawnFails: "No such file or directory" });
    bench.leave("web", 1);
    bench.start("web");
    startDaemon(bench);
    const stop = bench.stop("web");
    // Of sshd, those are left who are logged in.
    assert.deepEqual(bench.traced(/leftovers/), isNamed ? [] : ["web leftovers get TERM"]);
    bench.advance("20s");
    assert.deepEqual([bench.state("web"), stop.outcome, bench.timers], ["stop/waiting", "done", 0]);
  }
});

Deno.test("what a script has left behind may be found a moment later", () => {
  const bench = scriptBench();
  bench.start("web");
  bench.exit("web");
  assert.equal(bench.timers, 1);
  bench.restore();
  const process = { pid: 4711, forks: 1 };
  for (let count = 0; count < 2; count++) {
    bench.engine.handle({ kind: "left-behind", job: "web", instance: "", process }, {
      monotonic: 1,
      wall: 1,
    });
  }
  assert.equal(bench.pid("web"), 4711);
  const other = scriptBench();
  other.start("web");
  other.exit("web");
  other.advance("2s");
  assert.deepEqual([other.state("web"), other.timers], ["start/running", 0]);
});

Deno.test("a stop waits for the end of the start, and then runs the script's stop", () => {
  for (const action of ["stop", "restart"] as const) {
    const bench = scriptBench();
    bench.start("web");
    const reply = bench[action]("web");
    assert.deepEqual([bench.state("web").split("/")[1], reply.outcome], ["spawned", undefined]);
    bench.restore();
    startDaemon(bench);
    assert(bench.trace.includes("web pre-stop runs"), action);
    if (action === "stop") assert.equal(bench.state("web"), "stop/waiting");
    else assert.equal(bench.state("web"), "start/spawned");
  }
});

Deno.test("a script that is to stop need not get ready before its own stop runs", () => {
  for (const leavesDaemon of [true, false]) {
    const bench = scriptBench({ ready: { kind: "tcp", address: "80" } });
    bench.answer("web", "ready", { fails: "it refuses" });
    bench.start("web", {}, { wait: false });
    const stop = bench.stop("web");
    if (leavesDaemon) startDaemon(bench);
    else bench.exit("web");
    assert(bench.trace.includes("web pre-stop runs"));
    assert.equal(stop.outcome, "done");
  }
});

Deno.test("a restart runs the script's stop, which ends the daemon, and then its start", () => {
  const bench = scriptBench();
  bench.behave("web", "pre-stop", "stays");
  bench.start("web");
  startDaemon(bench);
  const reply = bench.restart("web");
  assert.equal(bench.state("web"), "respawn/pre-stop");
  bench.exit("web", { signal: SIGTERM });
  assert.deepEqual([bench.state("web"), reply.outcome], ["respawn/pre-stop", undefined]);
  bench.restore();
  bench.exit("web", { status: 0 }, { process: "pre-stop" });
  assert.deepEqual([bench.state("web"), reply.outcome], ["start/spawned", undefined]);
  startDaemon(bench);
  assert.deepEqual([bench.state("web"), reply.outcome], ["start/running", "done"]);
  assert.deepEqual(bench.traced(/gets/), []);
});

Deno.test("a start that fails while a restart waits for it is followed by another, without a stop", () => {
  const bench = scriptBench();
  bench.start("web");
  const reply = bench.restart("web");
  assert.equal(bench.state("web"), "respawn/spawned");
  bench.exit("web", { status: 1 });
  assert.deepEqual([bench.state("web"), reply.outcome], ["start/spawned", undefined]);
  startDaemon(bench);
  assert.deepEqual([bench.state("web"), reply.outcome], ["start/running", "done"]);
  assert(!bench.trace.includes("web pre-stop runs"));
});

Deno.test("a start that fails while a stop waits for it has nothing to be stopped", () => {
  const bench = scriptBench();
  bench.start("web");
  const stop = bench.stop("web");
  bench.exit("web", { status: 1 });
  assert.deepEqual([bench.state("web"), stop.outcome], ["stop/waiting", "done"]);
  assert(!bench.trace.includes("web pre-stop runs"));
});

Deno.test("a start that hangs is told of each minute, and ended where the job has a start timeout", () => {
  const bench = scriptBench({ startTimeout: 150 });
  const start = bench.start("web");
  bench.advance("150s");
  assert.match(start.outcome!, /web is not up 150 s after its start began/);
  assert.equal(bench.state("web"), "stop/waiting");
  assert.deepEqual(bench.traced(/gets/), ["web main gets TERM"]);
  const told = bench.log.filter((line) => /main process .* has run for/.test(line));
  assert.deepEqual(told.map((line) => /for (\d+) s/.exec(line)![1]), ["60", "120"]);
  assert.equal(bench.timers, 0);

  const endless = scriptBench();
  endless.start("web");
  endless.advance("10min");
  assert.equal(endless.state("web"), "start/spawned");
  assert.equal(endless.log.filter((line) => /has run for/.test(line)).length, 10);
});

Deno.test("a stop that waits for a start does not wait longer than that may take, nor does one by force", () => {
  const bench = scriptBench({ startTimeout: 90 });
  bench.start("web");
  bench.stop("web");
  bench.advance("90s");
  assert.equal(bench.state("web"), "stop/waiting");
  const other = scriptBench();
  other.start("web");
  other.stop("web");
  assert.equal(other.stop("web", {}, { force: true }).outcome, "done");
  assert.deepEqual(other.traced(/gets/), ["web main gets KILL"]);
});

Deno.test("the stop of a script has as much time as its start", () => {
  const bench = scriptBench({ startTimeout: 100 });
  bench.start("web");
  startDaemon(bench);
  bench.behave("web", "pre-stop", "stays");
  bench.stop("web");
  bench.advance("99s");
  assert.equal(bench.state("web"), "stop/pre-stop");
  bench.advance("1s");
  assert.equal(bench.state("web"), "stop/waiting");
});

Deno.test("a script that only has a stop is armed by its start", () => {
  const bench = scriptBench({ runs: ["pre-stop"] });
  assert.equal(bench.start("web").outcome, "done");
  assert.equal(bench.state("web"), "start/running");
  bench.stopAll(true);
  assert.equal(bench.state("web"), "stop/waiting");
  assert(bench.trace.includes("web pre-stop runs"));
});

Deno.test("scripts that one event stops run their stops in the reverse order of their starts", () => {
  const script = { expect: "script", runs: ["main", "pre-stop"], startOn: "go", stopOn: "end" } as const;
  const fields = () => ({ ...script, runs: [...script.runs] });
  const bench = new Bench([job("low", fields()), job("high", { ...fields(), uses: ["low"] })]);
  bench.behave("low", "main", { status: 0 });
  bench.behave("high", "main", { status: 0 });
  bench.behave("high", "pre-stop", "stays", { status: 0 });
  bench.event("go");
  assert.deepEqual([bench.state("low"), bench.state("high")], ["start/running", "start/running"]);
  bench.event("end");
  assert.deepEqual([bench.state("low"), bench.note("low")], ["stop/running", "waits for high to stop"]);
  bench.restore();
  bench.exit("high", { status: 0 }, { process: "pre-stop" });
  assert.deepEqual([bench.state("low"), bench.state("high")], ["stop/waiting", "stop/waiting"]);
  assert.deepEqual(bench.traced(/pre-stop runs/), ["high pre-stop runs", "low pre-stop runs"]);
});

Deno.test("a restart of a script that has to wait before it stops is not lost", () => {
  const fields = (): Fields => ({
    expect: "script",
    runs: ["main", "pre-stop"],
    startOn: "go",
    stopOn: "end",
  });
  const bench = new Bench([job("low", fields()), job("high", { ...fields(), uses: ["low"] })]);
  bench.behave("low", "main", { status: 0 });
  bench.behave("high", "main", { status: 0 });
  bench.behave("high", "pre-stop", "stays");
  bench.event("go");
  bench.stop("high");
  const reply = bench.restart("low");
  // It waits for the other one, which stops, too.
  assert.deepEqual([bench.state("low"), reply.outcome], ["respawn/running", undefined]);
  bench.exit("high", { status: 0 }, { process: "pre-stop" });
  assert.deepEqual([bench.state("low"), reply.outcome], ["start/running", "done"]);
  assert.equal(bench.traced(/low main runs/).length, 2);
});

Deno.test("rc waits for a stop that the level before has begun; a start of that level's is not for the last one", () => {
  const bench = new Bench([
    job("web", { expect: "script", runs: ["main", "pre-stop"], stopOn: "rc-stop RUNLEVEL=[016]" }),
    job("late", { startOn: "rc-start RUNLEVEL=3" }),
    job("halt", { startOn: "rc-start RUNLEVEL=0" }),
  ]);
  bench.engine.endsWithRunlevel = true;
  bench.start("web");
  bench.exit("web");
  bench.behave("web", "pre-stop", "stays");
  const stops = ["1", "0"].map((level) => {
    bench.emit("runlevel", { RUNLEVEL: level }, { wait: false });
    return bench.emit("rc-stop", { RUNLEVEL: level });
  });
  bench.restore();
  assert.deepEqual(stops.map(({ outcome }) => outcome), [undefined, undefined]);
  for (const level of ["3", "0"]) bench.emit("rc-start", { RUNLEVEL: level }, { wait: false });
  assert.deepEqual([bench.state("late"), bench.state("halt")], ["stop/waiting", "start/running"]);
  bench.exit("web", { status: 0 }, { process: "pre-stop" });
  assert.deepEqual(stops.map(({ outcome }) => outcome), ["done", "done"]);
  assert.equal(bench.state("web"), "stop/waiting");
});

Deno.test("a script that is forgotten is down: its daemon gets no signal, and its end is nobody's", () => {
  for (const isUp of [true, false]) {
    const bench = scriptBench({ runs: ["main", "pre-stop", "post-stop"] });
    const start = bench.start("web");
    const pid = isUp ? startDaemon(bench) : bench.pid("web");
    bench.request({ kind: "forget", job: "web", instance: "" });
    assert.deepEqual([bench.state("web"), start.outcome], ["stop/waiting", "done"]);
    assert.deepEqual(bench.traced(/gets|pre-stop/), []);
    assert(bench.trace.includes("web post-stop runs"));
    assert.equal(bench.timers, 0);
    assert.ok(bench.running.has(pid));
  }
});
