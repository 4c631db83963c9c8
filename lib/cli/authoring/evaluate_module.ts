/** The evaluation of a single job module by a child, for tools. */

import { evaluator, type ModuleOutcome } from "../../config/evaluation/evaluator.ts";
import type { JobDefinition } from "../../model/job.ts";
import { selfCommand } from "../../sys/runtime/self.ts";

/**
 * The jobs that a module defines.
 * @param directory what its jobs' names are relative to
 * @throws {Error} with file, line and reason when it cannot be evaluated.
 */
export async function evaluateModule(path: string, directory: string): Promise<JobDefinition[]> {
  const outcomes: ModuleOutcome[] = [];
  const evaluate = evaluator({ command: selfCommand("evaluate"), directories: [directory] });
  await evaluate([path], (outcome) => outcomes.push(outcome));
  const [{ jobs, error } = {}] = outcomes;
  // The texts of functions are for those who run them.
  if (jobs) return jobs.map(({ sources: _, ...job }) => job);
  const { file = path, line, reason } = error ?? {};
  throw new Error(`${file}:${line === undefined ? "" : `${line}:`} ${reason}`);
}
