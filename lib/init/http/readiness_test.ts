import assert from "node:assert/strict";
import type { InstanceView, JobView, Notice } from "../../control/supervisor.ts";
import { emptyJob } from "../../model/job.ts";
import { Readiness } from "./readiness.ts";

/** A stand-in for init: jobs with instances that are as they are told to be. */
class World {
  stopping = false;
  readonly #jobs = new Map<string, JobView & { instances: Map<string, InstanceView> }>();

  define(name: string, task = false): void {
    this.#jobs.set(name, { definition: { ...emptyJob(name, "test"), task }, instances: new Map() });
  }

  put(job: string, goal: string, state: string, name = ""): void {
    this.#jobs.get(job)!.instances.set(name, { name, goal, state, note: "", processes: () => [] });
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

const failed = (job: string, instance = ""): Notice => ({ kind: "failed", job, instance, status: 1 });
const started = (job: string, instance = ""): Notice => ({
  kind: "goal-changed",
  job,
  instance,
  goal: "start",
});

Deno.test("nothing is ready before the configuration is loaded, nor on the way out", () => {
  const world = new World();
  const readiness = new Readiness(world);
  assert.deepEqual(readiness.missing(), ["the configuration is being loaded"]);
  readiness.loaded();
  assert.deepEqual(readiness.missing(), []);
  world.stopping = true;
  assert.deepEqual(readiness.missing(), ["init is leaving"]);
});

Deno.test("a service is missing from its start to running, and not when it is to stop", () => {
  const world = new World();
  world.define("web");
  const readiness = new Readiness(world);
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
  const readiness = new Readiness(world);
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

Deno.test("failed services are missing, each instance, until started again or removed", () => {
  const world = new World();
  world.define("web");
  const readiness = new Readiness(world);
  readiness.loaded();
  assert.deepEqual(readiness.missing(), []);
  readiness.observe(failed("web", "a"));
  readiness.observe(failed("web", "b"));
  assert.deepEqual(readiness.missing(), ["web (a) failed", "web (b) failed"]);
  readiness.observe({ kind: "goal-changed", job: "web", instance: "a", goal: "stop" });
  readiness.observe(started("web", "b"));
  assert.deepEqual(readiness.missing(), ["web (a) failed"]);
  readiness.observe({ kind: "job-removed", job: "web" });
  assert.deepEqual(readiness.missing(), []);
});
