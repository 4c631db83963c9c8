/** Changes of definitions while jobs run, the tables of variables, muted notices, and the view of the state. */

import assert from "node:assert/strict";
import { Bench } from "../testing/bench.ts";
import { type Effect, type Input, NOTICE_KINDS, type NoticeKind } from "./effects.ts";
import { Engine } from "./engine.ts";
import { and, job } from "./testing/definitions.ts";

const AT_ZERO = { monotonic: 0, wall: 0 };

Deno.test("a running job keeps its definition, over restart and respawn, until it has stopped", () => {
  const bench = new Bench([job("web", { env: ["N=1"], stopOn: "off1", respawn: true })]);
  bench.start("web");
  bench.define(job("web", { env: ["N=2"], stopOn: "off2" }));
  bench.restart("web");
  bench.exit("web", { signal: 9 });
  assert.equal(bench.environment("web")["N"], "1");
  bench.emit("off2");
  assert.equal(bench.state("web"), "start/running");
  bench.emit("off1");
  bench.start("web");
  assert.equal(bench.environment("web")["N"], "2");
});

Deno.test("with several instances the new definition waits for the last one; of several changes the last counts", () => {
  const bench = new Bench([job("a", { instance: "$I" })]);
  bench.start("a", { I: "1" });
  bench.define(job("a", { instance: "$J" }));
  bench.define(job("a", { instance: "$K" }));
  bench.start("a", { I: "2" });
  bench.stop("a", { I: "1" });
  bench.stop("a", { I: "2" });
  assert.equal(bench.start("a").outcome, "Unknown parameter: K");
});

Deno.test("a change taken back while the job runs is none", () => {
  const bench = new Bench([job("web", { startOn: "go" })]);
  bench.emit("go");
  bench.remove("web");
  bench.define(job("web", { startOn: "go" }));
  bench.stop("web");
  bench.emit("go");
  assert.equal(bench.state("web"), "start/running");
});

Deno.test("a stopped job changes at once; half an `and` is kept if the condition is the same", () => {
  const bench = new Bench(["a", "b"].map((name) => job(name, { startOn: and("one", "two") })));
  const one = bench.emit("one");
  bench.define(job("a", { usage: "new", startOn: and("one", "two") }));
  bench.define(job("b", { startOn: and("three", "two") }));
  assert.equal(one.outcome, undefined);
  bench.emit("two", {}, { wait: false });
  assert.equal(one.outcome, "done");
  assert.equal(bench.state("a"), "start/running");
  assert.equal(bench.state("b"), "stop/waiting");
});

Deno.test("a job removed while it runs can be restarted and stopped, is started by no event, then it is unknown", () => {
  const bench = new Bench([job("web", { startOn: and("go", "on") })]);
  bench.start("web");
  const half = bench.emit("go");
  bench.remove("web");
  assert.equal(half.outcome, "done");
  assert.equal(bench.start("web").outcome, "Job is already running: web");
  assert.equal(bench.restart("web").outcome, "done");
  assert.equal(bench.stop("web").outcome, "done");
  assert.equal(bench.start("web").outcome, "Unknown job: web");
  assert.equal(bench.emit("go").outcome, "done");
});

Deno.test("a job removed while an event waits for it lets the event go", () => {
  const bench = new Bench([job("a", { startOn: and("starting web", "never") }), job("web")]);
  const start = bench.start("web");
  assert.equal(bench.state("web"), "start/starting");
  bench.remove("a");
  assert.equal(start.outcome, "done");
});

Deno.test("tables of variables: everybody's reaches instances and new starts, an instance's own stays its own", () => {
  const bench = new Bench([job("web", { env: ["OWN=1"] }), job("other")]);
  const { environments } = bench.engine;
  bench.start("web");
  environments.set("A=1", true);
  environments.set("A=2", false);
  environments.set("B=web", true, { job: "web", instance: "" });
  assert.deepEqual(environments.list({ job: "web", instance: "" }), ["A=1", "B=web", "OWN=1"]);
  assert.deepEqual(environments.list(), ["A=1"]);
  bench.start("other");
  assert.deepEqual(bench.environment("other"), { A: "1" });
  environments.reset({ job: "web", instance: "" });
  assert.equal(environments.get("B", { job: "web", instance: "" }), undefined);
  environments.unset("A");
  assert.equal(environments.get("A", { job: "web", instance: "" }), undefined);
  environments.set("C=1", true);
  environments.reset();
  assert.deepEqual(environments.list(), []);
  assert.throws(() => environments.list({ job: "web", instance: "x" }), /Unknown instance: x of job web/);
  assert.throws(() => environments.list({ job: "nobody", instance: "" }), /Unknown job: nobody/);
});

Deno.test("what the engine tells: names of instances, events that are awaited, whether anything runs", () => {
  const { engine } = new Bench([job("tty", { instance: "tty-$N", startOn: "go", stopOn: "down" })]);
  assert.equal(engine.instanceName("tty", ["N=1"]), "tty-1");
  assert.throws(() => engine.instanceName("tty", []), /Unknown parameter: N/);
  assert.equal(engine.awaitsEvent("go"), true);
  assert.equal(engine.awaitsEvent("down"), false);
  assert.equal(engine.hasProcesses, false);
});

Deno.test("what nobody wants to know is not among the effects, and all else is", () => {
  const kinds = (muted: readonly NoticeKind[]) => {
    const engine = new Engine();
    engine.muted = new Set(muted);
    const definition = job("web", { startOn: "go" });
    const inputs: Input[] = [
      { kind: "definitions", changes: [{ name: "web", definition }] },
      { kind: "event", event: "go", environment: [] },
    ];
    const effects = inputs.flatMap((input) => engine.handle(input, AT_ZERO));
    return new Set(effects.map((effect) => effect.kind === "notice" ? effect.notice.kind : effect.kind));
  };
  const all = [
    "job-added",
    "log",
    "instance-added",
    "goal-changed",
    "state-changed",
    "event-begun",
    "event-emitted",
    "spawn",
  ];
  assert.deepEqual(kinds([]).symmetricDifference(new Set(all)), new Set());
  assert.deepEqual(kinds(NOTICE_KINDS), new Set(["spawn"]));
  assert.deepEqual(kinds(["info", "state-changed"]).has("goal-changed"), true);
});

Deno.test("states that an instance only goes through are left out where nobody wants them", () => {
  const states = (muted: readonly NoticeKind[]) => {
    const engine = new Engine();
    engine.muted = new Set(["info", ...muted]);
    const definition = job("web", { startOn: "go" });
    engine.handle({ kind: "definitions", changes: [{ name: "web", definition }] }, AT_ZERO);
    const effects: Effect[] = engine.handle({ kind: "event", event: "go", environment: [] }, AT_ZERO);
    const spawn = effects.find((effect) => effect.kind === "spawn")!.spawn;
    effects.push(...engine.handle({ kind: "spawned", spawn, pid: 42 }, AT_ZERO));
    return effects.flatMap((one) =>
      one.kind === "notice" && one.notice.kind === "state-changed" ? one.notice.state : []
    );
  };
  assert.deepEqual(states(["passing-state"]), ["starting", "spawning", "running"]);
  assert.ok(states([]).length > 6);
});

Deno.test("of very many processes the first are asked for before the others are thought of", () => {
  const names = Array.from({ length: 100 }, (_, index) => `job${index}`);
  const engine = new Engine();
  const changes = names.map((name) => ({ name, definition: job(name, { startOn: "go" }) }));
  engine.handle({ kind: "definitions", changes }, AT_ZERO);
  const counts: number[] = [];
  for (let input: Input | undefined = { kind: "event", event: "go", environment: [] }; input;) {
    const effects: Effect[] = engine.handle(input, AT_ZERO);
    counts.push(effects.filter(({ kind }) => kind === "spawn").length);
    const more = effects.find((effect) => effect.kind === "set-timer");
    input = more && { kind: "timer", timer: more.timer };
  }
  assert.deepEqual(counts, [32, 32, 32, 4]);
});

Deno.test("what comes too late, or of what the engine knows nothing, has no effect", () => {
  const { engine } = new Bench([job("web")]);
  assert.deepEqual(engine.handle({ kind: "spawned", spawn: 99, pid: 5 }, AT_ZERO), []);
  assert.deepEqual(engine.handle({ kind: "spawn-failed", spawn: 99, reason: "" }, AT_ZERO), []);
  assert.deepEqual(engine.handle({ kind: "exited", pid: 99, exit: { status: 0 } }, AT_ZERO), []);
  assert.deepEqual(engine.handle({ kind: "stopped", pid: 99, signal: 19 }, AT_ZERO), []);
  assert.deepEqual(engine.handle({ kind: "timer", timer: 99 }, AT_ZERO), []);
});

Deno.test("a view tells who waits for what, and survives JSON", () => {
  const bench = new Bench([
    job("web", { instance: "$N", env: ["A=1"], stopOn: and("dusk", "calm") }),
    job("hold", { startOn: "starting web", task: true }),
    job("half", { startOn: and("go", "on") }),
  ]);
  bench.start("web", { N: "x" });
  bench.emit("go", { K: "v" }, { wait: false });
  bench.define(job("web"));
  const view = bench.engine.view();
  assert.deepEqual(JSON.parse(JSON.stringify(view)), view);
  const [web, hold, half] = view.jobs;
  assert.deepEqual(view.events, [
    {
      name: "starting",
      environment: ["JOB=web", "INSTANCE=x"],
      progress: "handling",
      failed: false,
      holders: 1,
      waiters: [{ job: "web", instance: "x" }],
    },
    { name: "go", environment: ["K=v"], progress: "handling", failed: false, holders: 1, waiters: [] },
  ]);
  assert.deepEqual(web?.successor, job("web"));
  assert.deepEqual(web?.instances, [{
    name: "x",
    goal: "start",
    state: "starting",
    environment: ["A=1", "N=x"],
    processes: {},
    spawning: false,
    timer: false,
    blocker: 0,
    pending: [{ request: 1, action: "start" }],
    stopOn: [null, null],
    respawns: 0,
  }]);
  assert.deepEqual(hold?.instances[0]?.processes, { main: bench.pid("hold") });
  assert.deepEqual(hold?.instances[0]?.pending, [{ event: 0 }]);
  assert.deepEqual(half?.startOn, [1, null]);
});
