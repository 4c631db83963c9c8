/** When a shutdown is due, and when it is told of: pure, so that hours pass in a test at once. */

/** Which warnings are sent before the end: all, few (every hour, and 10 and 5 minutes before), or none. */
export type Warnings = "all" | "few" | "none";

/** A time that a shutdown is due: so many minutes from now, or at a time of the clock. */
export type Due = { minutes: number } | { at: Date };

/** The intervals of warnings: the more frequent, the closer the end is. In minutes. */
const INTERVALS = [{ below: 10, every: 1 }, { below: 60, every: 15 }, { below: 180, every: 30 }];
const LONGEST_INTERVAL = 60;

/** True when a warning is due so many minutes before the end. */
export function warnsAt(minutes: number, warnings: Warnings = "all"): boolean {
  if (minutes === 0) return true;
  if (warnings === "none") return false;
  if (warnings === "few") return minutes % LONGEST_INTERVAL === 0 || minutes === 10 || minutes === 5;
  return minutes % (INTERVALS.find(({ below }) => minutes < below)?.every ?? LONGEST_INTERVAL) === 0;
}

/** What is less than these many minutes away is told at once, whatever is to be sent. */
const SOON = 15;

/** True when SysV's shutdown tells at once of an end that is so many minutes away. */
export function warnsAtOnce(minutes: number, warnings: Warnings): boolean {
  return minutes < SOON || warnsAt(minutes, warnings);
}

/**
 * The time that SysV's shutdown takes: `now`, `m`, `+m`, `+hh:mm`, or `hh:mm` for when the clock shows that next.
 * Undefined for what is none.
 */
export function dueTime(text: string, now: Date): Due | undefined {
  if (text === "now") return { minutes: 0 };
  const [, delay] = /^\+?(\d{1,15})$/.exec(text) ?? [];
  if (delay !== undefined) return { minutes: Number(delay) };
  const [, plus, hours = "", minutes = ""] = /^(\+?)(\d{1,9}):(\d{1,2})$/.exec(text) ?? [];
  if (plus === undefined || Number(minutes) > 59) return undefined;
  if (plus !== "") return { minutes: Number(hours) * 60 + Number(minutes) };
  if (hours.length > 2 || Number(hours) > 23) return undefined;
  return clockTime(Number(hours), Number(minutes), now);
}

/** Within the minute that the clock shows, that is now. */
function clockTime(hours: number, minutes: number, now: Date): Due {
  if (hours === now.getHours() && minutes === now.getMinutes()) return { minutes: 0 };
  const at = new Date(now.getFullYear(), now.getMonth(), now.getDate(), hours, minutes);
  if (at < now) at.setDate(at.getDate() + 1);
  return { at };
}

const MINUTE = 60_000;

/** How long the clock is not looked at, in ms. Somebody may set it. */
const LONGEST_SLEEP = 30_000;

/** What a countdown needs of the world. */
interface Countdown {
  /** The time that is left, in ms. */
  left(): number;
  /** Waits so many ms. False: the shutdown is cancelled. */
  sleep(duration: number): Promise<boolean>;
  /** Is told the minutes that are left, at first and whenever there is one less; 0 at the end. */
  onMinute(minutes: number, isFirst: boolean): void;
}

/** Counts down to the end. Where the clock jumps, what lies between is passed over. False: the shutdown is cancelled. */
export async function countDown({ left, sleep, onMinute }: Countdown): Promise<boolean> {
  const minutesLeft = () => Math.max(0, Math.ceil(left() / MINUTE));
  let told = minutesLeft();
  onMinute(told, true);
  while (told > 0) {
    const untilNext = left() - (minutesLeft() - 1) * MINUTE;
    if (!await sleep(Math.max(1, Math.min(untilNext, LONGEST_SLEEP)))) return false;
    const minutes = minutesLeft();
    if (minutes !== told) onMinute(told = minutes, false);
  }
  return true;
}
