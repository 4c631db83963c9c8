/** Conditions as the functions of the module `rouse` say them. */

import { KNOWN_EVENTS } from "../../../lib/author/known_events.ts";
import type { Condition, EventCondition, Match } from "../../../lib/model/condition.ts";
import { bracketed, keyLiteral, textLiteral, WIDTH } from "./literals.ts";

/** Events by name, with the names of their variables. */
export type EventNames = Map<string, Set<string>>;

/** The events that a condition mentions and that the module `rouse` does not know. */
export function unknownEvents(condition: Condition | undefined, found: EventNames = new Map()): EventNames {
  for (const { name, matches } of eventsOf(condition)) {
    if (Object.hasOwn(KNOWN_EVENTS, name)) continue;
    const variables = found.get(name) ?? new Set();
    found.set(name, variables);
    for (const { key } of matches) if (key !== undefined) variables.add(key);
  }
  return found;
}

/** All events that a condition mentions. */
export function eventsOf(condition: Condition | undefined): EventCondition[] {
  const events: EventCondition[] = [];
  const pending = condition ? [condition] : [];
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (next.kind === "event") events.unshift(next);
    else pending.push(next.left, next.right);
  }
  return events;
}

/** The variables that an event is known to have; undefined for an event that is not known. */
export function knownVariables(event: string): readonly string[] | undefined {
  return Object.hasOwn(KNOWN_EVENTS, event) ? KNOWN_EVENTS[event as keyof typeof KNOWN_EVENTS] : undefined;
}

/** True for the events of a job's life, whose functions take variables that the job exports, too. */
export function isAboutJob({ name, matches: [first, ...others] }: EventCondition): boolean {
  if (!["starting", "started", "stopping", "stopped"].includes(name)) return false;
  return first !== undefined && first.key === undefined && groups(others).length < 2 &&
    others.every(({ key }) => key !== undefined);
}

/** Writes conditions, and notes what of the module `rouse` this takes. */
export class ConditionWriter {
  constructor(private readonly used: Set<string>) {}

  /** @param before how much stands in front of the condition on its line */
  write(condition: Condition, indentation: number, before: number): string {
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
  #line(condition: Condition): string {
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
    const args = isAboutJob(event) ? [textLiteral(first!.value)] : [textLiteral(name)];
    const rest = isAboutJob(event) ? others : matches;
    const known = isAboutJob(event) ? undefined : knownVariables(name);
    args.push(...groups(rest).map((group) => this.#comparison(group, known)));
    return `${this.#use(isAboutJob(event) ? name : "on")}(${args.join(", ")})`;
  }

  #comparison(group: Match[], known: readonly string[] | undefined): string {
    const [{ key, value }] = group as [Match];
    if (key === undefined) return textLiteral(value);
    const entries = group.map(({ key, value, negated }) => {
      const text = textLiteral(value);
      return `${keyLiteral(key!)}: ${negated ? `${this.#use("not")}(${text})` : text}`;
    });
    const table = `{ ${entries.join(", ")} }`;
    // The editor knows the event, but not that it has such a variable.
    return known && group.some(({ key }) => !known.includes(key!)) ? `${table} as object` : table;
  }

  #use(name: string): string {
    this.used.add(name);
    return name;
  }
}

/** The operands that one operator joins. */
function chain(condition: Condition): Condition[] {
  const operands: Condition[] = [];
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
