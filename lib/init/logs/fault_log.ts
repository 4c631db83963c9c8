/** The log of faults: exceptions of init's own code, each with its stack. */

import type { Part } from "../parts/part.ts";

/** What is saved of {@link FaultLog}: how often each place had a fault. */
export type SavedFaults = Array<[place: string, count: number]>;

/** How many places are told apart. The faults of further places are logged as one. */
const MAX_PLACES = 1000;

/** Logs the fault of a place once, in one line, and after that at the powers of ten: a fault may come with every client. */
export class FaultLog implements Part<SavedFaults> {
  readonly #counts = new Map<string, number>();

  /** @param log Logs a line. */
  constructor(private readonly log: (line: string) => void) {}

  /** @param where What init was doing, e.g. `the effect spawn`. */
  report(where: string, error: unknown): void {
    const [what, ...frames] = linesOf(error);
    const parts = partsOf(error).map((part) => `[${linesOf(part).join(" ")}]`);
    let place = `${where} ${frames[0] ?? what}`;
    if (!this.#counts.has(place) && this.#counts.size >= MAX_PLACES) place = "other places";
    const count = (this.#counts.get(place) ?? 0) + 1;
    this.#counts.set(place, count);
    if (!isPowerOfTen(count)) return;
    const times = count === 1 ? "" : ` (${count} times)`;
    this.log([`Internal error in ${where}${times}: ${what}`, ...frames, ...parts].join(" "));
  }

  save(): SavedFaults {
    return [...this.#counts];
  }

  restore(counts: SavedFaults): void {
    for (const [place, count] of counts) this.#counts.set(place, count);
  }
}

function isPowerOfTen(count: number): boolean {
  return /^10*$/.test(String(count));
}

/** How many of the errors that are told as one are printed. */
const MOST_PARTS = 10;

/** The errors that an error stands for (AggregateError), and those within them: by them alone one knows what failed. */
function partsOf(error: unknown): unknown[] {
  const parts = new Set([error]);
  for (const one of parts) {
    const more = one instanceof AggregateError ? one.errors : [];
    for (const part of more.slice(0, MOST_PARTS + 1 - parts.size)) parts.add(part);
  }
  parts.delete(error);
  return [...parts];
}

/** The error's name and message, and the frames of its stack. */
function linesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  const what = `${error.name}: ${error.message}`, stack = error.stack ?? "";
  // Not every engine begins the stack with the message.
  const frames = stack.startsWith(what) ? stack.slice(what.length) : stack;
  return [what, ...frames.split("\n").map((line) => line.trim()).filter((line) => line !== "")];
}
