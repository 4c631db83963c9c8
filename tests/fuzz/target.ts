/** The interface of a target: a reader of bytes that come from outside of the process, and what always holds of it. */

import assert from "node:assert/strict";
import type { Buffer } from "node:buffer";
import type { Arbitrary } from "fast-check";

/** A reader that is fed with whatever there is. */
export interface Target {
  /** What is read, such as `inittab`: the name of the folder of its corpus. */
  readonly name: string;
  /** Where the bytes come from, in a few words. */
  readonly from: string;
  /** Reads the bytes. It throws when something does not hold that has to. */
  readonly read: (bytes: Buffer) => void | Promise<void>;
  /** Inputs of the right form, beside those of the corpus. */
  readonly shapes?: Arbitrary<string | Uint8Array>;
  /** Words that mutations put in. */
  readonly words?: readonly string[];
  /** The longest input that gets as far as this reader, in bytes, where that is more than {@link USUAL_LENGTH}. */
  readonly longest?: number;
}

/** So long are the longest inputs of most targets, in bytes. */
export const USUAL_LENGTH = 1 << 16;

/** A class of errors by which a reader refuses its input. */
// deno-lint-ignore no-explicit-any
type Refusal = new (...args: any[]) => Error;

/** The longest message of a refusal, in characters: an input is quoted in part at most. */
const LONGEST_MESSAGE = 2000;

/** Has something read that may be refused by errors of these classes, whose messages are looked at. Undefined where it is. */
export function unlessRefused<Read>(read: () => Read, ...refusals: Refusal[]): Read | undefined {
  try {
    return read();
  } catch (error) {
    if (!refusals.some((refusal) => error instanceof refusal)) throw error;
    checkMessage((error as Error).message);
    return undefined;
  }
}

/** A message is there, and is not as long as the sender of what it quotes likes. What tells it escapes what is not printable. */
export function checkMessage(message: string): void {
  assert.ok(message !== "" && message.length <= LONGEST_MESSAGE, `a message of ${message.length} characters`);
}

/** Nothing in a text controls a terminal. */
export function checkPrintable(text: string): void {
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(text, /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/, "not printable");
}

/** A reader of texts as one of bytes. */
export function ofText(read: (text: string) => void): Target["read"] {
  return (bytes) => read(bytes.toString());
}

/** A reader of texts that have one character for each byte. */
export function ofLatin1(read: (text: string) => void): Target["read"] {
  return (bytes) => read(bytes.toString("latin1"));
}

/** What stands between the pieces of an input that is several at once. */
export const BETWEEN = "\xff\n";

/** A reader of several texts, each of which has one character for each byte. Those that are missing are empty. */
export function ofSeveral(read: (...texts: string[]) => void): Target["read"] {
  return (bytes) => read(...bytes.toString("latin1").split(BETWEEN));
}

/** An input as the pieces in which it may arrive: cut where its bytes say it, so that one input is always cut alike. */
export function inPieces(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = 1 + (bytes[at]! * 7 + at) % 61;
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}
