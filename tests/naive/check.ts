/** Runs random histories through both engines, and tells the first, shrunk, by which they differ. */

import fc from "fast-check";
import { emptyJob, type JobDefinition } from "../../lib/model/job.ts";
import { histories } from "./arbitraries.ts";
import { compareTrace, differenceInWords, type TraceEntry } from "./compare.ts";
import { History, type Step } from "./history.ts";

/** How much was compared. */
export interface Counts {
  histories: number;
  inputs: number;
  effects: number;
}

/**
 * Compares so many histories.
 * @throws {Error} when the engines differ, with the history in words.
 */
export function compareHistories(seed: number, numRuns: number): Counts {
  const counts: Counts = { histories: 0, inputs: 0, effects: 0 };
  const result = fc.check(
    fc.property(histories, ({ definitions, steps }) => {
      const history = new History(definitions);
      for (const step of steps) history.step(step);
      const { inputs, effects, difference } = compareTrace(history.trace);
      counts.histories++;
      counts.inputs += inputs;
      counts.effects += effects;
      return difference === undefined;
    }),
    { seed, numRuns },
  );
  if (!result.failed) return counts;
  const [{ definitions, steps }] = result.counterexample!;
  throw new Error(inWords(definitions, steps, `seed ${seed}, path ${result.counterexamplePath}`), {
    cause: result.errorInstance,
  });
}

/** A history in words, up to the input by which the engines differ. */
function inWords(definitions: JobDefinition[], steps: Step[], where: string): string {
  const history = new History(definitions);
  for (const step of steps) history.step(step);
  const { difference } = compareTrace(history.trace);
  const entries = history.entries.slice(1, difference && difference.entry + 1);
  return [
    `The engines differ (${where}).`,
    ...definitions.map((definition) => `job ${definitionInWords(definition)}`),
    ...entries.map(entryInWords),
    ...(difference ? differenceInWords(difference) : ["  (an exception)"]),
  ].join("\n");
}

function definitionInWords(definition: JobDefinition): string {
  const usual: Record<string, unknown> = { ...emptyJob("", "") };
  const own = Object.entries(definition).filter(([key, value]) =>
    key !== "source" && JSON.stringify(value) !== JSON.stringify(usual[key])
  );
  return JSON.stringify({
    ...Object.fromEntries(own),
    processes: Object.keys(definition.processes).join(" "),
  });
}

function entryInWords(entry: TraceEntry): string {
  if (!("input" in entry)) return `- ${JSON.stringify(entry)}`;
  const { input, now } = entry;
  if (input.kind !== "definitions") return `- ${now.monotonic} ms: ${JSON.stringify(input)}`;
  const changes = input.changes.map(({ name, definition }) =>
    definition ? definitionInWords(definition) : `${name} is removed`
  );
  return `- ${now.monotonic} ms: definitions ${changes.join("; ")}`;
}
