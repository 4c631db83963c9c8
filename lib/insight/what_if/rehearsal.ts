/**
 * A rehearsal: a simulation that goes on where init is, in which all goes well from now on. Hooks succeed, tasks exit 0,
 * services stay and get ready. What runs in init already, and is not up, goes on as it is.
 */

import type { Effect, Input } from "../../engine/effects.ts";
import type { EngineSnapshot } from "../../engine/snapshot/engine_snapshot.ts";
import type { Instance } from "../../engine/instance.ts";
import { isKnownByPidFile } from "../../engine/services/self_report.ts";
import { Simulator } from "../../engine/simulator/simulator.ts";
import { isPolled } from "../../model/checks/check.ts";
import type { JobDefinition } from "../../model/job.ts";
import { SIGSTOP } from "../../model/signals.ts";

/** So often in a row are services looked at. Chains of services that wait for each other are no longer. */
const MOST_ROUNDS = 10_000;

/** A rehearsal. `onEffects` is told of all that the engine does, once its inputs so far are handled. */
export class Rehearsal extends Simulator {
  /** The processes that ran before it began. */
  readonly #before = new Set<number>();

  /**
   * @param snapshot Where it goes on.
   * @throws {TypeError} when it is no snapshot.
   */
  constructor(snapshot: EngineSnapshot, private readonly onEffects: (effects: readonly Effect[]) => void) {
    super();
    this.resume(snapshot);
    for (const { pids } of snapshot.jobs.flatMap(({ instances }) => instances)) {
      for (const pid of Object.values(pids)) this.#before.add(pid);
    }
    this.getReady();
  }

  /** Gives the engine an input; what is started gets ready. */
  override handle(input: Input): void {
    super.handle(input);
    this.getReady();
  }

  /** Has all services do what their definitions say that they do when they are ready. */
  getReady(): void {
    for (let isAny = true, rounds = 0; isAny; rounds++) {
      if (rounds > MOST_ROUNDS) {
        throw new Error("services get ready again and again without any time going by");
      }
      isAny = false;
      for (const job of this.engine.jobs.values()) {
        for (const instance of job.instances.values()) {
          const sign = this.#signOf(instance);
          if (!sign) continue;
          isAny = true;
          sign();
        }
      }
    }
  }

  /** What an instance does next to get ready; undefined for one that has no need to, or never will. */
  #signOf(instance: Instance): (() => void) | undefined {
    const { state, goal, pids, job: { name: job, definition }, name, checks, isExpectMet } = instance;
    const pid = pids.get("main");
    if (state !== "spawned" || goal !== "start" || pid === undefined || this.#before.has(pid)) {
      return undefined;
    }
    const { expect, ready } = definition;
    if (!isExpectMet && forks(definition)) {
      return () => void this.fork(pid);
    }
    const stops = expect === "stop" && !isExpectMet || ready?.kind === "stopped" && !checks.isReady;
    if (stops) return () => super.handle({ kind: "stopped", pid, signal: SIGSTOP });
    if (ready && !isPolled(ready) && !checks.isReady) {
      return () => super.handle({ kind: "ready", job, instance: name });
    }
    return undefined;
  }

  protected override handleAlone(input: Input): Effect[] {
    const effects = super.handleAlone(this.#lives(input));
    for (const effect of effects) {
      if (effect.kind === "spawn" && effect.process === "main") {
        this.behave(effect.definition.name, "main", [ends(effect.definition) ? { status: 0 } : "stays"]);
      }
    }
    this.onEffects(effects);
    return effects;
  }

  /** Services give signs of life in time: their watchdogs never expire. */
  #lives(input: Input): Input {
    if (input.kind !== "timer") return input;
    for (const { name: job, instances } of this.engine.jobs.values()) {
      for (const { name: instance, timers } of instances.values()) {
        if (timers.get("watchdog")?.number !== input.timer) continue;
        return { kind: "notification", job, instance, told: { watchdog: "alive" } };
      }
    }
    return input;
  }
}

/** True for a main process that ends by itself when all goes well. */
function ends({ task, expect }: JobDefinition): boolean {
  return task || expect === "script";
}

/** True for one that forks, and ends once its daemon runs. */
function forks(definition: JobDefinition): boolean {
  const { expect } = definition;
  return ["fork", "daemon", "children"].includes(expect) && !isKnownByPidFile(definition);
}
