/** The rules that hold whatever happens, by their names. */

import type { Effect, Input } from "../../../lib/engine/effects.ts";
import type { Engine } from "../../../lib/engine/engine.ts";
import type { Performer } from "../performer.ts";
import type { TraceEntry } from "../../naive/compare.ts";
import type { World } from "../world.ts";

/** A line that a program has written as a whole. */
export interface WrittenLine {
  job: string;
  instance: string;
  pid: number;
  line: number;
  /** When, in ms. */
  time: number;
}

/** What rules look at. */
export interface Scene {
  readonly world: World;
  readonly performer: Performer;
  /** The engine in force; undefined until init has one. */
  readonly engine: Engine | undefined;
  /** The lines that went to a log or to init's output. */
  readonly lines: readonly WrittenLine[];
  /** What the engine was given, and what it has answered. */
  readonly history: readonly TraceEntry[];
  /** What processes init has started, by their numbers. */
  readonly spawned: ReadonlyMap<number, Spawned>;
  /** How many system calls there were a second while nothing was done to init. */
  readonly callsAtRest: number;
  /** True once init is told to end. */
  readonly isEnding: boolean;
}

/** A process of an instance. */
export interface Spawned {
  job: string;
  instance: string;
  process: string;
  time: number;
}

/** A rule. Each function gives what breaks it, a sentence each. */
export interface Rule {
  name: string;
  /** Looked at every second of virtual time. */
  always?(scene: Scene): string[];
  /** Looked at when nothing was done to init for a long time. */
  atRest?(scene: Scene): string[];
  /** Looked at when init has ended. */
  atEnd?(scene: Scene): string[];
  /** Looked at with each input of the engine. */
  atInput?(scene: Scene, engine: Engine, input: Input, effects: readonly Effect[]): string[];
}
