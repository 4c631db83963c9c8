/** The schedules of `--retry`: which signals a daemon gets when it is stopped, and how long it is waited for. */

import { SIGKILL } from "../../../lib/model/signals.ts";
import { dpkgSignal, leadingNumber, openrcSignal, wholeNumber } from "./signals.ts";

/** A step of a schedule. */
export type ScheduleItem =
  | { kind: "signal"; signal: number }
  /** Waits until the processes are gone; Infinity: however long that takes. */
  | { kind: "wait"; seconds: number }
  /** Goes on with an earlier item. */
  | { kind: "repeat"; from: number };

/** The error for a schedule that cannot be read. The message is for the user. */
export class ScheduleError extends Error {
  override name = "ScheduleError";
}

/** An item is shorter than this. */
const LONGEST_ITEM = 20;

/** How long OpenRC waits where nobody says it, in seconds. */
const OPENRC_WAIT = 5;

/**
 * OpenRC's schedules. `forever` waits without an end.
 * @param text A number of seconds, or items between slashes
 * @param signal What is sent where the schedule is a number of seconds
 * @throws {ScheduleError}
 */
export function openrcSchedule(text: string | undefined, signal: number): ScheduleItem[] {
  if (!text?.includes("/")) {
    const seconds = text === undefined ? OPENRC_WAIT : leadingNumber(text);
    if (seconds === undefined) throw new ScheduleError("invalid timeout in schedule");
    return [{ kind: "signal", signal }, { kind: "wait", seconds }];
  }
  const items = text.split("/").map(openrcItem);
  if (items.filter(isForever).length > 1) {
    throw new ScheduleError("invalid schedule, `forever' appears more than once");
  }
  return items;
}

function isForever(item: ScheduleItem): boolean {
  return item.kind === "wait" && item.seconds === Infinity;
}

function openrcItem(text: string): ScheduleItem {
  if (text.length >= LONGEST_ITEM) throw new ScheduleError("invalid schedule item, far too long");
  if (text === "forever") return { kind: "wait", seconds: Infinity };
  if (/^\d/.test(text)) return { kind: "wait", seconds: leadingNumber(text)! };
  const name = text.startsWith("-") ? text.slice(1) : text;
  if (name === "") throw new ScheduleError(`invalid schedule item \`${text}'`);
  const signal = openrcSignal(name);
  if (signal === undefined) throw new ScheduleError(`\`${name}' is not a valid signal`);
  return { kind: "signal", signal };
}

/**
 * dpkg's schedules. `forever` repeats what follows it.
 * @param text A number of seconds, or items between slashes
 * @param signal What is sent first where the schedule is a number of seconds; SIGKILL follows
 * @throws {ScheduleError}
 */
export function dpkgSchedule(text: string, signal: number): ScheduleItem[] {
  if (!text.includes("/")) {
    const wait = dpkgItem(text);
    if (wait === "forever" || wait.kind !== "wait") {
      throw new ScheduleError("--retry takes timeout, or schedule list of at least two items");
    }
    return [{ kind: "signal", signal }, wait, { kind: "signal", signal: SIGKILL }, wait];
  }
  const items: ScheduleItem[] = [];
  let from: number | undefined;
  for (const word of text.split("/")) {
    const item = dpkgItem(word);
    if (item !== "forever") items.push(item);
    else if (from !== undefined) {
      throw new ScheduleError("invalid schedule: 'forever' appears more than once");
    } else from = items.length;
  }
  if (from === items.length) {
    throw new ScheduleError("invalid schedule: 'forever' appears last, nothing to repeat");
  }
  return from === undefined ? items : [...items, { kind: "repeat", from }];
}

function dpkgItem(text: string): ScheduleItem | "forever" {
  if (text.length >= LONGEST_ITEM) {
    throw new ScheduleError("invalid schedule item: far too long (you must delimit items with slashes)");
  }
  if (text === "forever") return "forever";
  if (/^\d/.test(text)) {
    const seconds = wholeNumber(text);
    if (seconds === undefined) throw new ScheduleError("invalid timeout value in schedule");
    return { kind: "wait", seconds };
  }
  const signal = dpkgSignal(text.startsWith("-") ? text.slice(1) : text);
  if (signal !== undefined) return { kind: "signal", signal };
  throw new ScheduleError(
    "invalid schedule item (must be [-]<signal-name>, -<signal-number>, <timeout> or 'forever'",
  );
}
