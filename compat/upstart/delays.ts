/** The values of the stanzas on delays and time limits, which Upstart does not have. They are in seconds, or parts of them. */

import { USUAL_BACKOFF } from "../../lib/model/fields.ts";
import type { Backoff } from "../../lib/model/job.ts";
import type { Lexer } from "./lexer.ts";

/** A time limit; undefined for `none`. */
export function timeLimit(lexer: Lexer): number | undefined {
  const word = lexer.word();
  if (word === "none") return undefined;
  return number(word) || lexer.fail("Illegal timeout, expected 'none' or number of seconds", lexer.tokenLine);
}

/** Reads what follows a word of `respawn delay`. */
const BACKOFF_PARTS: ReadonlyMap<string, (backoff: Backoff, lexer: Lexer) => void> = new Map([
  ["factor", (backoff, lexer) => {
    backoff.factor = part(lexer, "factor, expected number from 1", (value) => value >= 1);
  }],
  ["max", (backoff, lexer) => {
    backoff.max = part(lexer, "maximum, expected the delay or more", (value) => value >= backoff.delay);
  }],
  ["jitter", (backoff, lexer) => {
    backoff.jitter = part(lexer, "jitter, expected number from 0 to 1", (value) => value <= 1);
  }],
  ["reset-after", (backoff, lexer) => {
    backoff.resetAfter = interval(lexer);
  }],
]);

/** The delays of respawns; undefined for a delay of 0, which is none. */
export function backoff(lexer: Lexer): Backoff | undefined {
  const delay = interval(lexer);
  const backoff = { ...USUAL_BACKOFF, delay, max: Math.max(delay, USUAL_BACKOFF.max) };
  while (lexer.hasToken) {
    const read = BACKOFF_PARTS.get(lexer.word()) ??
      lexer.fail("Unknown stanza", lexer.tokenLine, BACKOFF_PARTS.keys());
    read(backoff, lexer);
  }
  return delay === 0 ? undefined : backoff;
}

function interval(lexer: Lexer): number {
  return part(lexer, "interval, expected number of seconds", (value) => value >= 0);
}

function part(lexer: Lexer, expected: string, isLegal: (value: number) => boolean): number {
  const value = number(lexer.word());
  return isLegal(value) ? value : lexer.fail(`Illegal ${expected}`, lexer.tokenLine);
}

/** A number that is not below zero; NaN for anything else. */
function number(word: string): number {
  const value = /^\d+(?:\.\d+)?(?:e[+-]?\d+)?$/.test(word) ? Number(word) : NaN;
  return Number.isFinite(value) ? value : NaN;
}
