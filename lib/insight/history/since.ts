/** Points in time as people write them, for `--since`. */

import { parseDuration } from "../../model/duration.ts";

/** What is understood, for messages. */
export const EXPECTED_TIME =
  "a length of time such as 30s, 10m, 2h or 3d, or a time such as 14:30, 2026-11-30 14:30, today or yesterday";

/** The days that have a name, and how many days ago each of them begins. */
const DAYS: Readonly<Record<string, number>> = { today: 0, yesterday: 1 };

/** A clock's time, with a date in front of it or without. */
const TIME = /^(?:(\d{4})-(\d\d)-(\d\d)(?:[T ](?=\d)|$))?(?:(\d\d?):(\d\d)(?::(\d\d))?)?$/;

/**
 * A point in time (ms since 1970): so long ago, at a time of today or another day by the machine's clock, or where a day
 * with a name begins. Undefined for what is none. Minutes are `m`, too, as other tools have them. A time of today that is still to come is yesterday's.
 */
export function parseSince(text: string, now: number): number | undefined {
  if (Object.hasOwn(DAYS, text)) return startOfDay(now, DAYS[text]!);
  const ago = parseDuration(text.replace(/^([\d.]+)m$/, "$1min"));
  if (ago !== undefined) return now - ago * 1000;
  const [whole, year, month, day, hours = "0", minutes = "0", seconds = "0"] = TIME.exec(text) ?? [];
  if (!whole) return undefined;
  const clock = [hours, minutes, seconds].map(Number) as [number, number, number];
  if (clock[0] > 23 || clock[1] > 59 || clock[2] > 59) return undefined;
  if (year !== undefined) {
    const time = new Date(Number(year), Number(month) - 1, Number(day), ...clock);
    return time.getMonth() === Number(month) - 1 ? time.getTime() : undefined;
  }
  const time = new Date(now).setHours(...clock, 0);
  return time > now ? new Date(time).setDate(new Date(time).getDate() - 1) : time;
}

function startOfDay(now: number, daysAgo: number): number {
  const time = new Date(now);
  return new Date(time.getFullYear(), time.getMonth(), time.getDate() - daysAgo).getTime();
}

const two = (number: number) => String(number).padStart(2, "0");

/** A time by the machine's clock: `04:15:30`, and with `isFull` `2026-11-30 04:15:30`. */
export function clockTime(at: number, isFull: boolean): string {
  const time = new Date(at);
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  if (!isFull) return clock;
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock}`;
}

/** True for times of the same day by the machine's clock. */
export function isSameDay(one: number, other: number): boolean {
  return new Date(one).toDateString() === new Date(other).toDateString();
}
