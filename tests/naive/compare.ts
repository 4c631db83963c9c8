/** The comparison of what an engine has done with what the naive engine does. */

import type { Effect, Input, NoticeKind, Time } from "../../lib/engine/effects.ts";
import { NaiveEngine, type VariableChange } from "./engine/engine.ts";

/** What happens to an engine: an input, and what it has done by it; a change of variables; another set of muted kinds. */
export type TraceEntry =
  | { input: Input; now: Time; effects: readonly Effect[] }
  | { change: VariableChange }
  | { muted: readonly NoticeKind[] };

/** All that has happened to an engine since it was made, with what it was made of. */
export interface Trace {
  defaults?: Iterable<readonly [name: string, value: string]>;
  initEnvironment?: Iterable<readonly [name: string, value: string]>;
  endsWithRunlevel?: boolean;
  entries: readonly TraceEntry[];
}

/** The first input by which the two engines have done something else. */
export interface Difference {
  /** The place of the entry in the trace. */
  entry: number;
  /** The place of the effect. */
  effect: number;
  engine: readonly Effect[];
  naive: readonly Effect[];
}

/** How a comparison went. */
export interface Comparison {
  /** How many inputs and effects were the same. */
  inputs: number;
  effects: number;
  difference?: Difference;
}

/** Has the naive engine do what another one has done, input by input, until there is a difference. */
export function compareTrace({ defaults, initEnvironment, endsWithRunlevel, entries }: Trace): Comparison {
  const engine = new NaiveEngine(defaults, initEnvironment, endsWithRunlevel);
  const result: Comparison = { inputs: 0, effects: 0 };
  for (const [index, entry] of entries.entries()) {
    if ("change" in entry) engine.change(entry.change);
    else if ("muted" in entry) engine.mute(entry.muted);
    else {
      const naive = engine.handle(entry.input, entry.now, entry.effects);
      const effect = firstDifference(entry.effects, naive);
      if (effect !== undefined) {
        return { ...result, difference: { entry: index, effect, engine: entry.effects, naive } };
      }
      result.inputs++;
      result.effects += naive.length;
    }
  }
  return result;
}

function firstDifference(one: readonly Effect[], other: readonly Effect[]): number | undefined {
  const length = Math.max(one.length, other.length);
  for (let index = 0; index < length; index++) if (!isSame(one[index], other[index])) return index;
  return undefined;
}

/** True for two values that are the same as data. A field that is undefined is as good as none. */
function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  const [left, right] = [one, other] as Record<string, unknown>[];
  return [...keys].every((key) => isSame(left![key], right![key]));
}

/** An effect in a line. */
export function effectInWords(effect: Effect | undefined): string {
  if (!effect) return "(nothing)";
  if (effect.kind === "log") return `log ${effect.priority}: ${effect.message}`;
  const { kind, ...rest } = effect.kind === "notice" ? effect.notice : effect;
  if ("definition" in rest) return `${kind} ${JSON.stringify({ ...rest, definition: rest.definition.name })}`;
  return `${kind} ${JSON.stringify(rest)}`;
}

/** A difference as lines: what is the same at first, and then what either does. */
export function differenceInWords({ effect, engine, naive }: Difference): string[] {
  const indented = (effects: readonly Effect[]) => effects.map((one) => `    ${effectInWords(one)}`);
  return [
    "  both:",
    ...indented(engine.slice(0, effect)),
    "  the engine:",
    ...indented(engine.slice(effect, effect + 8)),
    "  the naive one:",
    ...indented(naive.slice(effect, effect + 8)),
  ];
}
