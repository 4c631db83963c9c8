/** A simulation: one history of one init, from its start to its end. */

import type { Effect, Input } from "../../lib/engine/effects.ts";
import type { Engine } from "../../lib/engine/engine.ts";
import type { Action } from "./actions.ts";
import { runUntil } from "./loop.ts";
import { Performer } from "./performer.ts";
import type { Rule, Scene, Spawned, WrittenLine } from "./rules/rule.ts";
import { RULES } from "./rules/rules.ts";
import type { TraceEntry } from "../naive/compare.ts";
import { Random } from "./random.ts";
import { type Setting, SETTINGS, World } from "./world.ts";

/** A rule that was broken. */
export interface Violation {
  rule: string;
  how: string;
  /** When, in ms of virtual time. */
  time: number;
}

/** What came of a simulation. */
export interface Outcome {
  /** By which two histories are compared. */
  digest: string;
  /** The virtual time that it took, in ms. */
  time: number;
  violations: Violation[];
  /** How much has happened. */
  counts: {
    calls: number;
    requests: number;
    answers: number;
    processes: number;
    faults: number;
    restarts: number;
    lines: number;
  };
  /** What init has said, and the last system calls. */
  messages: string[];
  trace: string[];
}

/** How often the rules are looked at, in ms. */
const LOOKING = 1000;

/** How long nothing is done to init before it is looked at at rest, then asked something, and how long it may take to end, in ms. */
const REST = 120_000, PROBE = 40_000, LONGEST_END = 120_000;

const SIGTERM = 15;

/** The setting of a seed: mostly the first. */
function settingOf(seed: number): Setting {
  return new Random(seed, 4).weighted(SETTINGS.map((setting, index) => [index === 0 ? 3 : 1, setting]));
}

/** Runs a history. It ends at the first rule that is broken. */
export class Simulation implements Scene {
  readonly world: World;
  readonly performer: Performer;
  readonly spawned = new Map<number, Spawned>();
  readonly lines: WrittenLine[] = [];
  readonly history: TraceEntry[] = [];
  readonly violations: Violation[] = [];
  readonly rules: readonly Rule[];
  engine: Engine | undefined;
  isEnding = false;
  /** How many system calls init has made while nothing was done to it, a second. */
  callsAtRest = 0;
  /** For how long the engine's clocks have stood still while init was restarted, in ms. */
  #paused = 0;
  /** Spawns that the engine has asked for, by their numbers. */
  readonly #asked = new Map<number, Omit<Spawned, "time">>();

  readonly #rest: number;

  constructor(
    seed: number,
    private readonly actions: readonly Action[],
    { rest = REST, rules = RULES }: { rest?: number; rules?: readonly Rule[] } = {},
  ) {
    this.#rest = rest;
    this.rules = rules;
    this.world = new World({
      seed,
      setting: settingOf(seed),
      onLine: (job, instance, pid, line) =>
        this.lines.push({ job, instance, pid, line, time: this.world.kernel.clock.now }),
      onEngine: {
        handled: (engine, input, now, effects) => {
          this.engine = engine;
          const time = { ...now, monotonic: now.monotonic - this.#paused };
          this.history.push({ input, now: time, effects });
          this.#note(input, effects);
          for (const rule of this.rules) this.#judge(rule, rule.atInput?.(this, engine, input, effects));
        },
        muted: (kinds) => void this.history.push({ muted: kinds }),
        restored: (pause) => this.#paused += pause,
      },
    });
    this.performer = new Performer(this.world);
    this.world.kernel.violated = (rule, how) => this.#break(rule, how);
  }

  /** Notes which processes belong to which instances. */
  #note(input: Input, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind !== "spawn") continue;
      const { definition: { name: job }, instance, process } = effect;
      this.#asked.set(effect.spawn, { job, instance, process });
    }
    const made = input.kind === "spawned" ? this.#asked.get(input.spawn) : undefined;
    if (input.kind === "spawned" && made) {
      this.spawned.set(input.pid, { ...made, time: this.world.kernel.clock.now });
    }
  }

  #break(rule: string, how: string): void {
    this.violations.push({ rule, how, time: this.world.kernel.clock.now });
  }

  #judge({ name }: Rule, found: string[] | undefined): void {
    for (const how of found ?? []) this.#break(name, how);
  }

  /** Looks at the rules again and again. */
  #look(): void {
    if (this.world.kernel.init.hasEnded) return;
    for (const rule of this.rules) this.#judge(rule, rule.always?.(this));
    this.world.kernel.clock.after(LOOKING, () => this.#look());
  }

  async run(): Promise<Outcome> {
    const { world, performer } = this, { kernel } = world;
    const onRejection = (event: PromiseRejectionEvent) => {
      event.preventDefault();
      world.runtime?.uncaught("unhandledRejection", event.reason);
    };
    globalThis.addEventListener("unhandledrejection", onRejection);
    try {
      const isBroken = () => this.violations.length > 0;
      const early = this.actions.filter(({ at }) => at === 0);
      for (const action of early) performer.perform(action);
      world.start();
      this.#look();
      for (const action of this.actions.slice(early.length)) {
        if (await runUntil(world, action.at, () => isBroken() || kernel.init.hasEnded)) break;
        performer.perform(action);
      }
      if (kernel.init.hasEnded) {
        this.#break("init ends when it is told to, and nothing is left", "it has ended by itself");
      }
      performer.calm();
      const calls = kernel.hash.count;
      if (!isBroken()) await runUntil(world, kernel.clock.now + this.#rest, isBroken);
      this.callsAtRest = (kernel.hash.count - calls) / (this.#rest / 1000);
      performer.probe();
      if (!isBroken()) await runUntil(world, kernel.clock.now + PROBE, isBroken);
      if (!isBroken()) { for (const rule of this.rules) this.#judge(rule, rule.atRest?.(this)); }
      if (!isBroken()) await this.#end();
      return this.#outcome();
    } finally {
      globalThis.removeEventListener("unhandledrejection", onRejection);
    }
  }

  /** Has init end. */
  async #end(): Promise<void> {
    const { world } = this, { kernel } = world, { init, processes } = kernel;
    this.isEnding = true;
    init.signal(SIGTERM);
    const isOver = () => init.hasEnded || this.violations.length > 0;
    await runUntil(world, kernel.clock.now + LONGEST_END, isOver);
    // With process 1 its namespace ends.
    if (init.hasEnded) {
      for (const process of [...processes.all.values()]) if (process.parent) process.signal(9);
    }
    await runUntil(world, kernel.clock.now + 1000, () => false);
    if (this.violations.length === 0) {
      for (const rule of this.rules) {
        this.#judge(rule, rule.atEnd?.(this));
      }
    }
  }

  #outcome(): Outcome {
    const { world, performer, spawned, lines, violations } = this, { kernel } = world;
    return {
      digest: kernel.hash.digest,
      time: kernel.clock.now,
      violations,
      counts: {
        calls: kernel.hash.count,
        requests: performer.calls.length,
        answers: performer.calls.filter(({ answers }) => answers > 0).length,
        processes: spawned.size,
        faults: kernel.faults.total,
        restarts: world.restarts,
        lines: lines.length,
      },
      messages: world.messages,
      trace: kernel.hash.last,
    };
  }
}
