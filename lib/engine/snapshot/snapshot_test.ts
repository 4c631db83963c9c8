/** Snapshots in histories that chance seldom finds, with other clocks, and from outside. */

import fc from "fast-check";
import assert from "node:assert/strict";
import { environment } from "../../model/environment.ts";
import type { JobDefinition } from "../../model/job.ts";
import type { Effect, Input } from "../effects.ts";
import { Engine } from "../engine.ts";
import { Simulator } from "../simulator/simulator.ts";
import { RestoredSimulator } from "../testing/restored_simulator.ts";
import { SNAPSHOT_VERSION } from "./engine_snapshot.ts";
import { and, job, on, or } from "../testing/definitions.ts";

function define(simulator: Simulator, ...definitions: JobDefinition[]): void {
  const changes = definitions.map((definition) => ({ name: definition.name, definition }));
  simulator.handle({ kind: "definitions", changes });
}

function remove(simulator: Simulator, name: string): void {
  simulator.handle({ kind: "definitions", changes: [{ name, definition: undefined }] });
}

function emit(simulator: Simulator, event: string, ...pairs: string[]): void {
  simulator.handle({ kind: "event", event, environment: pairs });
}

/** The number of a job's main process. */
function main(simulator: Simulator, name: string): number {
  return simulator.engine.jobs.get(name)!.instances.get("")!.pids.get("main")!;
}

const SCENARIOS: Record<string, (simulator: Simulator) => void> = {
  "a job without a limit that ends at once": (simulator) => {
    define(
      simulator,
      job("web", { startOn: "go", respawn: true, respawnLimit: "unlimited", runs: ["main", "post-stop"] }),
    );
    simulator.behave("web", "main", [{ status: 1, after: "5ms" }]);
    emit(simulator, "go");
    simulator.advance(30_000);
    assert(simulator.log.some((line) => line.includes("ten times a second")));
  },

  "the respawn limit of five seconds": (simulator) => {
    define(simulator, job("web", { startOn: "go", respawn: true, respawnLimit: { count: 3, interval: 5 } }));
    simulator.behave("web", "main", [{ status: 1, after: "2s" }, { status: 1, after: "1s" }]);
    emit(simulator, "go");
    simulator.advance(30_000);
    assert(simulator.log.some((line) => line.includes("respawning too fast, stopped")));
  },

  "jobs that start each other in a circle, and one of them is removed": (simulator) => {
    define(
      simulator,
      job("a", { startOn: or("started b", "go"), instance: "a$INSTANCE", runs: [] }),
      job("b", { startOn: "started a", instance: "b$INSTANCE", runs: [], task: true }),
      job("web", { startOn: "started a INSTANCE=aba", stopOn: "started b" }),
    );
    emit(simulator, "go", "INSTANCE=");
    simulator.advance(3_000);
    remove(simulator, "b");
    simulator.advance(3_000);
    assert(simulator.log.some((line) => line.includes("without end")));
  },

  "a loop that comes to rest and begins again": (simulator) => {
    const ping = job("ping", { startOn: "stopped ping", stopOn: "started ping", runs: [] });
    define(simulator, ping);
    const start = { kind: "start" as const, job: "ping", environment: [], wait: false };
    simulator.request(start);
    simulator.advance(5_000);
    const calm = job("ping", { stopOn: "started ping", runs: [] });
    define(simulator, calm);
    simulator.advance(150_000);
    define(simulator, ping);
    simulator.request(start);
    simulator.advance(3_000);
    assert.equal(simulator.log.filter((line) => line.includes("without end")).length, 2);
  },

  "a daemon that forks once more than it says": (simulator) => {
    define(simulator, job("named", { startOn: "go", expect: "fork", respawn: true }));
    emit(simulator, "go");
    simulator.fork(main(simulator, "named"));
    simulator.advance(2_000);
    simulator.fork(main(simulator, "named"));
    assert(simulator.log.some((line) => line.includes("forked again")));
    simulator.advance(6_000);
    simulator.fork(main(simulator, "named"));
    assert(simulator.log.some((line) => line.includes("respawning")));
  },

  "a stop in order": (simulator) => {
    define(
      simulator,
      job("db", { startOn: "go" }),
      job("web", { startOn: "started db", stopOn: "stopping proxy" }),
      job("proxy", { startOn: "started web", stopOn: "never" }),
      job("log", { startOn: "go", stopOn: "stopped db" }),
      job("journal", { startOn: "go", stopOn: and("stopped db", "never") }),
    );
    for (const name of ["db", "proxy"]) simulator.behave(name, "main", ["stubborn"]);
    emit(simulator, "go");
    simulator.handle({ kind: "stop-all", inOrder: true });
    simulator.advance(20_000);
    assert.equal(simulator.running.size, 0);
  },

  "many events that were set off by one": (simulator) => {
    const names = Array.from({ length: 50 }, (_, index) => `job${index}`);
    const all = (event: string) => names.map((name) => on(`${event} ${name}`)).reduce(and);
    define(simulator, job("gate", { startOn: and(all("starting"), "never") }));
    define(simulator, ...names.map((name) => job(name, { startOn: "go", stopOn: "end" })));
    define(simulator, job("last", { startOn: all("stopped") }));
    emit(simulator, "go");
    assert.equal(simulator.running.size, 0);
    remove(simulator, "gate");
    simulator.advance(10);
    assert.equal(simulator.running.size, names.length);
    emit(simulator, "end");
    simulator.advance(10_000);
    assert.deepEqual([...simulator.running.values()].map((process) => process.job), ["last"]);
  },
};

for (const [name, scenario] of Object.entries(SCENARIOS)) {
  Deno.test(`restored before each input: ${name}`, () => {
    const plain = new Simulator({ PATH: "/bin" }), restored = new RestoredSimulator({ PATH: "/bin" });
    scenario(plain);
    scenario(restored);
    assert.deepEqual(restored.trace, plain.trace);
    assert.deepEqual(restored.log, plain.log);
    assert.deepEqual({ ...restored.engine.view(), now: 0 }, { ...plain.engine.view(), now: 0 });
    assert.equal(restored.timers, plain.timers);
  });
}

/** The snapshot of an engine with something of everything, as JSON. */
const BUSY = busySnapshot();

function busySnapshot(): string {
  const simulator = new Simulator({ PATH: "/bin" });
  define(
    simulator,
    job("web", { instance: "$N", env: ["A=1"], stopOn: and("dusk", "calm"), respawn: true }),
    job("hold", { startOn: "starting web", task: true }),
    job("half", { startOn: and("go", "on") }),
    job("stubborn"),
    job("ping", { startOn: "stopped ping", stopOn: "started ping", runs: [] }),
  );
  simulator.behave("stubborn", "main", ["stubborn"]);
  for (const name of ["ping", "stubborn"]) {
    simulator.request({ kind: "start", job: name, environment: [], wait: false });
  }
  simulator.request({ kind: "stop", job: "stubborn", environment: [], wait: true });
  simulator.request({ kind: "start", job: "web", environment: ["N=x"], wait: true });
  emit(simulator, "go", "K=v");
  define(simulator, job("web"));
  return JSON.stringify(simulator.engine.save({ monotonic: 0, wall: 0 }));
}

Deno.test("timers are set again with what is left of their time, by the clock of the new inputs", () => {
  const engine = new Engine();
  const handle = (input: Input, monotonic: number) => engine.handle(input, { monotonic, wall: monotonic });
  handle(
    { kind: "definitions", changes: [{ name: "web", definition: job("web", { startOn: "go" }) }] },
    1000,
  );
  handle({ kind: "event", event: "go", environment: [] }, 1000);
  handle({ kind: "spawned", spawn: 1, pid: 7 }, 1000);
  const what = { kind: "stop" as const, job: "web", environment: [], wait: true };
  const effects = handle({ kind: "request", request: 1, what }, 1000);
  assert.deepEqual(effects.filter(({ kind }) => kind === "set-timer"), [
    { kind: "set-timer", timer: 2, delay: 5000 },
  ]);
  const snapshot = engine.save({ monotonic: 4000, wall: 0 });
  assert.deepEqual(snapshot.jobs[0]?.instances[0]?.timers, { "kill-timeout": { number: 2, deadline: 6000 } });
  const restored = Engine.restore(snapshot, { monotonic: 50, wall: 0 });
  const delays = (monotonic: number) => restored.timers({ monotonic, wall: 0 });
  assert.deepEqual(delays(50), [{ kind: "set-timer", timer: 2, delay: 2000 }]);
  assert.deepEqual(delays(1050), [{ kind: "set-timer", timer: 2, delay: 1000 }]);
  assert.deepEqual(delays(9000), [{ kind: "set-timer", timer: 2, delay: 0 }]);
  const killed = restored.handle({ kind: "timer", timer: 2 }, { monotonic: 2050, wall: 0 });
  assert.deepEqual(killed.filter(({ kind }) => kind === "kill"), [
    { kind: "kill", pid: 7, signal: 9, group: true },
  ]);
});

Deno.test("what init was told to be without, and its tables of variables, are kept", () => {
  const engine = new Engine([["A", "1"]], [["HOME", "/root"]]);
  engine.muted = new Set(["info", "job-added"]);
  engine.environments.set("A=2", true);
  engine.environments.set("B=3", true);
  const now = { monotonic: 0, wall: 0 };
  const { environments } = engine;
  const restored = Engine.restore(engine.save(now), now);
  assert.deepEqual(restored.environments.list(), environments.list());
  restored.environments.reset();
  assert.deepEqual(restored.environments.list(), ["A=1"]);
  const definition = job("web", { startOn: "go", env: ["HOME"] });
  const changes = [{ name: "web", definition }];
  assert.deepEqual(restored.handle({ kind: "definitions", changes }, now), []);
  const effects = restored.handle({ kind: "event", event: "go", environment: [] }, now);
  const spawn = effects.find((effect) => effect.kind === "spawn");
  assert.equal(environment(spawn!.environment).get("HOME"), "/root");
});

Deno.test("a job whose signals are none, as Upstart takes them, is restored", () => {
  const engine = new Engine(), now = { monotonic: 0, wall: 0 };
  const definition = job("web", { killSignal: 0, reloadSignal: 99 });
  engine.handle({ kind: "definitions", changes: [{ name: "web", definition }] }, now);
  const restored = Engine.restore(JSON.parse(JSON.stringify(engine.save(now))), now);
  assert.deepEqual(restored.jobs.get("web")?.definition, definition);
});

type Path = Array<string | number>;

/** A snapshot in which one value is another one; undefined: it is missing. */
function changed(path: Path, value: unknown): unknown {
  const snapshot = JSON.parse(BUSY);
  const parent = path.slice(0, -1).reduce((object, key) => object[key], snapshot);
  const last = path.at(-1)!;
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return JSON.parse(JSON.stringify(snapshot));
}

const WEB = ["jobs", 0], X = [...WEB, "instances", 0], STUBBORN = ["jobs", 3, "instances", 0];

const BROKEN: Array<[path: Path, value: unknown, message: string]> = [
  [["version"], 0, `version is 0, and this engine restores ${SNAPSHOT_VERSION}`],
  [["now"], undefined, "now is missing"],
  [["more"], 1, "more is unknown"],
  [["lastNumber"], -1, "lastNumber may not be -1"],
  [["lastNumber"], 1, "timers.kill-timeout.number is 3, and the last number is 1"],
  [["muted"], ["all"], 'muted[0] may not be "all"'],
  [["stopping"], null, "stopping may not be null"],
  [["defaults"], "A=1", 'defaults may not be "A=1"'],
  [[...WEB, "definition", "respawn"], 1, "jobs[0].definition is wrong: the field respawn may not be 1"],
  [[...WEB, "definition", "name"], "half", "jobs[2] is a second job half"],
  [[...WEB, "pendingDefinition"], {}, "jobs[0].pendingDefinition.definition is missing"],
  [[...X, "goal"], "up", 'jobs[0].instances[0].goal may not be "up"'],
  [[...X, "state"], "toString", 'jobs[0].instances[0].state may not be "toString"'],
  [[...X, "environment", "base"], 99, "jobs[0].instances[0].environment.base is 99, which there is not"],
  [[...X, "cause"], 99, "jobs[0].instances[0].cause is 99, which there is not"],
  [[...X, "blocker"], 99, "jobs[0].instances[0].blocker is 99, which there is not"],
  [[...X, "stopOn"], null, "jobs[0].instances[0].stopOn is not as the definition says"],
  [
    [...X, "stopOn", "taken"],
    [null],
    "jobs[0].instances[0].stopOn.taken has another length than the condition",
  ],
  [[...X, "failure"], { process: "main", exit: { status: "1" } }, 'failure.exit.status may not be "1"'],
  [[...X, "lastExit"], { signal: 0 }, "lastExit.signal may not be 0"],
  [[...X, "waiters"], [{ event: 99 }], "waiters[0].event is 99, which there is not"],
  [[...X, "pids"], { helper: 5 }, "pids.helper is unknown"],
  [[...X, "tracksForksUntil"], "soon", 'tracksForksUntil may not be "soon"'],
  [[...STUBBORN, "timers", "kill-timeout", "number"], 999, "timers.kill-timeout.number is 999, and the last"],
  [["jobs", 2, "startOn"], null, "is held by nothing"],
  [["causes"], [{ job: 0, previous: 0 }], "causes[0].previous is 0, which there is not"],
  [["events", 0, "progress"], "pending", "events[0].progress is not as pendingEvents says"],
  [["pendingEvents"], [99], "pendingEvents[0] is 99, which there is not"],
  [["delayedStarts"], [{ job: 99, events: [] }], "delayedStarts[0].job is 99, which there is not"],
  [["exitJob"], 99, "exitJob is 99, which there is not"],
  [["stopQueue"], [{ job: 0, instance: "y" }], 'stopQueue[0].instance is "y", which there is not'],
];

Deno.test("a broken snapshot is refused with one sentence that names the place", () => {
  const now = { monotonic: 0, wall: 0 };
  for (const [path, value, message] of BROKEN) {
    assert.throws(() => Engine.restore(changed(path, value), now), (error) => {
      assert(error instanceof TypeError);
      assert(error.message.startsWith("the snapshot's ") && error.message.includes(message), error.message);
      return true;
    }, `${path.join(".")} ${message}`);
  }
  for (const value of [undefined, null, 1, "{}", []]) {
    assert.throws(() => Engine.restore(value, now), {
      name: "TypeError",
      message: "the snapshot is not an object",
    });
  }
});

/** All places in a value. */
function paths(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  const inside = Object.entries(value).flatMap(([key, item]) => paths(item, [...path, key]));
  return path.length === 0 ? inside : [path, ...inside];
}

Deno.test("whatever is changed in a snapshot: it is refused with a sentence, or the engine goes on", () => {
  const all = paths(JSON.parse(BUSY));
  const value = fc.constantFrom<unknown>(
    undefined,
    null,
    -1,
    0,
    1,
    7,
    1.5,
    "",
    "x",
    "a=b",
    true,
    false,
    [],
    {},
  );
  fc.assert(
    fc.property(fc.constantFrom(...all), value, (path, value) => {
      const now = { monotonic: 0, wall: 0 };
      let engine: Engine;
      try {
        engine = Engine.restore(changed(path, value), now);
      } catch (error) {
        assert(
          error instanceof TypeError && /^the snapshot's \S+ [^\n]+$/.test(error.message),
          String(error),
        );
        return;
      }
      engine.save(now);
      for (const { timer } of engine.timers(now) as Array<Effect & { kind: "set-timer" }>) {
        engine.handle({ kind: "timer", timer }, now);
      }
      engine.handle({ kind: "event", event: "go", environment: [] }, now);
      engine.handle({ kind: "stop-all", inOrder: true }, now);
      engine.save(now);
    }),
    { seed: 1, numRuns: 1000 },
  );
});
