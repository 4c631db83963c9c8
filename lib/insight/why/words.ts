/** Events and names in sentences. */

import type { EventCondition } from "../../model/condition.ts";
import { cut } from "../screen/width.ts";

/** The most of an event, or of a command line, that is shown. */
const LONGEST = 120;

/** A text, cut where it is long. */
export function shortened(text: string, longest = LONGEST): string {
  return cut(text, longest);
}

/** An event with its variables. */
export function eventInWords(name: string, environment: readonly string[] = []): string {
  return shortened([name, ...environment].join(" "));
}

/** A leaf of a condition as its stanza says it: `net-device-up IFACE!=lo`. */
export function leafInWords({ name, matches }: EventCondition): string {
  const words = matches.map(({ key, value, negated }) =>
    key === undefined ? value : `${key}${negated ? "!=" : "="}${value}`
  );
  return eventInWords(name, words);
}

/** Names in a sentence: `a, b and c`. */
export function named(names: readonly string[], last: "and" | "or" = "and"): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} ${last} ${names.at(-1)}`;
}
