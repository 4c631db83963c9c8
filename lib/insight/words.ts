/** Figures in words: lengths of time, sizes, places in a row. */

/** Units of time, the largest first: each is used from so many ms on. */
const TIMES: ReadonlyArray<[unit: string, ms: number, from: number]> = [
  ["d", 86_400_000, 2 * 86_400_000],
  ["h", 3_600_000, 2 * 3_600_000],
  ["min", 60_000, 2 * 60_000],
  ["s", 1000, 1000],
  ["ms", 1, 0],
];

/** A length of time (ms) in one unit, rounded down, such as `45 s`, `90 s`, `3 min`, `36 h`, `5 d`. */
export function howLong(ms: number): string {
  const positive = Math.max(0, Math.floor(ms));
  const [unit, size] = TIMES.find(([, , from]) => positive >= from)!;
  return `${Math.floor(positive / size)} ${unit}`;
}

/** How long ago something was, such as `2 min ago`; of what was less than a second ago, `just now`. */
export function howLongAgo(at: number, now: number): string {
  return now - at < 1000 ? "just now" : `${howLong(now - at)} ago`;
}

const SIZES = ["B", "KB", "MB", "GB", "TB"];

/** Bytes in words, such as `12 MB`, `1.5 GB`. Each unit is 1024 times the one before. */
export function sizeInWords(bytes: number): string {
  let amount = bytes, unit = 0;
  while (amount >= 1000 && unit < SIZES.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${amount < 10 && unit > 0 ? amount.toFixed(1) : Math.round(amount)} ${SIZES[unit]}`;
}

/** A place in a row: `1st`, `2nd`, `11th`. */
export function ordinal(number: number): string {
  const teens = number % 100 >= 11 && number % 100 <= 13;
  return `${number}${(!teens && ["th", "st", "nd", "rd"][number % 10]) || "th"}`;
}

/** A number of things: `1 instance`, `3 instances`. */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}
