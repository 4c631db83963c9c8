/** Conditions, which `startOn` and `stopOn` take (init(5), "EVENT DEFINITION"). */

import { WHILE_UP } from "../model/condition.ts";
import type { EventName, Events, EventVariable, ExportedVariables } from "./events.ts";

/** The property that marks a job made by {@link job}, for the types, too. */
export const definedAt = Symbol.for("rouse.definedAt");

/** A job as others refer to it. */
export interface DefinedJob {
  /** Where `job()` was called. */
  readonly [definedAt]: string;
}

/** True for a job that `job()` made. */
export function isJob(value: unknown): value is DefinedJob {
  return typeof value === "object" && value !== null && Object.hasOwn(value, definedAt);
}

/** A job's name, the imported job itself, or a function that returns it, for modules that import each other. */
export type JobReference = string | DefinedJob | (() => DefinedJob);

/**
 * The same where the types of jobs in a circle depend on it. A compiler looks at once into a function of a known type, and
 * so would have to know a job's type to find it; what such a function returns is looked at when the module is loaded.
 */
export type LateReference = string | DefinedJob | CallableFunction;

/** A pattern to compare a variable with: a shell pattern such as `eth*` or `[2345]`. `$VAR` is expanded, in `startOn` from `env` only. */
export type Pattern = string | number;

/** A negated comparison: the variable must be set and must not match. */
export interface Negated<Wanted extends Pattern = Pattern> {
  readonly not: Wanted;
}

/** What a variable may be compared with: its possible values or a pattern with a wildcard, or any pattern when it may have any value. */
export type Comparand<Value> = string extends Value ? Pattern | Negated
  : Extract<Value, string> | Wildcard | Negated<Extract<Value, string> | Wildcard>;

type Wildcard = `${string}${"*" | "?" | "[" | "$"}${string}`;

/** Comparisons by the variables' names. */
export type Matches<Variable extends string> = { readonly [Name in Variable]?: Pattern | Negated };

/** Comparisons with an event's variables. An event without variables takes none. */
export type EventMatches<Name extends EventName> = [EventVariable<Name>] extends [never]
  ? Readonly<Record<string, never>>
  : { readonly [Variable in EventVariable<Name>]?: Comparand<Events[Name][Variable]> };

/** One comparison. In place of a job's name it may hold a reference to the job. */
export interface Comparison {
  readonly key?: string;
  readonly value: LateReference;
  readonly negated?: boolean;
}

/** A condition as a tree. */
export type ConditionTree =
  | { readonly kind: "event"; readonly name: string; readonly comparisons: readonly Comparison[] }
  | { readonly kind: "and" | "or"; readonly left: ConditionTree; readonly right: ConditionTree };

/**
 * A condition, which becomes true once certain events have happened. `Variable` are the names of the variables that those
 * events add to the job's environment.
 */
export class Condition<Variable extends string = string> {
  /** For the types only: never set. */
  declare readonly variable?: Variable;

  constructor(readonly tree: ConditionTree) {}

  /** True once both conditions are. */
  and<Other extends string>(other: Condition<Other>): Condition<Variable | Other> {
    return new Condition({ kind: "and", left: this.tree, right: other.tree });
  }

  /** True once one of both conditions is. */
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

/** In a comparison: the variable must be set and must not match. `on("net-device-up", { IFACE: not("lo") })` */
export function not<const Wanted extends Pattern>(pattern: Wanted): Negated<Wanted> {
  return { not: pattern };
}

/** True once all of the conditions are. */
export function all<Variable extends string>(
  first: Condition<Variable>,
  ...others: Condition<Variable>[]
): Condition<Variable> {
  return others.reduce((joined, condition) => joined.and(condition), first);
}

/** True once one of the conditions is. */
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

/** Before the job starts, which waits until this one is up or done (starting(7)). */
export const starting = jobEvent("starting");
/** Once the job is up (started(7)). */
export const started = jobEvent("started");
/** Before the job stops, which waits until this one is up or done (stopping(7)). */
export const stopping = jobEvent("stopping");
/** Once the job is down (stopped(7)). */
export const stopped = jobEvent("stopped");

/**
 * Makes conditions on an event of a job. It takes the job, and patterns for the variables of the event: INSTANCE, RESULT
 * …, and those that the job exports. For an imported job these may be the variables of its `env`. For a job that is given
 * by its name they are declared in {@link ExportedVariables}, or named in the call:
 * `started<"DISPLAY">("x", { DISPLAY: ":0" })`.
 */
export interface JobEventCondition<Name extends EventName> {
  <Env extends Readonly<Record<string, unknown>>>(
    job: DefinedJob & { readonly env?: Env },
    matches?: JobMatches<Name, keyof Env & string>,
  ): Condition<EventVariable<Name> | (keyof Env & string)>;
  <Exported extends string = never>(
    job: JobReference,
    matches?: JobMatches<Name, NoInfer<Exported>>,
  ): Condition<EventVariable<Name> | Exported>;
}

/** Comparisons with the variables of a job's event, and with those that the job exports. */
type JobMatches<Name extends EventName, Exported extends string> =
  & EventMatches<Name>
  & Matches<Exclude<Exported | (keyof ExportedVariables & string), EventVariable<Name>>>;

function jobEvent<Name extends EventName>(name: Name): JobEventCondition<Name> {
  return (job: JobReference, matches: Matches<string> = {}) =>
    new Condition<never>({ kind: "event", name, comparisons: [{ value: job }, ...comparisons(matches)] });
}

/**
 * True as long as the job is up, for `startOn`: the job starts when it becomes true, also when it is true already as the
 * job is loaded, and stops when it becomes false. A task counts as up once it has succeeded.
 *
 *     startOn: whileUp(network).and(whileUp(redis)),
 */
export function whileUp(job: LateReference): Condition<never> {
  return new Condition<never>({ kind: "event", name: WHILE_UP, comparisons: [{ value: job }] });
}

function comparisons(match: Pattern | Readonly<Record<string, unknown>>): Comparison[] {
  if (typeof match !== "object") return [{ value: String(match) }];
  return Object.entries(match as Record<string, Pattern | Negated>).map(([key, pattern]) =>
    typeof pattern === "object"
      ? { key, value: String(pattern.not), negated: true }
      : { key, value: String(pattern) }
  );
}
