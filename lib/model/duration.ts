/** Lengths of time as people write them. */

/** A length of time: seconds, or a number with its unit. */
export type Duration = number | `${number}${"ms" | "s" | "min" | "h"}`;

const SECONDS_PER: Record<string, number> = { ms: 0.001, s: 1, min: 60, h: 3600 };

/** Seconds out of a number of them or text like `5s`; undefined for what is no length of time. */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) && value >= 0 ? value : undefined;
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|min|h)$/.exec(String(value)) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  return Number(amount) * SECONDS_PER[unit]!;
}

/**
 * A length of time in whole milliseconds.
 * @throws {RangeError} for what is no length of time.
 */
export function milliseconds(duration: Duration): number {
  const seconds = parseDuration(duration);
  if (seconds === undefined) {
    throw new RangeError(`a length of time is seconds, or text like "5s", "500ms", "2min", not ${duration}`);
  }
  return Math.round(seconds * 1000);
}
