/** Processes that an earlier engine has started, which a new one goes on with. */

import assert from "node:assert/strict";
import { SIGTERM } from "../../model/signals.ts";
import type { Effect, Input } from "../effects.ts";
import { Engine } from "../engine.ts";
import { job, on } from "../testing/definitions.ts";

const TIME = { monotonic: 1000, wall: 1000 };

/** An engine with these jobs, which is told that processes run. */
function engineWith(
  definitions: ReturnType<typeof job>[],
  ...running: Array<[job: string, instance: string, pid: number]>
) {
  const engine = new Engine();
  const effects: Effect[] = [];
  const input = (one: Input) => void effects.push(...engine.handle(one, TIME));
  input({
    kind: "definitions",
    changes: definitions.map((definition) => ({ name: definition.name, definition })),
  });
  for (const [name, instance, pid] of running) {
    input({ kind: "adopt", job: name, instance, pid, environment: ["A=1"] });
  }
  return { engine, input, effects };
}

Deno.test("a process that is adopted is its instance's main process; no event tells of it, and nothing is started", () => {
  const after = job("after", { startOn: on("started web") });
  const { engine, input, effects } = engineWith([job("web"), after], ["web", "", 7]);
  const instance = engine.jobs.get("web")!.instances.get("")!;
  assert.deepEqual([instance.goal, instance.state, instance.pids.get("main")], ["start", "running", 7]);
  assert.equal(instance.environment.get("A"), "1");
  assert.deepEqual(effects.filter(({ kind }) => kind === "spawn"), []);
  assert.equal(engine.jobs.get("after")!.instances.size, 0);
  // It is stopped like any other.
  input({ kind: "request", request: 1, what: { kind: "stop", job: "web", environment: [], wait: true } });
  assert.deepEqual(effects.filter(({ kind }) => kind === "kill"), [{
    kind: "kill",
    pid: 7,
    signal: SIGTERM,
    group: true,
  }]);
  input({ kind: "exited", pid: 7, exit: { status: 0 } });
  assert.equal(engine.jobs.get("web")!.instances.size, 0);
});

Deno.test("what is to be respawned is", () => {
  const { input, effects } = engineWith([job("db", { respawn: true })], ["db", "", 7]);
  input({ kind: "exited", pid: 7, exit: { status: 1 } });
  assert.equal(effects.filter(({ kind }) => kind === "spawn").length, 1);
});

Deno.test("what needs a job whose process was adopted counts it as up, and goes down with it", () => {
  const definitions = [job("db"), job("api", { semantics: "rouse", needs: ["db"] })];
  const { input, effects } = engineWith(definitions, ["db", "", 7], ["api", "", 8]);
  assert.deepEqual(effects.filter(({ kind }) => kind === "kill" || kind === "spawn"), []);
  input({ kind: "exited", pid: 7, exit: { status: 1 } });
  assert.deepEqual(effects.flatMap((one) => one.kind === "kill" ? one.pid : []), [8]);
});

Deno.test("a process is passed over whose job is gone, whose instance is there, or that is another's", () => {
  const { engine } = engineWith([job("web", { instance: "$N" })], ["gone", "", 6], ["web", "a", 7], [
    "web",
    "a",
    8,
  ], ["web", "b", 7]);
  assert.deepEqual([...engine.jobs.get("web")!.instances.keys()], ["a"]);
  assert.deepEqual([6, 7, 8].map((pid) => engine.ownerOf(pid)?.instance), [undefined, "a", undefined]);
});

Deno.test("an engine that has adopted is saved and restored", () => {
  const { engine } = engineWith([job("web")], ["web", "", 7]);
  const saved = JSON.parse(JSON.stringify(engine.save(TIME)));
  assert.deepEqual(Engine.restore(saved, TIME).save(TIME), saved);
});
