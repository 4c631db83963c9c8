/** Trees of reasons as text: a line for each, indented, with a mark where it says whether something is so. */

import { printable } from "../model/text/printable.ts";
import { type Paint, PLAIN, type Style } from "./screen/style.ts";
import { wrapped } from "./screen/width.ts";
import type { Explanation, JobVerdict, ReasonNode } from "./why/reason.ts";

/** No line is longer, however wide the terminal is. */
export const WIDEST = 100;

/** How deep a line stands for each level. */
const STEP = "  ";

/** What stands in front of a text: whether it is so, in words that need no colour. */
const MARKS = { yes: "[yes] ", no: "[no] " };

/** The colours of verdicts. */
const VERDICTS: Readonly<Record<JobVerdict, Paint>> = {
  up: "good",
  starting: "warn",
  stopping: "warn",
  respawning: "bad",
  failed: "bad",
  completed: "dim",
  stopped: "strong",
  waiting: "strong",
  broken: "bad",
};

/** How a tree is laid out. */
export interface Layout {
  /** The columns of the screen; Infinity where there is none. */
  width: number;
  style: Style;
}

export const PLAIN_LAYOUT: Layout = { width: WIDEST, style: PLAIN };

/** An explanation as lines. */
export function explanationLines({ summary, verdict, reasons }: Explanation, layout: Layout): string[] {
  return [
    ...lineOf(summary, 0, layout, VERDICTS[verdict]),
    ...reasons.filter((one) => !isTold(one, summary)).flatMap((one) => reasonLines(one, 1, layout)),
  ];
}

/** True for a reason that the summary has said. */
function isTold({ text, reasons }: ReasonNode, summary: string): boolean {
  return reasons.length === 0 && summary.endsWith(text);
}

/** A reason, and what it rests on, as lines. `depth`: 0 for one that stands by itself. */
export function reasonLines(one: ReasonNode, depth: number, layout: Layout): string[] {
  const mark = one.isMet === undefined || one.kind === "result" ? "" : one.isMet ? MARKS.yes : MARKS.no;
  return [
    ...lineOf(mark + one.text, depth, layout, paintOf(one)),
    ...one.reasons.flatMap((below) => reasonLines(below, depth + 1, layout)),
  ];
}

/** A text at a depth, wrapped. What others have named is made printable. */
export function lineOf(text: string, depth: number, layout: Layout, paint?: Paint): string[] {
  const indent = STEP.repeat(depth);
  const lines = wrapped(printable(text), widthOf(layout) - indent.length, STEP);
  return lines.map((line) => indent + layout.style(line, paint));
}

function paintOf({ kind, isMet, isHopeless }: ReasonNode): Paint | undefined {
  if (isHopeless || kind === "problem") return "bad";
  if (kind === "advice") return "strong";
  if (isMet !== undefined) return isMet ? "good" : "warn";
  return kind === "timer" || kind === "note" ? "dim" : undefined;
}

function widthOf({ width }: Layout): number {
  return Math.max(NARROWEST, Math.min(width, WIDEST));
}

/** What is narrower is not wrapped further. */
const NARROWEST = 30;
