/**
 * A second engine, as plain as can be, to compare the real one with: the same inputs have the same effects. It looks at
 * everything anew whenever it wants to know something, and so it is slow. It shares with lib/engine nothing but the types
 * of inputs and effects, and with all others what lib/model says of definitions.
 */

import { Environment, environment, EVENT_VARIABLES } from "../../../lib/model/environment.ts";
import type { Effect, Input, NoticeKind, Time } from "../../../lib/engine/effects.ts";
import { define } from "./definitions.ts";
import { lookAtAll } from "./dependencies/settling.ts";
import { dealWithEvents, retry } from "./happenings.ts";
import { leftoversSeen } from "./hooks.ts";
import { goOnAfter } from "./life.ts";
import { begun, ended, notBegun, settled, stopped, timeIsOver } from "./processes.ts";
import { Refusal, serve } from "./requests.ts";
import { leftFound } from "./scripts.ts";
import { adopt, checked, fileNames, fileRefused, notified, saidReady } from "./services.ts";
import { shutDown, stopNext } from "./shutdown.ts";
import { World } from "./world.ts";

type Variables = Iterable<readonly [name: string, value: string]>;

/** A change of the variables that `initctl set-env` and its kin make: in all tables, or in that of one instance. */
export interface VariableChange {
  kind: "set-env" | "unset-env" | "reset-env";
  /** `KEY=VALUE` to set, `KEY` to unset. */
  variable?: string;
  /** False: one that is set keeps its value. */
  replace?: boolean;
  table?: { job: string; instance: string };
}

/** The naive engine. */
export class NaiveEngine {
  readonly #world: World;

  constructor(defaults: Variables = [], initEnvironment: Variables = [], endsWithRunlevel = false) {
    this.#world = new World(new Environment(defaults), new Environment(initEnvironment));
    this.#world.endsWithRunlevel = endsWithRunlevel;
  }

  /** Leaves these kinds out of the effects. */
  mute(muted: readonly NoticeKind[]): void {
    this.#world.muted = muted;
  }

  /**
   * Handles an input.
   * @param hint What the other engine does by it. Where the manual leaves open which of several instances goes on first, its
   * order is taken.
   */
  handle(input: Input, now: Time, hint: readonly Effect[] = []): Effect[] {
    const world = this.#world;
    world.now = now.monotonic;
    world.events = world.spawnsRequested = 0;
    world.effects = [];
    world.hint = hint;
    this.#take(input);
    while (dealWithEvents(world) && (lookAtAll(world) || stopNext(world)));
    if (world.putOff.length > 0) world.setOwnTimer("delayed-starts", 1000);
    return world.effects;
  }

  /** Changes variables. */
  change({ kind, variable = "", replace = true, table }: VariableChange): void {
    const { defaults, originalDefaults, instances } = this.#world;
    const one = table && this.#world.find(table.job, table.instance);
    const tables = table
      ? (one ? [one.environment] : [])
      : [defaults, ...instances.map(({ environment }) => environment)];
    if (kind === "unset-env") { for (const each of tables) each.delete(variable); }
    if (kind === "set-env") {
      for (const [name, value] of environment([variable])) {
        for (const each of tables) {
          if (!EVENT_VARIABLES.includes(name) && (replace || !each.has(name))) each.set(name, value);
        }
      }
    }
    const [first] = tables;
    if (kind !== "reset-env" || !first) return;
    const fresh = one ? this.#world.startVariables(one.job.definition) : originalDefaults;
    first.clear();
    for (const [name, value] of fresh) first.set(name, value);
  }

  #take(input: Input): void {
    const world = this.#world;
    switch (input.kind) {
      case "definitions":
        return input.changes.forEach(({ name, definition }) => define(world, name, definition));
      case "request":
        return this.#serve(input);
      case "event":
        return void world.emit(input.event, environment(input.environment), { by: "init" });
      case "spawned":
      case "spawn-failed":
      case "spawn-skipped":
        return this.#spawnEnded(input);
      case "exited": {
        const owner = world.owner("pids", input.pid);
        return owner && ended(world, owner.instance, owner.process, input.exit, input.trackedProcess);
      }
      case "settled": {
        const owner = world.owner("pids", input.pid);
        return owner?.process === "main" ? settled(world, owner.instance, input.isCertain) : undefined;
      }
      case "stopped": {
        const owner = world.owner("pids", input.pid);
        return owner && stopped(world, owner.instance, owner.process, input.signal);
      }
      case "timer":
        return this.#timer(input.timer);
      case "check-passed":
        return checked(world, input.check, undefined);
      case "check-failed":
        return checked(world, input.check, input.reason);
      case "adopt":
        return adopt(world, input.job, input.instance, input.pid, input.environment);
      case "stop-all":
        shutDown(world, input.inOrder === true);
        return retry(world);
    }
    const instance = world.find(input.job, input.instance);
    if (!instance) return;
    switch (input.kind) {
      case "ready":
        return saidReady(world, instance);
      case "notification":
        return notified(world, instance, input.told);
      case "pid-file":
        return fileNames(world, instance, input.pid, input.session);
      case "pid-file-refused":
        return fileRefused(instance, input.reason);
      case "left-behind":
        return leftFound(world, instance, input.process);
      case "leftovers":
        return leftoversSeen(world, instance, input.pids);
    }
  }

  #serve({ request, what, asker }: Input & { kind: "request" }): void {
    try {
      serve(this.#world, request, what, { by: "request", ...(asker && { asker }) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { name, message } = error;
      this.#world.effect({ kind: "answer", request, instance: "", error: { name, message } });
    }
  }

  #spawnEnded(input: Input & { kind: "spawned" | "spawn-failed" | "spawn-skipped" }): void {
    const owner = this.#world.owner("spawns", input.spawn);
    if (!owner) return;
    const { instance, process } = owner;
    if (input.kind === "spawned") return begun(this.#world, instance, process, input.pid);
    if (input.kind === "spawn-failed") return notBegun(this.#world, instance, process, input);
    instance.spawns.delete(process);
    goOnAfter(this.#world, instance, process);
  }

  #timer(number: number): void {
    const world = this.#world;
    for (const [purpose, own] of world.ownTimers) {
      if (own !== number) continue;
      world.ownTimers.delete(purpose);
      if (purpose === "delayed-starts") retry(world);
    }
    for (const instance of world.instances) {
      for (const [purpose, timer] of instance.timers) {
        if (timer.number !== number) continue;
        instance.timers.delete(purpose);
        return timeIsOver(world, instance, purpose);
      }
    }
  }
}
