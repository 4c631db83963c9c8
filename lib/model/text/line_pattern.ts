/**
 * A matcher of regular expressions that takes time in proportion to the text, whatever the expression: it goes through a
 * line once, with the set of all places of the expression that have been reached (Thompson's construction). Runtimes' own
 * matchers try one way after the other, and take exponential time with some expressions.
 *
 * The language is JavaScript's without flags, but for what this cannot do: back references and looking around.
 */

import { parsePattern, PatternError, type PatternNode } from "./pattern_syntax.ts";

/** How many states a pattern may have, once its repetitions are written out. Each character costs one step of each at most. */
const MOST_STATES = 500;

/** A place in the expression that has been reached. State 0 is the end. */
type State =
  | { kind: "end" }
  | { kind: "character"; fits(code: number): boolean; next: number }
  | { kind: "split"; first: number; second: number }
  | { kind: "assertion"; holds(before: number, after: number): boolean; next: number };

/** Stands for the character before the first, and behind the last. */
const NONE = -1;

/** A pattern for lines. */
export class LinePattern {
  readonly #states: State[] = [{ kind: "end" }];
  readonly #start: number;

  /** @throws {PatternError} when the source is no regular expression, or one that is not to be had. */
  constructor(readonly source: string) {
    this.#start = this.#compile(parsePattern(source), 0);
  }

  /** True when the pattern is somewhere in the line. */
  matches(line: string): boolean {
    // When each state was reached last: at which place of the line.
    const reached = new Int32Array(this.#states.length).fill(-1);
    let present: number[] = [];
    for (let at = 0; at <= line.length; at++) {
      const before = at === 0 ? NONE : line.charCodeAt(at - 1);
      const after = at === line.length ? NONE : line.charCodeAt(at);
      const reading: number[] = [], pending = [...present, this.#start];
      for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
        if (reached[state] === at) continue;
        reached[state] = at;
        const row = this.#states[state]!;
        if (row.kind === "end") return true;
        if (row.kind === "split") pending.push(row.first, row.second);
        else if (row.kind === "character") reading.push(state);
        else if (row.holds(before, after)) pending.push(row.next);
      }
      present = [];
      for (const state of reading) {
        const row = this.#states[state] as State & { kind: "character" };
        if (row.fits(after)) present.push(row.next);
      }
    }
    return false;
  }

  /** Adds the states of a node that leads to a state, and returns the first. */
  #compile(node: PatternNode, next: number): number {
    switch (node.kind) {
      case "character":
      case "assertion":
        return this.#add({ ...node, next });
      case "sequence":
        return node.nodes.reduceRight((next, one) => this.#compile(one, next), next);
      case "choice":
        return node.nodes.map((one) => this.#compile(one, next))
          .reduce((first, second) => this.#add({ kind: "split", first, second }));
      case "repetition":
        return this.#repeat(node, next);
    }
  }

  #repeat({ node, least, most }: PatternNode & { kind: "repetition" }, end: number): number {
    let next = end;
    if (most === Infinity) {
      const loop: State = { kind: "split", first: 0, second: end };
      next = this.#add(loop);
      loop.first = this.#compile(node, next);
    }
    for (let count = least; most !== Infinity && count < most; count++) {
      next = this.#add({ kind: "split", first: this.#compile(node, next), second: end });
    }
    for (let count = 0; count < least; count++) next = this.#compile(node, next);
    return next;
  }

  #add(state: State): number {
    if (this.#states.length >= MOST_STATES) throw new PatternError("it is too large");
    return this.#states.push(state) - 1;
  }
}

/** Why a text is no {@link LinePattern}; undefined when it is one. */
export function patternProblem(source: string): string | undefined {
  try {
    new LinePattern(source);
    return undefined;
  } catch (error) {
    if (error instanceof PatternError) return error.message;
    throw error;
  }
}
