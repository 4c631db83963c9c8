/** Durations as job files write them: seconds, or a number with a unit. */

/** A duration: seconds, or a number with its unit. */
export type Duration = number | `${number}${"ms" | "s" | "min" | "h" | "d"}`;

const SECONDS_PER: Record<string, number> = { ms: 0.001, s: 1, min: 60, h: 3600, d: 86_400 };

/** The seconds of a duration such as `5` or `"5s"`; undefined for a value that is no duration. */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) && value >= 0 ? value : undefined;
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|min|h|d)$/.exec(String(value)) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  return Number(amount) * SECONDS_PER[unit]!;
}

/**
 * A duration in whole milliseconds.
 * @throws {RangeError} when the value is no duration.
 */
export function milliseconds(duration: Duration): number {
  const seconds = parseDuration(duration);
  if (seconds === undefined) {
    throw new RangeError(`a length of time is seconds, or text like "5s", "500ms", "2min", not ${duration}`);
  }
  return Math.round(seconds * 1000);
}
