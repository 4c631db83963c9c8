/** What would happen, as text. */

import { type Layout, lineOf, reasonLines } from "../tree.ts";
import type { Paint } from "../screen/style.ts";
import { eventInWords } from "../why/words.ts";
import { howLong } from "../words.ts";
import type { Outcome, StepKind, Trial, TrialStep } from "./outcome.ts";

const PAINTS: Partial<Record<StepKind, Paint>> = {
  up: "good",
  done: "good",
  fails: "bad",
  message: "warn",
  stops: "warn",
};

/** An outcome as lines. */
export function outcomeLines(outcome: Outcome, layout: Layout): string[] {
  const { trial, steps, error, isEndless, blocked, setbacks, assumptions } = outcome;
  const lines = [...lineOf(`If ${trialInWords(trial)} now:`, 0, layout, "strong")];
  if (error !== undefined) {
    lines.push(...lineOf(`init would answer: ${error.replaceAll("\n", ": ")}`, 1, layout, "bad"));
  }
  if (steps.length === 0) lines.push(...lineOf("nothing would start or stop", 1, layout));
  steps.forEach((step, index) => lines.push(...stepLines(step, index + 1, layout)));
  if (isEndless) lines.push(...lineOf("… and so on without end: that is a loop", 1, layout, "bad"));
  if (blocked.length > 0) {
    lines.push(...lineOf("This would not get on:", 0, layout, "bad"));
    for (const one of blocked) lines.push(...reasonLines(one, 1, layout));
  } else if (!isEndless && error === undefined) {
    lines.push(...lineOf("Nothing would be blocked.", 0, layout, "good"));
  }
  if (setbacks.length > 0) {
    lines.push(...lineOf("It may fail again:", 0, layout, "warn"));
    for (const one of setbacks) lines.push(...lineOf(`- ${one}`, 1, layout, "warn"));
  }
  lines.push(...lineOf("This rests on assumptions:", 0, layout, "dim"));
  for (const one of assumptions) lines.push(...lineOf(`- ${one}`, 1, layout, "dim"));
  return lines;
}

function stepLines({ kind, after, text }: TrialStep, number: number, layout: Layout): string[] {
  const time = after >= 1000 ? `after ${howLong(after)}, ` : "";
  const words = kind === "message" ? `init says: ${text}` : text;
  return lineOf(`${number}. ${time}${words}`, 1, layout, PAINTS[kind]);
}

/** What is tried, as a condition: `the event disk NAME=sda were emitted`. */
function trialInWords(trial: Trial): string {
  switch (trial.kind) {
    case "emit":
      return `the event ${eventInWords(trial.event, trial.environment)} were emitted`;
    case "start":
      return `${eventInWords(trial.job, trial.environment)} were started`;
    case "stop":
      return `${eventInWords(trial.job, trial.environment)} were stopped`;
    case "restart":
      return `${eventInWords(trial.job, trial.environment)} were restarted`;
    case "shutdown":
      return "init were told to shut down";
  }
}
