/**
 * Joins the lines of an instance's log files with those that init keeps in memory. What init keeps is the end of what was
 * printed; a file holds the same lines, as far as they were written when it was read. Only their texts tell which they are.
 */

import type { LogLine } from "./log_line.ts";

/** What init writes into a log by itself: nobody has printed it, so it is not kept. */
const NOTE = /^\[\d+ (?:bytes|lines) of output (?:were|was) .*\]$/;

/** Sequences that control a terminal. They may be left out of files. */
// deno-lint-ignore no-control-regex
const CONTROL = /\x1b\[[0-?]*[ -/]*[@-~]|\r/g;

/** So many lines in a row that are the same are no chance. */
const ENOUGH = 3;

/** The text of a line by which it is compared. */
function essence({ text }: LogLine): string {
  return text.replace(CONTROL, "");
}

/**
 * Gives the lines of the files, and behind them those that only init has; of those that both have, the bytes of the file
 * and the times of init.
 *
 * @param inFiles The lines of the files, to the end, as they were before `kept` was asked for
 * @param kept The last lines that init keeps, without a gap
 */
export async function* joined(inFiles: AsyncIterable<LogLine>, kept: LogLine[]): AsyncGenerator<LogLine> {
  // Only the last lines of the files can be among those that are kept: with some room for notes.
  const most = 2 * kept.length + ENOUGH;
  let last: LogLine[] = [];
  for await (const line of inFiles) {
    last.push(line);
    if (last.length < 2 * most) continue;
    yield* last.slice(0, most);
    last = last.slice(most);
  }
  const partial = last.at(-1)?.isPartial ? last.pop() : undefined;
  const known = last.filter(({ text }) => !NOTE.test(text));
  const common = overlap(known.map(essence), kept.map(essence));
  const times = new Map(known.slice(known.length - common.end).map((line, index) => [line, kept[index]]));
  for (const line of last) {
    const same = times.get(line);
    yield same ? { ...line, at: same.at!, order: same.order } : line;
  }
  const rest = kept.slice(common.seen);
  if (partial && !(rest[0] && essence(rest[0]).startsWith(essence(partial)))) yield partial;
  yield* rest;
}

/** How many lines of the end of `one` are lines of the beginning of the other, and how many of that are gone through. */
function overlap(one: string[], other: string[]): { end: number; seen: number } {
  const exact = longestOverlap(one, other);
  if (exact > 0 || other.length === 0) return { end: exact, seen: exact };
  // Some lines may be in the one alone, as where a log could not be written for a while. The times are not known then.
  const enough = Math.min(ENOUGH, other.length);
  for (let seen = other.length; seen >= enough; seen--) {
    const wanted = other.slice(seen - enough, seen);
    if (wanted.every((text, index) => text === one[one.length - enough + index])) return { end: 0, seen };
  }
  return { end: 0, seen: 0 };
}

/** How many of the first texts of `other` are the last ones of `one`, at most (by the failure function of Knuth, Morris, Pratt). */
function longestOverlap(one: string[], other: string[]): number {
  if (other.length === 0) return 0;
  const failure = [0];
  const advance = (length: number, text: string): number => {
    while (length > 0 && (length === other.length || other[length] !== text)) length = failure[length - 1]!;
    return other[length] === text ? length + 1 : 0;
  };
  for (let index = 1; index < other.length; index++) {
    failure.push(advance(failure[index - 1]!, other[index]!));
  }
  return one.reduce(advance, 0);
}

/** Merges the lines of several logs, each of them in its own order, by their times. */
export async function* merged(logs: ReadonlyArray<AsyncIterable<LogLine>>): AsyncGenerator<LogLine> {
  const heads: Array<{ line: LogLine; rest: AsyncIterator<LogLine>; order: number }> = [];
  const put = async (rest: AsyncIterator<LogLine>, before = -Infinity) => {
    const { value, done } = await rest.next();
    // A line of a log never goes before the one before it.
    if (!done) heads.push({ line: value, rest, order: Math.max(before, value.order) });
  };
  for (const log of logs) await put(log[Symbol.asyncIterator]());
  while (heads.length > 0) {
    let first = 0;
    for (let index = 1; index < heads.length; index++) {
      if (heads[index]!.order < heads[first]!.order) first = index;
    }
    const [{ line, rest, order }] = heads.splice(first, 1) as [(typeof heads)[number]];
    yield line;
    await put(rest, order);
  }
}
