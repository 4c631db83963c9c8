/** Conditions: what `startOn` and `stopOn` take (init(5), "EVENT DEFINITION"). */

import type { EventName, EventVariable } from "./events.ts";

/** Marks what {@link job} made, also for the types. */
export const definedAt = Symbol.for("rouse.definedAt");

/** A job as others refer to it. */
export interface DefinedJob {
  /** Where `job()` was called. */
  readonly [definedAt]: string;
}

/** True for what `job()` made. */
export function isJob(value: unknown): value is DefinedJob {
  return typeof value === "object" && value !== null && Object.hasOwn(value, definedAt);
}

/** A job by its name, the imported job itself, or a function giving it, for modules that import each other. */
export type JobReference = string | DefinedJob | (() => DefinedJob);

/** What a variable is compared with: a shell pattern such as `eth*` or `[2345]`; `$VAR` is expanded in `stopOn`. */
export type Pattern = string | number;

/** A comparison turned round: the variable must be there and must not match. */
export interface Negated {
  readonly not: Pattern;
}

/** Comparisons by the variables' names. */
export type Matches<Variable extends string> = { readonly [Name in Variable]?: Pattern | Negated };

/** Comparisons with an event's variables; an event that has none takes none. */
export type EventMatches<Name extends EventName> = [EventVariable<Name>] extends [never]
  ? Readonly<Record<string, never>>
  : Matches<EventVariable<Name>>;

/** One comparison; that of a job's name may still be a reference. */
export interface Comparison {
  readonly key?: string;
  readonly value: string | Exclude<JobReference, string>;
  readonly negated?: boolean;
}

/** What a condition says, as a tree. */
export type Tree =
  | { readonly kind: "event"; readonly name: string; readonly comparisons: readonly Comparison[] }
  | { readonly kind: "and" | "or"; readonly left: Tree; readonly right: Tree };

/**
 * Something that is true once certain events have happened. `Variable` are the names of the variables that
 * those events bring into the job's environment.
 */
export class Condition<Variable extends string = string> {
  /** For the types alone. */
  declare readonly variable?: Variable;

  constructor(readonly tree: Tree) {}

  /** True once both are. */
  and<Other extends string>(other: Condition<Other>): Condition<Variable | Other> {
    return new Condition({ kind: "and", left: this.tree, right: other.tree });
  }

  /** True once one of both is. */
  or<Other extends string>(other: Condition<Other>): Condition<Variable | Other> {
    return new Condition({ kind: "or", left: this.tree, right: other.tree });
  }
}

/**
 * True once the event has happened: `on("net-device-up", { IFACE: "eth*" })`. Values without a name are
 * compared with the event's variables in their order: `on("runlevel", "[23]")`.
 */
export function on<Name extends EventName>(
  event: Name,
  ...matches: Array<Pattern | EventMatches<Name>>
): Condition<EventVariable<Name>> {
  return new Condition({ kind: "event", name: event, comparisons: matches.flatMap(comparisons) });
}

/** In a comparison: the variable must be there and must not match. `on("net-device-up", { IFACE: not("lo") })` */
export function not(pattern: Pattern): Negated {
  return { not: pattern };
}

/** True once all are. */
export function all<Variable extends string>(
  first: Condition<Variable>,
  ...others: Condition<Variable>[]
): Condition<Variable> {
  return others.reduce((joined, condition) => joined.and(condition), first);
}

/** True once one of them is. */
export function any<Variable extends string>(
  first: Condition<Variable>,
  ...others: Condition<Variable>[]
): Condition<Variable> {
  return others.reduce((joined, condition) => joined.or(condition), first);
}

/** When init starts (startup(7)). */
export const startup: Condition<never> = on("startup");

/** On entering one of the runlevels of a pattern: `runlevel("[2345]")`, `runlevel("[!2345]")`, `runlevel(2)`. */
export function runlevel(pattern: Pattern): Condition<EventVariable<"runlevel">> {
  return on("runlevel", pattern);
}

/** Before the job starts, which waits for this one to be up or done (starting(7)). */
export const starting = about("starting");
/** Once the job is up (started(7)). */
export const started = about("started");
/** Before the job stops, which waits for this one (stopping(7)). */
export const stopping = about("stopping");
/** Once the job is down (stopped(7)). */
export const stopped = about("stopped");

/**
 * A condition about another job's life: the job, and patterns for variables of the event: INSTANCE, RESULT
 * …, and those that the job exports. Of a job that is imported it is known which variables it has to export.
 */
export interface AboutJob<Name extends EventName> {
  <Env extends Readonly<Record<string, unknown>>>(
    job: DefinedJob & { readonly env?: Env },
    matches?: Matches<(keyof Env & string) | EventVariable<Name>>,
  ): Condition<EventVariable<Name> | (keyof Env & string)>;
  <Exported extends string = never>(
    job: Exclude<JobReference, DefinedJob>,
    matches?: Matches<Exported> & Matches<EventVariable<Name>>,
  ): Condition<EventVariable<Name> | Exported>;
}

function about<Name extends EventName>(name: Name): AboutJob<Name> {
  return (job: JobReference, matches: Matches<string> = {}) =>
    new Condition<never>({ kind: "event", name, comparisons: [{ value: job }, ...comparisons(matches)] });
}

function comparisons(match: Pattern | Readonly<Record<string, unknown>>): Comparison[] {
  if (typeof match !== "object") return [{ value: String(match) }];
  return Object.entries(match as Record<string, Pattern | Negated>).map(([key, pattern]) =>
    typeof pattern === "object"
      ? { key, value: String(pattern.not), negated: true }
      : { key, value: String(pattern) }
  );
}
