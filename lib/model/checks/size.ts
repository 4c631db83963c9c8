/** Sizes as job files write them: bytes, or a number with a unit. */

/** A size: bytes, or a number with its unit, each of which is 1024 times the one before. */
export type Size = number | `${number}${"B" | "KB" | "MB" | "GB" | "TB"}`;

const UNITS = ["B", "KB", "MB", "GB", "TB"];

/** The bytes of a size such as `1024` or `"512MB"`; undefined for a value that is no size, or none at all. */
export function parseSize(value: unknown): number | undefined {
  const [, amount, unit = "B"] = /^(\d+(?:\.\d+)?)([KMGT]?B)?$/i.exec(String(value)) ?? [];
  const bytes = Math.round(Number(amount) * 1024 ** UNITS.indexOf(unit.toUpperCase()));
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
}

/** Bytes in the largest unit that they are a whole number of, as {@link parseSize} reads it. */
export function formatSize(bytes: number): string {
  let exponent = 0, amount = bytes;
  while (amount % 1024 === 0 && exponent < UNITS.length - 1) {
    amount /= 1024;
    exponent++;
  }
  return `${amount}${UNITS[exponent]}`;
}
