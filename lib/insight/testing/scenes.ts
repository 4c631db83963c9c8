/** Scenes for tests of explanations: jobs on a simulator, and what is said of them. */

import { type Fields, job } from "../../engine/testing/definitions.ts";
import { Simulator } from "../../engine/simulator/simulator.ts";
import type { EngineSnapshot } from "../../engine/snapshot/engine_snapshot.ts";
import { explanationLines, PLAIN_LAYOUT } from "../tree.ts";
import type { Outcome, Trial } from "../what_if/outcome.ts";
import { outcomeLines } from "../what_if/outcome_text.ts";
import { type Surroundings, whatIf } from "../what_if/what_if.ts";
import { Facts, type FactSources } from "../why/facts.ts";
import { restoredEngine } from "../why/restored.ts";
import { whyJob } from "../why/why.ts";
import type { Explanation } from "../why/reason.ts";

/** What the wall clock shows when a scene begins (ms since 1970). */
export const BEGIN = Date.UTC(2026, 0, 1);

/** What else is known in a scene. */
export type Known = Omit<FactSources, "engine">;

/** Jobs on a simulator. */
export class Scene {
  readonly simulator = new Simulator();

  /** @param jobs The jobs' fields by their names. */
  constructor(jobs: Record<string, Fields>) {
    const changes = Object.entries(jobs).map(([name, fields]) => ({ name, definition: job(name, fields) }));
    this.simulator.handle({ kind: "definitions", changes });
  }

  start(...jobs: string[]): this {
    for (const job of jobs) this.simulator.request({ kind: "start", job, environment: [], wait: true });
    return this;
  }

  stop(job: string): this {
    this.simulator.request({ kind: "stop", job, environment: [], wait: false });
    return this;
  }

  event(event: string, ...environment: string[]): this {
    this.simulator.handle({ kind: "event", event, environment });
    return this;
  }

  /** The state by way of JSON, as init sends it. */
  snapshot(): EngineSnapshot {
    const { now, engine } = this.simulator;
    return JSON.parse(JSON.stringify(engine.save({ monotonic: now, wall: BEGIN + now })));
  }

  /** Why a job is as it is. */
  why(job: string, known: Known = {}, given: string[] = []): Explanation[] {
    return whyJob(new Facts({ engine: restoredEngine(this.snapshot()), ...known }), job, given);
  }

  /** The same as text. */
  whyText(job: string, known: Known = {}, given: string[] = []): string {
    const lines = this.why(job, known, given).flatMap((one) => explanationLines(one, PLAIN_LAYOUT));
    return lines.join("\n");
  }

  /** What would happen. */
  whatIf(trial: Trial, known: Surroundings = {}): Outcome {
    return whatIf(this.snapshot(), trial, known);
  }

  /** The same as text, without the assumptions. */
  whatIfText(trial: Trial, known: Surroundings = {}): string {
    const lines = outcomeLines(this.whatIf(trial, known), PLAIN_LAYOUT);
    return lines.slice(0, lines.findIndex((line) => line.startsWith("This rests on"))).join("\n");
  }
}
