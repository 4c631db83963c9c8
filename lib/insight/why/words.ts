/** Times, events, causes and results in words. */

import { signalName } from "../../model/signals.ts";
import type { EventCondition } from "../../model/condition.ts";
import type { Exit } from "../../model/exit.ts";
import type { Asker, Cause, RunResult } from "../../model/insight/journal.ts";

/** The units of time, the longest first, and how many of one there have to be for it (ms). */
const UNITS: ReadonlyArray<[length: number, least: number, name: string]> = [
  [86_400_000, 2, "days"],
  [3_600_000, 2, "h"],
  [60_000, 2, "min"],
  [1000, 1, "s"],
];

/** A length of time (ms) in words: `0.4 s`, `90 s`, `12 min`, `3 h`, `5 days`. */
export function timeInWords(time: number): string {
  const length = Math.max(0, time);
  const [unit, , name] = UNITS.find(([unit, least]) => length >= unit * least) ?? UNITS.at(-1)!;
  const count = length / unit;
  return `${unit === 1000 && count < 9.95 ? Number(count.toFixed(1)) : Math.floor(count)} ${name}`;
}

/** How long ago something was: `just now`, `12 min ago`. Clocks that were set may have it in the future. */
export function ago(at: number, now: number): string {
  return now - at < 1000 ? "just now" : `${timeInWords(now - at)} ago`;
}

/** An event with its variables, cut where they are long. */
export function eventInWords(name: string, environment: readonly string[] = []): string {
  const words = [name, ...environment].join(" ");
  return words.length > LONGEST_EVENT ? `${words.slice(0, LONGEST_EVENT - 1)}…` : words;
}

const LONGEST_EVENT = 160;

/** A leaf of a condition as its stanza says it: `net-device-up IFACE!=lo`. */
export function leafInWords({ name, matches }: EventCondition): string {
  const words = matches.map(({ key, value, negated }) =>
    key === undefined ? value : `${key}${negated ? "!=" : "="}${value}`
  );
  return eventInWords(name, words);
}

/** How a process ended: `exited 44`, `was killed by SIGSEGV, core dumped`. */
export function exitInWords(exit: Exit): string {
  if ("status" in exit) return `exited ${exit.status}`;
  const name = signalName(exit.signal);
  return `was killed by ${name ? `SIG${name}` : `signal ${exit.signal}`}${exit.core ? ", core dumped" : ""}`;
}

/** Who asked: `initctl stop web (process 42, user 0)`. */
export function askerInWords(asker: Asker | undefined): string {
  if (!asker) return "somebody by hand";
  const { pid, uid, command } = asker;
  const who = uid === 0 ? "root" : `user ${uid}`;
  return command ? `\`${cut(command)}' (process ${pid}, ${who})` : `process ${pid} (${who})`;
}

/** The most of a command line that is shown. */
const LONGEST_COMMAND = 80;

export function cut(text: string, longest = LONGEST_COMMAND): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

/** A cause as the end of a sentence such as `it was started …`. */
export function causeInWords(cause: Cause): string {
  switch (cause.by) {
    case "event":
      return `by the event ${eventInWords(cause.event, cause.environment)}`;
    case "request":
      return `by ${askerInWords(cause.asker)}`;
    case "dependency":
      return `because of ${cause.job}, which its dependencies name`;
    case "exit":
      return "as its main process had ended";
    case "respawn":
      return "once more, as its main process had ended";
    case "failure":
      return `as it had failed: ${cause.reason}`;
    case "definition":
      return "as its definition was removed or replaced";
    case "shutdown":
      return "by the shutdown";
    case "init":
      return "by init itself";
  }
}

/** How a run went: `its main process exited 44 after 3 s`. */
export function resultInWords({ process, exit, duration, reason, failures, gaveUp }: RunResult): string {
  const after = duration === undefined ? "" : ` after ${timeInWords(duration)}`;
  const how = exit && (reason === undefined || process === "main")
    ? `its ${process} process ${exitInWords(exit)}${after}`
    : reason ?? `its ${process} process could not be run`;
  const row = failures !== undefined && failures > 1 ? `, for the ${ordinal(failures)} time in a row` : "";
  return `${how}${row}${gaveUp ? "; init has given up: that is too often" : ""}`;
}

function ordinal(count: number): string {
  const last = count % 10, isTeen = Math.floor(count % 100 / 10) === 1;
  return `${count}${isTeen ? "th" : ["th", "st", "nd", "rd"][last] ?? "th"}`;
}

/** Names in a sentence: `a, b and c`. */
export function named(names: readonly string[], last = "and"): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} ${last} ${names.at(-1)}`;
}

/** `a` or `an`, and the word. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
