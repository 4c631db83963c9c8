/**
 * Property tests of all that jobs can say of each other at once: provided names, conflicts, level conditions, layers that
 * fork and join, definitions that change, starts of what is about to stop. Every input ends, all comes to rest, and nobody
 * waits for one that waits itself. A graph from which jobs were removed is the one that is made without them.
 */

import fc from "fast-check";
import assert from "node:assert/strict";
import type { JobDefinition } from "../../model/job.ts";
import { Bench } from "../../testing/bench.ts";
import { job, on } from "../testing/definitions.ts";
import { PARAMETERS } from "../testing/histories.ts";
import { DependencyGraph } from "./graph.ts";

const JOBS = ["a", "b", "c", "d", "e", "f", "g"];
const WORDS = [...JOBS, "svc", "net"];
const LOOP = "starts itself without end";

function words(names: string[], weight: number): fc.Arbitrary<string[]> {
  return fc.oneof(
    { weight, arbitrary: fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }) },
    { weight: 10 - weight, arbitrary: fc.constant<string[]>([]) },
  );
}

function definition(name: string): fc.Arbitrary<JobDefinition> {
  const later = WORDS.filter((other) => other > name);
  return fc.record({
    needs: fc.oneof({ weight: 3, arbitrary: words(later, 5) }, words(WORDS, 5)),
    wants: words(WORDS, 2),
    uses: words(WORDS, 2),
    after: words(WORDS, 2),
    before: words(WORDS, 1),
    provides: words(["svc", "net"], 3),
    conflicts: words(WORDS, 2),
    respawn: fc.boolean(),
    semantics: fc.constantFrom("upstart" as const, "rouse" as const),
    runs: fc.subarray(["pre-start", "post-start", "pre-stop"] as const).map((
      hooks,
    ) => ["main" as const, ...hooks]),
    startOn: fc.oneof(
      { weight: 6, arbitrary: fc.constant(undefined) },
      fc.constantFrom(
        "go",
        ...WORDS.map((name) => `while-up ${name}`),
        ...JOBS.map((name) => `stopped ${name}`),
      ),
    ),
  }).map(({ startOn, ...fields }) =>
    job(name, { ...fields, ...(startOn !== undefined && { startOn: on(startOn) }) })
  );
}

const definitions = fc.tuple(...JOBS.map(definition));

type Step =
  | { kind: "start" | "stop" | "restart" | "remove" | "crash"; job: string }
  | { kind: "define"; definition: JobDefinition }
  | { kind: "go" }
  | { kind: "pass" };

const named = fc.constantFrom(...JOBS);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constantFrom("start", "start", "stop", "restart", "crash"),
        job: named,
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), job: named }) },
    {
      weight: 1,
      arbitrary: fc.oneof(...JOBS.map(definition)).map((definition) => ({
        kind: "define" as const,
        definition,
      })),
    },
    { weight: 2, arbitrary: fc.constantFrom<Step>({ kind: "go" }, { kind: "pass" }) },
  ) as fc.Arbitrary<Step>,
  { maxLength: 30, size: "max" },
);

class World {
  readonly bench: Bench;
  readonly replies: Array<{ what: string; reply: { outcome: string | undefined } }> = [];

  constructor(definitions: JobDefinition[]) {
    this.bench = new Bench(definitions);
    for (const job of JOBS) {
      for (const hook of ["pre-start", "post-start", "pre-stop"] as const) {
        this.bench.behave(job, hook, { status: 0, after: "1s" });
      }
    }
  }

  do(step: Step): void {
    const { bench } = this;
    if (step.kind === "go") bench.emit("go", {}, { wait: false });
    else if (step.kind === "pass") bench.advance("1s");
    else if (step.kind === "define") bench.define(step.definition);
    else if (!bench.engine.jobs.has(step.job)) return;
    else if (step.kind === "remove") bench.remove(step.job);
    else if (step.kind !== "crash") {
      this.replies.push({ what: `${step.kind} ${step.job}`, reply: bench[step.kind](step.job) });
    } else if (bench.instances(step.job).length > 0 && bench.runs(step.job)) {
      bench.exit(step.job, { status: 1 });
    }
  }

  /** What has not come to rest though nothing goes on any more. */
  unsettled(): string[] {
    const found: string[] = [];
    for (const [name, { instances, definition }] of this.bench.engine.jobs) {
      for (const { goal, state, stall } of instances.values()) {
        const isAtRest = goal === "start" &&
          (state === "running" || state === "starting" && stall !== undefined);
        if (!isAtRest) found.push(`${name} ${goal}/${state}: ${this.bench.note(name)}`);
        if (state !== "running") continue;
        for (const other of definition.conflicts) {
          if (other !== name && this.bench.engine.jobs.get(other)?.instances.size) {
            found.push(`${name} beside ${other}`);
          }
        }
      }
    }
    for (const { what, reply } of this.replies) {
      if (reply.outcome === undefined) found.push(`${what} is not answered`);
    }
    return found;
  }
}

Deno.test("whatever jobs say of each other, every input ends, and nobody waits for one that waits itself", () => {
  fc.assert(
    fc.property(definitions, steps, (definitions, steps) => {
      const world = new World(definitions);
      for (const step of steps) world.do(step);
      world.bench.advance("30s");
      const isLoop = world.bench.log.some((message) => message.includes(LOOP));
      const isChanged = steps.some(({ kind }) => kind === "define" || kind === "remove");
      const unsettled = isLoop ? [] : world.unsettled();
      assert.deepEqual(isChanged ? unsettled.filter((one) => !one.includes(" beside ")) : unsettled, []);
      world.bench.stopAll(true);
      world.bench.advance("60s");
      assert.equal(world.bench.running.size, 0);
    }),
    PARAMETERS,
  );
});

Deno.test("a graph from which jobs were removed is the one that is made without them", () => {
  fc.assert(
    fc.property(definitions, fc.subarray(JOBS, { minLength: 1 }), (definitions, removed) => {
      const graph = new DependencyGraph(definitions);
      if (!removed.every((name) => graph.remove(name))) return;
      const rest = definitions.filter(({ name }) => !removed.includes(name));
      const fresh = new DependencyGraph(rest);
      for (const { name } of rest) assert.deepEqual(seen(graph, name), seen(fresh, name));
    }),
    { ...PARAMETERS, numRuns: PARAMETERS.numRuns * 4 },
  );
});

function seen(graph: DependencyGraph, job: string) {
  return {
    // Edges that lead nowhere mean nothing, but that a need is missing.
    edges: graph.edgesOf(job).filter(({ kind, targets }) => kind === "needs" || targets.length > 0),
    dependants: Array.from(graph.edgesTo(job)).sort((one, other) => one.dependant < other.dependant ? -1 : 1),
    conflicts: Array.from(graph.conflictsOf(job)).sort(),
    levels: Array.from(graph.levelsOn(job)).sort(),
    mayBeCircular: graph.mayBeCircular(job),
  };
}
