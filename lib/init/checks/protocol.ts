/** The lines of JSON between init and the child that makes checks. */

import { jsonObject } from "../../model/text/json_object.ts";
import type { ScheduledCheck } from "./schedule.ts";

/** What init says. */
export type CheckRequest =
  | ({ start: number } & ScheduledCheck)
  | { stop: number }
  /** The child answers at once; one that does not hangs. */
  | { ping: number };

/** What the child says. */
export type ChildReport = { passed: number } | { failed: number; reason: string } | { pong: number };

/** The longest line that the child may write, in characters. */
export const LONGEST_REPORT = 4096;

/** A report that init was given; undefined for what is none. */
export function parseReport(line: string): ChildReport | undefined {
  const report = jsonObject(line);
  if (!report) return undefined;
  const { passed, failed, reason, pong } = report;
  if (Number.isSafeInteger(passed)) return { passed: passed as number };
  if (Number.isSafeInteger(pong)) return { pong: pong as number };
  if (Number.isSafeInteger(failed) && typeof reason === "string") return { failed: failed as number, reason };
  return undefined;
}

/** Splits what is read into lines, none of which may be longer than that. */
export class LineReader {
  #rest = "";
  readonly #decoder = new TextDecoder();

  constructor(private readonly longest: number) {}

  /** The lines that are complete now; undefined when one is too long. */
  take(bytes: Uint8Array): string[] | undefined {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#rest = lines.pop()!;
    return [...lines, this.#rest].some(({ length }) => length > this.longest) ? undefined : lines;
  }
}
