/** Differences between two values, readable: texts of several lines are shown line by line. */

/** What tells two values apart, or undefined when they are equal. */
export function describeDifference(wanted: unknown, got: unknown): string | undefined {
  if (JSON.stringify(wanted) === JSON.stringify(got)) return undefined;
  if (typeof wanted === "string" && typeof got === "string" && /\n./s.test(wanted + got)) {
    return "\n" + lineDifference(wanted.split("\n"), got.split("\n")).join("\n");
  }
  return `wanted ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`;
}

/** The lines of two texts: `-` before those wanted, `+` before those got, a blank before common ones. */
export function lineDifference(wanted: string[], got: string[]): string[] {
  const common = commonLengths(wanted, got);
  const lines: string[] = [];
  let i = 0, j = 0;
  while (i < wanted.length || j < got.length) {
    if (i < wanted.length && wanted[i] === got[j]) {
      lines.push(`  ${wanted[i]}`);
      i++, j++;
    } else if (j >= got.length || (i < wanted.length && common[i + 1]![j]! >= common[i]![j + 1]!)) {
      lines.push(`- ${wanted[i++]}`);
    } else {
      lines.push(`+ ${got[j++]}`);
    }
  }
  return lines;
}

/** For each pair of places, how many lines the rests of the two texts have in common, in order. */
function commonLengths(wanted: string[], got: string[]): number[][] {
  const lengths = Array.from({ length: wanted.length + 1 }, () => new Array<number>(got.length + 1).fill(0));
  for (let i = wanted.length - 1; i >= 0; i--) {
    for (let j = got.length - 1; j >= 0; j--) {
      lengths[i]![j] = wanted[i] === got[j]
        ? lengths[i + 1]![j + 1]! + 1
        : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
    }
  }
  return lengths;
}
