/** What a record can hold of long texts and many variables. */

import type { Cause } from "../../model/insight/journal.ts";

/** How long the variables of a record may be together, and any other text in it, in characters. */
const LONGEST_VARIABLES = 4096, LONGEST_TEXT = 4096;

/** Of a long text the beginning. */
export function shortText(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}

/** Of many or long variables the beginning. What is not cut is shared: most events have few. */
export function shortVariables(environment: string[]): string[] {
  let length = 0;
  for (const pair of environment) length += pair.length;
  if (length <= LONGEST_VARIABLES) return environment;
  const short: string[] = [];
  length = 0;
  for (const pair of environment) {
    if (length + pair.length > LONGEST_VARIABLES) {
      short.push(`${pair.slice(0, LONGEST_VARIABLES - length)}…`);
      break;
    }
    short.push(pair);
    length += pair.length;
  }
  return short;
}

/** A cause that a record can hold; itself where nothing is cut. */
export function shortCause(cause: Cause): Cause {
  if (cause.by === "failure") return { by: "failure", reason: shortText(cause.reason) };
  if (cause.by !== "event") return cause;
  const event = shortText(cause.event), environment = shortVariables(cause.environment);
  return event === cause.event && environment === cause.environment
    ? cause
    : { by: "event", event, environment };
}
