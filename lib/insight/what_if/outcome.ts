/** What would happen: the answer to `what-if`, as plain JSON. */

import type { ReasonNode } from "../why/reason.ts";

/** What is tried. Environments are `KEY=VALUE` strings. */
export type Trial =
  | { kind: "emit"; event: string; environment: string[] }
  | { kind: "start" | "stop" | "restart"; job: string; environment: string[] }
  | { kind: "shutdown" };

/** What a step is. */
export type StepKind =
  /** A job begins to start, is up, is told to stop, is down. A task is at work in place of up, and done in place of down. */
  | "starts"
  | "up"
  | "at-work"
  | "stops"
  | "down"
  | "done"
  | "fails"
  /** Init would say this. */
  | "message";

/** Something that would happen. */
export interface TrialStep {
  kind: StepKind;
  /** After how many ms. */
  after: number;
  /** A sentence without its full stop. */
  text: string;
  job?: string;
  instance?: string;
}

/** What would happen. */
export interface Outcome {
  trial: Trial;
  /** In order. */
  steps: TrialStep[];
  /** Why init would refuse the request, or answer that it has failed. */
  error?: string;
  /** True where steps go on without end, or for longer than is looked ahead. */
  isEndless: boolean;
  /** What would not be where it is to be in the end, and why. */
  blocked: ReasonNode[];
  /** How the last runs have failed of jobs that would start, each a sentence without its full stop. */
  setbacks: string[];
  /** What the answer rests on, each a sentence without its full stop. */
  assumptions: string[];
}
