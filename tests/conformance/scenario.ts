/** Recorded scenarios: jobs, what was done to a running init, and what was observed. README.md tells the format. */

import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** What a step observed, e.g. `{ exit, stdout, stderr }` of a command; null for a step that observes nothing. */
export type Observation = Record<string, unknown> | null;

/** Where and how long: what any step may carry besides what it does. */
interface StepOptions {
  /** Milliseconds. */
  timeout?: number;
  /** Sort the lines of what is observed. */
  sort?: boolean;
  /** Parts of the observation that do not count. */
  ignore?: string[];
}

/** One thing done. The first key of each says what. */
export type Step =
  & StepOptions
  & (
    | { initctl: string[] }
    | { run: string[] }
    | { sh: string }
    | { settle: number }
    | { until: string[]; stdout: string }
    | { until_lines: number; file: string }
    | { file: string }
    | { log: string }
    | { write: string; text: string }
    | { remove: string }
    | { signal_init: string }
    | { init_exit: true }
  );

/** A scenario as its file has it. */
export interface Scenario {
  id: string;
  about: string;
  jobs?: Record<string, string>;
  init_args?: string[];
  env?: Record<string, string>;
  startup_event?: boolean;
  steps: Step[];
  expect: Observation[];
}

/** The folder that holds a folder of scenarios for each subject. */
export const SCENARIOS = join(import.meta.dirname!, "scenarios");

/** A scenario of a file. Throws when steps and expectations do not go together. */
export function readScenario(path: string): Scenario {
  const scenario = JSON.parse(readFileSync(path, "utf8")) as Scenario;
  if (scenario.steps.length !== scenario.expect.length) {
    throw new Error(`${path}: ${scenario.steps.length} steps, but ${scenario.expect.length} expectations`);
  }
  return scenario;
}

/** The scenarios of a folder, by file name without `.json`, in the order of their names. */
export function readFolder(path: string): Map<string, Scenario> {
  const names = readdirSync(path).filter((name) => name.endsWith(".json")).sort();
  return new Map(names.map((name) => [basename(name, ".json"), readScenario(join(path, name))]));
}
