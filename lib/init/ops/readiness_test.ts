import assert from "node:assert/strict";
import type { InstanceView, JobView } from "../../control/supervisor.ts";
import type { Notice } from "../../model/requests.ts";
import { emptyJob } from "../../model/job.ts";
import { ReadinessCheck } from "./readiness.ts";

/** A stand-in for init: jobs with instances that are as they are told to be. */
class World {
  stopping = false;
  readonly broken: Array<{ problem: string; isMissed: boolean }> = [];
  readonly #jobs = new Map<string, JobView & { instances: Map<string, InstanceView> }>();

  define(name: string, task = false, startOn?: string): void {
    const definition = { ...emptyJob(name, "test"), task };
    if (startOn) definition.startOn = { kind: "event", name: startOn, matches: [] };
    this.#jobs.set(name, { definition, instances: new Map() });
  }

  problems() {
    return this.broken;
  }

  put(job: string, goal: string, state: string, name = "", isUnhealthy = false): void {
    const instance = { name, goal, state, isUnhealthy, note: () => "", processes: () => [] };
    this.#jobs.get(job)!.instances.set(name, instance);
  }

  clear(job: string): void {
    this.#jobs.get(job)!.instances.clear();
  }

  jobs(): Iterable<JobView> {
    return this.#jobs.values();
  }

  job(name: string): JobView | undefined {
    return this.#jobs.get(name);
  }
}

const failed = (job: string, instance = ""): Notice => ({
  kind: "failed",
  job,
  instance,
  status: 1,
  failure: { process: "main" },
});
const started = (job: string, instance = ""): Notice => ({
  kind: "goal-changed",
  job,
  instance,
  goal: "start",
  cause: { by: "init" },
});

Deno.test("nothing is ready before the configuration is loaded, nor on the way out", () => {
  const world = new World();
  const readiness = new ReadinessCheck(world);
  assert.deepEqual(readiness.missing(), ["the configuration is being loaded"]);
  readiness.loaded();
  assert.deepEqual(readiness.missing(), []);
  world.stopping = true;
  assert.deepEqual(readiness.missing(), ["init is leaving"]);
});

Deno.test("a service is missing from its start to running, and not when it is to stop", () => {
  const world = new World();
  world.define("web");
  const readiness = new ReadinessCheck(world);
  readiness.loaded();
  const expected: Array<[goal: string, state: string, missing: string[]]> = [
    ["start", "starting", ["web (a) start/starting"]],
    ["start", "post-start", ["web (a) start/post-start"]],
    ["start", "running", []],
    ["respawn", "pre-stop", ["web (a) respawn/pre-stop"]],
    ["stop", "pre-stop", []],
    ["stop", "killed", []],
  ];
  for (const [goal, state, missing] of expected) {
    world.put("web", goal, state, "a");
    assert.deepEqual(readiness.missing(), missing, state);
  }
});

Deno.test("tasks count until all was up once, also those that failed", () => {
  const world = new World();
  world.define("migrate", true);
  const readiness = new ReadinessCheck(world);
  readiness.loaded();
  world.put("migrate", "start", "running");
  assert.deepEqual(readiness.missing(), ["migrate start/running"]);
  readiness.observe(failed("migrate"));
  world.clear("migrate");
  assert.deepEqual(readiness.missing(), ["migrate failed"]);
  readiness.observe(started("migrate"));
  assert.deepEqual(readiness.missing(), []);
  world.put("migrate", "start", "running");
  readiness.observe(failed("migrate"));
  assert.deepEqual(readiness.missing(), []);
});

Deno.test("that all was up once is noted without a request, when what follows has begun", async () => {
  const turns = async (count: number) => {
    for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  };
  const world = new World();
  world.define("web");
  world.define("migrate", true);
  const readiness = new ReadinessCheck(world);
  const change = (job: string, state: string) => {
    world.put(job, "start", state);
    readiness.observe({ kind: "state-changed", job, instance: "", state });
  };
  readiness.loaded();
  change("web", "starting");
  await turns(3);
  change("web", "running");
  // It starts by the same change, which is not over yet.
  world.put("migrate", "start", "running");
  await turns(3);
  readiness.observe(failed("migrate"));
  world.clear("migrate");
  assert.deepEqual(readiness.missing(), ["migrate failed"]);
  readiness.observe(started("migrate"));
  readiness.observe({ kind: "instance-removed", job: "migrate", instance: "", exit: { status: 0 } });
  await turns(3);
  readiness.observe(failed("migrate"));
  assert.deepEqual(readiness.missing(), []);
  readiness.close();
});

Deno.test("failed services are missing, each instance, until started again or removed", () => {
  const world = new World();
  world.define("web");
  const readiness = new ReadinessCheck(world);
  readiness.loaded();
  assert.deepEqual(readiness.missing(), []);
  readiness.observe(failed("web", "a"));
  readiness.observe(failed("web", "b"));
  assert.deepEqual(readiness.missing(), ["web (a) failed", "web (b) failed"]);
  readiness.observe({ kind: "goal-changed", job: "web", instance: "a", goal: "stop", cause: { by: "init" } });
  readiness.observe(started("web", "b"));
  assert.deepEqual(readiness.missing(), ["web (a) failed"]);
  readiness.observe({ kind: "job-removed", job: "web" });
  assert.deepEqual(readiness.missing(), []);
});

Deno.test("a file that is broken is missing until all was up once, unless nothing is missing for it", () => {
  const world = new World();
  const readiness = new ReadinessCheck(world);
  readiness.loaded();
  world.broken.push({ problem: "web.conf:2: no", isMissed: true }, {
    problem: "old.conf: no",
    isMissed: false,
  });
  assert.deepEqual(readiness.missing(), ["web.conf:2: no"]);
  world.broken.shift();
  assert.deepEqual(readiness.missing(), []);
  assert.deepEqual(readiness.notes(), ["old.conf: no"]);
  world.broken.push({ problem: "new.conf: no", isMissed: true });
  assert.deepEqual(readiness.missing(), []);
  assert.deepEqual(readiness.notes(), ["old.conf: no", "new.conf: no"]);
});

Deno.test("a job that waits for what nothing brings about is worth a note, until somebody starts it", () => {
  const world = new World();
  world.define("web", false, "startup");
  world.define("app", false, "deployed");
  const readiness = new ReadinessCheck(world);
  readiness.loaded();
  assert.deepEqual(readiness.missing(), []);
  const [note = "", ...more] = readiness.notes();
  assert.match(note, /^app .*deployed/);
  assert.deepEqual(more, []);
  world.put("app", "start", "running");
  assert.deepEqual(readiness.notes(), []);
});

Deno.test("the job that init is there for is missing until it has begun", () => {
  const world = new World();
  world.define("main", false, "deployed");
  const readiness = new ReadinessCheck(world, "main");
  readiness.loaded();
  assert.deepEqual(readiness.missing(), ["main waits: start on deployed"]);
  readiness.observe(started("main"));
  assert.deepEqual(readiness.missing(), []);
});

Deno.test("a service that runs and is unhealthy is missing until it is healthy", () => {
  const world = new World();
  world.define("web");
  const readiness = new ReadinessCheck(world);
  readiness.loaded();
  world.put("web", "start", "running");
  assert.deepEqual(readiness.missing(), []);
  world.put("web", "start", "running", "", true);
  assert.deepEqual(readiness.missing(), ["web unhealthy"]);
  world.put("web", "stop", "running", "", true);
  assert.deepEqual(readiness.missing(), []);
});
