/**
 * Property tests of dependencies: random graphs of a hundred jobs, circles among them, and random failures. No start
 * hangs, no need is told to end while others that need it run, a shutdown goes in reverse, and what has been done once
 * is not done again.
 */

import fc from "fast-check";
import assert from "node:assert/strict";
import type { JobDefinition } from "../../model/job.ts";
import type { Effect, Input } from "../effects.ts";
import { Engine } from "../engine.ts";
import { job } from "../testing/definitions.ts";
import { PARAMETERS } from "../testing/histories.ts";
import { DependencyGraph, type Edge } from "./graph.ts";

const JOBS = 100;
/** More inputs than it takes until everything has come to rest. */
const MOST_INPUTS = 20_000;

const name = (index: number) => `job-${index}`;
const others = fc.array(fc.nat(JOBS - 1), { maxLength: 2 });

/** Needs point to earlier jobs, but now and then; the others anywhere. */
function definition(index: number): fc.Arbitrary<JobDefinition> {
  return fc.record({
    needs: others,
    backwards: fc.integer({ min: 0, max: 40 }).map((number) => number === 0),
    wants: others,
    uses: others,
    after: others,
    before: others,
    isTask: fc.integer({ min: 0, max: 4 }).map((number) => number === 0),
    respawn: fc.boolean(),
    hooks: fc.subarray(["pre-start", "post-start", "pre-stop", "post-stop"] as const),
  }).map(({ needs, backwards, wants, uses, after, before, isTask, respawn, hooks }) =>
    job(name(index), {
      needs: needs.filter((other) => other < index || backwards).map(name),
      wants: wants.map(name),
      uses: uses.map(name),
      after: after.map(name),
      before: before.map(name),
      task: isTask,
      respawn: respawn && !isTask,
      runs: isTask ? ["main"] : ["main", ...hooks],
    })
  );
}

const definitions = fc.tuple(...Array.from({ length: JOBS }, (_, index) => definition(index)));
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom(
      ...["spawned", "spawned", "spawned", "start", "end", "fail", "stop", "restart", "timer"] as const,
    ),
    which: fc.nat(10_000),
  }),
  { maxLength: 300, size: "max" },
);

interface RunningProcess {
  job: string;
  process: string;
  isTold: boolean;
}

/** An engine, and the processes outside of it. */
class World {
  readonly engine = new Engine();
  readonly graph: DependencyGraph;
  readonly spawns = new Map<number, { job: string; process: string }>();
  readonly processes = new Map<number, RunningProcess>();
  readonly timers = new Set<number>();
  readonly unanswered = new Map<number, string>();
  readonly done = new Set<string>();
  readonly tasks: Set<string>;
  isShutDown = false;
  #numbers = 0;

  constructor(definitions: JobDefinition[]) {
    this.graph = new DependencyGraph(definitions);
    this.tasks = new Set(definitions.filter(({ task }) => task).map(({ name }) => name));
    this.engine.muted = new Set(["info", "goal-changed", "state-changed", "event-emitted"]);
    this.input({
      kind: "definitions",
      changes: definitions.map((definition) => ({ name: definition.name, definition })),
    });
  }

  input(input: Input): void {
    for (const effect of this.engine.handle(input, { monotonic: 0, wall: 0 })) this.#take(effect);
  }

  request(kind: "start" | "stop" | "restart", job: string): void {
    const request = ++this.#numbers;
    this.unanswered.set(request, `${kind} ${job}`);
    this.input({ kind: "request", request, what: { kind, job, environment: [], wait: true } });
  }

  spawned(spawn: number): void {
    const { job, process } = this.spawns.get(spawn)!;
    this.spawns.delete(spawn);
    const pid = ++this.#numbers;
    this.processes.set(pid, { job, process, isTold: false });
    this.input({ kind: "spawned", spawn, pid });
  }

  exit(pid: number, status: number): void {
    const { job, process, isTold } = this.processes.get(pid)!;
    this.processes.delete(pid);
    if (this.tasks.has(job) && process === "main" && status === 0 && !isTold) this.done.add(job);
    this.input({ kind: "exited", pid, exit: { status } });
  }

  timer(timer: number): void {
    this.timers.delete(timer);
    this.input({ kind: "timer", timer });
  }

  /** Lets all end that ends by itself, until only services run. */
  settle(): void {
    for (let inputs = 0; this.#goOn(); inputs++) assert(inputs < MOST_INPUTS, "all comes to rest");
  }

  #goOn(): boolean {
    for (const spawn of this.spawns.keys()) return this.spawned(spawn), true;
    for (const [pid, { job, process, isTold }] of this.processes) {
      if (process !== "main" || isTold || this.tasks.has(job)) return this.exit(pid, 0), true;
    }
    for (const timer of this.timers) return this.timer(timer), true;
    return false;
  }

  #take(effect: Effect): void {
    switch (effect.kind) {
      case "spawn": {
        const { name: job } = effect.definition;
        if (effect.process === "main") assert(!this.done.has(job), `${job} has been done already`);
        this.spawns.set(effect.spawn, { job, process: effect.process });
        return;
      }
      case "kill": {
        const process = this.processes.get(effect.pid)!;
        // Those who never got it wait no more once it has been told; a post-stop of theirs may meet its SIGKILL.
        if (process.process === "main" && !process.isTold) this.#checkDependants(process.job);
        process.isTold = true;
        return;
      }
      case "set-timer":
        this.timers.add(effect.timer);
        return;
      case "clear-timer":
        this.timers.delete(effect.timer);
        return;
      case "answer":
        assert(this.unanswered.delete(effect.request), "a request is answered once");
    }
  }

  /** Nothing runs that needs a job which is told to end; on the way down, nothing that depends on it in any way. */
  #checkDependants(job: string): void {
    if (this.tasks.has(job)) return;
    const counts = ({ kind, givesWay }: Edge) => !givesWay && (kind === "needs" || this.isShutDown);
    const dependants = new Set([...this.graph.edgesTo(job)].filter(counts).map((edge) => edge.dependant));
    const busy = [...this.processes.values(), ...this.spawns.values()].filter((one) =>
      dependants.has(one.job)
    );
    assert.deepEqual(busy, [], `${job} is told to end`);
  }
}

Deno.test("a hundred jobs: every start is answered, needs outlive who needs them, the shutdown goes in reverse", () => {
  fc.assert(
    fc.property(definitions, steps, (definitions, steps) => {
      const world = new World(definitions);
      const pick = <Item>(items: Iterable<Item>, which: number, then: (item: Item) => void) => {
        const all = Array.from(items);
        if (all.length > 0) then(all[which % all.length]!);
      };
      for (const { kind, which } of steps) {
        switch (kind) {
          case "spawned":
            pick(world.spawns.keys(), which, (spawn) => world.spawned(spawn));
            break;
          case "end":
            pick(world.processes.keys(), which, (pid) => world.exit(pid, 0));
            break;
          case "fail":
            pick(world.processes.keys(), which, (pid) => world.exit(pid, 1));
            break;
          case "timer":
            pick(world.timers, which, (timer) => world.timer(timer));
            break;
          default: {
            const index = which % JOBS;
            // A task is only started by those who need it.
            if (!world.tasks.has(name(index))) world.request(kind, name(index));
          }
        }
      }
      world.settle();
      assert.deepEqual([...world.unanswered.values()], [], "every request is answered");
      world.isShutDown = true;
      world.input({ kind: "stop-all", inOrder: true });
      world.settle();
      assert.equal(world.engine.hasProcesses, false);
      for (const { instances } of world.engine.jobs.values()) assert.equal(instances.size, 0);
    }),
    { ...PARAMETERS, numRuns: Math.ceil(PARAMETERS.numRuns / 5) },
  );
});
