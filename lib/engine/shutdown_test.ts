/** Shutdown in the order that conditions imply, and the result of a run as one exit. */

import assert from "node:assert/strict";
import type { JobDefinition } from "../model/job.ts";
import { Bench } from "../testing/bench.ts";
import { and, job, or } from "./testing/definitions.ts";

/** A bench on which these services run; the stubborn ones end by SIGKILL alone. */
function running(jobs: JobDefinition[], stubborn: string[] = []): Bench {
  const bench = new Bench(jobs);
  for (const name of stubborn) bench.behave(name, "main", "stubborn");
  for (const { name, task } of jobs) if (!task) bench.start(name);
  return bench;
}

/** The main processes that still run. */
function left(bench: Bench): string[] {
  return Array.from(bench.running.values(), (process) => process.job).sort();
}

Deno.test("what stops on `stopping X` is gone before X is told to end", () => {
  const bench = running([
    job("database"),
    job("web", { stopOn: "stopping database", killTimeout: 3 }),
    job("proxy", { stopOn: or("stopping web", "runlevel 0"), killTimeout: 2 }),
    job("cron"),
  ], ["database", "web", "proxy"]);
  assert.deepEqual(left(bench), ["cron", "database", "proxy", "web"]);
  bench.stopAll(true);
  assert.deepEqual(left(bench), ["database", "proxy", "web"]);
  bench.advance("2s");
  assert.deepEqual(left(bench), ["database", "web"]);
  bench.advance("3s");
  assert.deepEqual(left(bench), ["database"]);
  bench.advance("5s");
  assert.deepEqual(left(bench), []);
});

Deno.test("the order is kept when more is to do than one input may dispatch", () => {
  const others = Array.from({ length: 40 }, (_, index) => job(`job${index}`, { runs: ["main", "pre-stop"] }));
  const bench = running([
    ...others,
    job("database"),
    job("web", { stopOn: "stopping database", killTimeout: 3 }),
  ], ["database", "web"]);
  bench.stopAll(true);
  bench.advance("1s");
  assert.deepEqual(left(bench), ["database", "web"]);
  assert.deepEqual(bench.traced(/(database|web) main gets/), ["web main gets TERM"]);
  bench.advance("2s");
  assert.deepEqual(left(bench), ["database"]);
  bench.advance("5s");
  assert.deepEqual(left(bench), []);
});

Deno.test("what stops on `stopped X` goes after X", () => {
  const bench = running([job("web"), job("log", { stopOn: "stopped web" })]);
  bench.stopAll(true);
  assert.deepEqual(left(bench), []);
  const stops = bench.trace.filter((line) => /TERM/.test(line)).map((line) => /web|log/.exec(line)?.[0]);
  assert.deepEqual([...new Set(stops)], ["web", "log"]);
});

Deno.test("those that wait for each other, for nobody or for a failure go at once", () => {
  const bench = running([
    job("chicken", { stopOn: "stopping egg" }),
    job("egg", { stopOn: "stopping chicken" }),
    job("lonely", { stopOn: "stopping nobody" }),
    job("both", { stopOn: and("stopping lonely", "never") }),
    job("own", { stopOn: "stopping own" }),
    job("failed", { stopOn: "stopping lonely RESULT=failed" }),
  ]);
  bench.stopAll(true);
  assert.deepEqual(left(bench), []);
});

Deno.test("tasks that the way down starts are done; services that it starts are stopped", () => {
  const bench = running([
    job("web"),
    job("backup", { startOn: "stopping web", task: true }),
    job("farewell", { startOn: "stopped web", task: true }),
    job("spare", { startOn: "stopped web" }),
  ]);
  bench.behave("backup", "main", { status: 0, after: "1s" });
  bench.behave("farewell", "main", { status: 0, after: "2s" });
  bench.stopAll(true);
  assert.deepEqual(left(bench), ["backup", "web"]);
  bench.advance("1s");
  assert.deepEqual(left(bench), ["farewell"]);
  bench.advance("2s");
  assert.deepEqual(left(bench), []);
});

Deno.test("a task that was to wait for its turn, and is run anew, is done", () => {
  const bench = running([
    job("web", { after: ["task"], killTimeout: 10 }),
    job("task", { task: true, startOn: "go", runs: ["main", "post-stop"] }),
  ], ["web"]);
  bench.behave("task", "post-stop", { status: 0, after: "2s" });
  bench.emit("go", {}, { wait: false });
  bench.stopAll(true);
  bench.exit("task");
  bench.emit("go", {}, { wait: false });
  bench.advance("20s");
  assert.deepEqual(left(bench), ["task"]);
});

Deno.test("nothing is respawned on the way down", () => {
  const bench = running(
    [job("database"), job("web", { stopOn: "stopping database", respawn: true })],
    ["web"],
  );
  bench.stopAll(true);
  bench.exit("web", { status: 1 });
  assert.deepEqual(left(bench), []);
});

Deno.test("no service starts by what the way down ends, in whatever order", () => {
  const pairs = Array.from({ length: 30 }, (_, index) => [
    job(`migrate${index}`, { task: true }),
    job(`app${index}`, { startOn: `stopped migrate${index} RESULT=ok` }),
    job(`spare${index}`, { startOn: or(`stopping migrate${index}`, "later"), respawn: true }),
  ]).flat();
  for (const inOrder of [true, false]) {
    const bench = new Bench(pairs);
    for (let index = 0; index < 30; index++) bench.start(`migrate${index}`);
    bench.stopAll(inOrder);
    bench.emit("later");
    assert.deepEqual(bench.traced(/^(app|spare)/), []);
    assert.equal(bench.engine.hasProcesses, false);
  }
});

Deno.test("services on session-end, and on the runlevels 0 and 6, start on the way down; on others they do not", () => {
  const bench = new Bench([
    job("saver", { startOn: "session-end" }),
    job("splash", { startOn: and("runlevel RUNLEVEL=[06]", "stopped web") }),
    job("single", { startOn: "runlevel [!2345]" }),
    job("web", { startOn: "runlevel [2345]" }),
  ]);
  bench.emit("runlevel", { RUNLEVEL: "2" });
  bench.stopAll();
  for (const RUNLEVEL of ["2", "1", "6"]) bench.emit("runlevel", { RUNLEVEL });
  bench.event("session-end", { TYPE: "logout" });
  assert.deepEqual(left(bench), ["saver", "single", "splash"]);
  bench.stopAll();
  assert.deepEqual(left(bench), []);
});

Deno.test("on the way down nobody starts a service by asking; a pre-stop cannot call the stop off", () => {
  const bench = running([
    job("web", { runs: ["main", "pre-stop"] }),
    job("other"),
    job("mail", { task: true }),
  ]);
  bench.behave("web", "pre-stop", "stays");
  bench.stopAll(true);
  const refused = bench.start("other");
  assert.equal(refused.error, "JobFailed");
  assert.equal(refused.outcome, "Unable to start other: init is on its way down");
  assert.equal(bench.fromWithin("start", "web").outcome, "Unable to start web: init is on its way down");
  assert.equal(bench.restart("web").outcome, "Unable to restart web: init is on its way down");
  bench.exit("web", { status: 0 }, { process: "pre-stop" });
  assert.deepEqual(left(bench), []);
  bench.start("mail");
  assert.deepEqual(left(bench), ["mail"]);
});

Deno.test("what is not up yet when the way down begins does not come up while it waits for its turn", () => {
  const bench = new Bench([
    job("database"),
    job("web", { runs: ["pre-start", "main"], stopOn: "stopping database" }),
    job("respawned", { runs: ["main", "post-start"], respawn: true, stopOn: "stopping database" }),
    job("restarted", { runs: ["main", "post-stop"], stopOn: "stopping database" }),
  ]);
  bench.behave("database", "main", "stubborn");
  bench.behave("web", "pre-start", "stays");
  bench.behave("respawned", "post-start", "stays");
  bench.behave("restarted", "post-stop", "stays");
  for (const name of ["database", "web", "respawned", "restarted"]) bench.start(name);
  bench.exit("respawned", { status: 1 });
  bench.restart("restarted");
  assert.deepEqual([bench.state("respawned"), bench.state("restarted")], [
    "respawn/post-start",
    "start/post-stop",
  ]);
  bench.stopAll(true);
  const { length } = bench.trace;
  bench.exit("web", { status: 0 }, { process: "pre-start" });
  bench.exit("respawned", { status: 0 }, { process: "post-start" });
  bench.exit("restarted", { status: 0 }, { process: "post-stop" });
  bench.advance("10s");
  assert.deepEqual(bench.trace.slice(length).filter((line) => line.endsWith("main runs")), []);
  assert.equal(bench.engine.hasProcesses, false);
});

Deno.test("where init goes with the last runlevel, that is the way down; another runlevel is the way back", () => {
  const jobs = [
    job("migrate", { task: true, stopOn: "runlevel [!2345]" }),
    job("app", { startOn: "stopped migrate RESULT=ok" }),
    job("rc", { startOn: "stopped migrate", task: true }),
    job("splash", { startOn: and("runlevel RUNLEVEL=6", "stopped migrate") }),
  ];
  for (const ends of [true, false]) {
    const bench = new Bench(jobs);
    bench.engine.endsWithRunlevel = ends;
    bench.start("migrate");
    bench.emit("runlevel", { RUNLEVEL: "6" }, { wait: false });
    assert.deepEqual(left(bench), ends ? ["rc", "splash"] : ["app", "rc", "splash"]);
    bench.emit("runlevel", { RUNLEVEL: "2" }, { wait: false });
    bench.start("migrate");
    bench.stop("migrate");
    assert(left(bench).includes("app"));
  }
});

Deno.test("thousands of services that stop on one other go quickly", () => {
  const services = Array.from(
    { length: 3000 },
    (_, index) => job(`web${index}`, { stopOn: "stopping database" }),
  );
  const bench = running([job("database"), ...services]);
  bench.stopAll(true);
  bench.advance("1s");
  assert.deepEqual(left(bench), []);
});
