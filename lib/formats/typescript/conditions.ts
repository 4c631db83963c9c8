/** Conditions as the functions of the module `rouse` say them. */

import { KNOWN_EVENTS, KNOWN_VALUES } from "../../author/known_events.ts";
import {
  type EventCondition,
  eventsOf,
  JOB_EVENTS,
  type JobCondition,
  levelOf,
  type Match,
  WHILE_UP,
} from "../../model/condition.ts";
import { signalName, signalNumber } from "../../model/signals.ts";
import { SiblingImports, type Siblings } from "./siblings.ts";
import { bracketed, keyLiteral, textLiteral, WIDTH } from "./literals.ts";

/** Events by name, with the names of their variables. */
export type EventNames = Map<string, Set<string>>;

/** The events that a condition mentions and that the module `rouse` does not know. */
export function unknownEvents(
  condition: JobCondition | undefined,
  found: EventNames = new Map(),
): EventNames {
  for (const { name, matches } of eventsOf(condition)) {
    if (Object.hasOwn(KNOWN_EVENTS, name) || name === WHILE_UP) continue;
    const variables = found.get(name) ?? new Set();
    found.set(name, variables);
    for (const { key } of matches) if (key !== undefined) variables.add(key);
  }
  return found;
}

/** The variables that an event is known to have; undefined for an event that is not known. */
export function knownVariables(event: string): readonly string[] | undefined {
  return Object.hasOwn(KNOWN_EVENTS, event) ? KNOWN_EVENTS[event as keyof typeof KNOWN_EVENTS] : undefined;
}

/** True when a value can be written as the editor wants it: one that the variable has, or a pattern. */
function isKnownValue(key: string, value: string): boolean {
  if (key === "EXIT_SIGNAL") return /^\d+$/.test(value) || hasWildcard(value) || isSignalName(value);
  const values: readonly string[] | undefined = Object.hasOwn(KNOWN_VALUES, key)
    ? KNOWN_VALUES[key as keyof typeof KNOWN_VALUES]
    : undefined;
  return values === undefined || values.includes(value) || hasWildcard(value);
}

function hasWildcard(value: string): boolean {
  return /[*?[$]/.test(value);
}

function isSignalName(value: string): boolean {
  const number = signalNumber(value);
  return number !== undefined && signalName(number) === value;
}

/** True for the events of a job's life, whose functions take variables that the job exports, too. */
export function isAboutJob({ name, matches: [first, ...others] }: EventCondition): boolean {
  if (!JOB_EVENTS.includes(name)) return false;
  return first !== undefined && first.key === undefined && groups(others).length < 2 &&
    others.every(({ key }) => key !== undefined);
}

/** Writes conditions, and notes what of the module `rouse` this takes. */
export class ConditionWriter {
  readonly #imports: SiblingImports;

  constructor(private readonly used: Set<string>, siblings?: Siblings) {
    this.#imports = new SiblingImports(used, siblings);
  }

  /** The imports of the jobs that the conditions written so far refer to. */
  imports(): string {
    return this.#imports.text();
  }

  /** A job that has a module of its own is imported. */
  reference(job: string): string {
    return this.#imports.refer(job).reference;
  }

  /** @param before how much stands in front of the condition on its line */
  write(condition: JobCondition, indentation: number, before: number): string {
    const line = this.#line(condition);
    if (condition.kind === "event" || indentation + before + line.length + 1 <= WIDTH) return line;
    const operands = chain(condition).map((operand) => this.write(operand, indentation + 2, 0));
    return bracketed(
      `${this.#use(condition.kind === "and" ? "all" : "any")}(`,
      operands,
      ")",
      indentation,
      WIDTH,
    );
  }

  /** In one line. Operators are methods, which group to the left as those of init(5) do. */
  #line(condition: JobCondition): string {
    if (condition.kind === "event") return this.#event(condition);
    return `${this.#line(condition.left)}.${condition.kind}(${this.#line(condition.right)})`;
  }

  #event(event: EventCondition): string {
    const { name, matches } = event;
    const [first, ...others] = matches;
    if (name === "startup" && !first) return this.#use("startup");
    if (name === "runlevel" && first && first.key === undefined && others.length === 0) {
      return `${this.#use("runlevel")}(${textLiteral(first.value)})`;
    }
    const level = levelOf(event);
    if (level !== undefined && first!.key === undefined) {
      return `${this.#use("whileUp")}(${this.reference(level)})`;
    }
    if (isAboutJob(event)) return this.#aboutJob(name, first!.value, others);
    const known = knownVariables(name);
    const args = groups(matches).map((group) => this.#comparison(group, known));
    return `${this.#use("on")}(${[textLiteral(name), ...args].join(", ")})`;
  }

  /** A job that has a module of its own is imported. Variables that it is not known to export are named. */
  #aboutJob(event: string, job: string, matches: readonly Match[]): string {
    const { reference, variables } = this.#imports.refer(job);
    const exported = matches.map(({ key }) => key!).filter((key) => !knownVariables(event)!.includes(key));
    const isKnown = exported.every((key) => variables.has(key));
    const named = [...new Set(exported)].map(textLiteral).join(" | ");
    const args = groups(matches).map((group) => this.#comparison(group, undefined));
    return `${this.#use(event)}${isKnown ? "" : `<${named}>`}(${[reference, ...args].join(", ")})`;
  }

  #comparison(group: Match[], known: readonly string[] | undefined): string {
    const [{ key, value }] = group as [Match];
    if (key === undefined) return textLiteral(value);
    const entries = group.map(({ key, value, negated }) => {
      const text = textLiteral(value);
      return `${keyLiteral(key!)}: ${negated ? `${this.#use("not")}(${text})` : text}`;
    });
    const table = `{ ${entries.join(", ")} }`;
    // The editor knows the event, but not that it has such a variable or value.
    const isOdd = group.some(({ key, value }) =>
      known?.includes(key!) === false || !isKnownValue(key!, value)
    );
    return isOdd ? `${table} as object` : table;
  }

  #use(name: string): string {
    this.used.add(name);
    return name;
  }
}

/** The operands that one operator joins. */
function chain(condition: JobCondition): JobCondition[] {
  const operands: JobCondition[] = [];
  let next = condition;
  while (next.kind !== "event" && next.kind === condition.kind) {
    operands.unshift(next.right);
    next = next.left;
  }
  return [next, ...operands];
}

/** Comparisons as the arguments that they make: each by position alone, those by name as tables. */
function groups(matches: readonly Match[]): Match[][] {
  const result: Match[][] = [];
  for (const match of matches) {
    const table = result.at(-1);
    // A table has each key once, and those that are numbers first.
    const fits = match.key !== undefined && !/^\d+$/.test(match.key) && table?.[0]?.key !== undefined &&
      table.every(({ key }) => key !== match.key && !/^\d+$/.test(key!));
    if (fits) table!.push(match);
    else result.push([match]);
  }
  return result;
}
