/** The linter of what events of jobs are compared with: finds values that they never have. */

import { KNOWN_VALUES } from "../author/known_events.ts";
import { matchesPattern } from "../engine/conditions/pattern.ts";
import { type EventCondition, jobOf, type Match } from "../model/condition.ts";
import type { JobDefinition } from "../model/job.ts";
import { LAST_SIGNAL, signalName } from "../model/signals.ts";

/** The events of a job's end, and those before it. */
const ENDS = ["stopping", "stopped", "gave-up"], BEGINS = ["starting", "started"];

const numbers = (count: number) => Array.from({ length: count }, (_, number) => `${number}`);

/** What the variables of a job's end can be. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  ...KNOWN_VALUES,
  PROCESS: [...KNOWN_VALUES.PROCESS, "security", "reload"],
  EXIT_STATUS: numbers(256),
  EXIT_SIGNAL: numbers(LAST_SIGNAL + 1).flatMap((number) => [signalName(Number(number)) ?? number, number]),
};

/** How many values a sentence names. */
const FEW = 10;

/**
 * Why an event can never be what a condition asks for; undefined where it can.
 * @param exported The variables that jobs export, which their events have, too
 */
export function whyNever(event: EventCondition, exported: ReadonlySet<string>): string | undefined {
  for (const match of event.matches) {
    const reason = whyNeverEqual(event.name, match, exported);
    if (reason !== undefined) return reason;
  }
}

function whyNeverEqual(
  event: string,
  { key = "", value, negated = false }: Match,
  exported: ReadonlySet<string>,
): string | undefined {
  const values = Object.hasOwn(VALUES, key) ? VALUES[key]! : undefined;
  if (!values || exported.has(key) || value.includes("$")) return undefined;
  if (BEGINS.includes(event)) return `\`${event}' has no ${key}, which \`stopping' and \`stopped' have alone`;
  if (!ENDS.includes(event) || values.some((one) => matchesPattern(value, one) !== negated)) return undefined;
  const bare = value.replace(/^SIG/, "");
  if (key === "EXIT_SIGNAL" && bare !== value) {
    return `EXIT_SIGNAL is never \`${value}'; did you mean \`${bare}'?`;
  }
  const known = values.length <= FEW ? `; it is ${values.join(" or ")}` : "";
  return `${key} is never ${negated ? `other than \`${value}'` : `\`${value}'`}${known}`;
}

/** True for the start of the job itself, of which there is one instance: that starts nothing. */
export function isOwnStart(event: EventCondition, { name, instance }: JobDefinition): boolean {
  return BEGINS.includes(event.name) && instance === "" && jobOf(event) === name;
}
