/** Why changes of jobs have failed, in words. */

import { displayName } from "../../model/display_name.ts";
import type { OutputLine } from "../../model/insight/journal.ts";
import type { InstanceReport, JobReport, Report } from "../../model/insight/report.ts";
import { printable, printableLines, withoutColours } from "../../model/text/printable.ts";
import { hasRun, reasonInWords, resultInWords } from "../results.ts";

/** A run that has failed. */
export interface FailedRun {
  job: string;
  instance: string;
  /** How it ended, in words. */
  result: string;
  /** The reason in it, without when and how long. */
  reason: string;
  /** True where a process ran, which may have printed something. */
  hasRun: boolean;
}

/** The runs that have failed from a point in time on (ms since 1970), the newest first. */
export function failedRuns({ jobs, now }: Report, since: number): FailedRun[] {
  const all = jobs.flatMap((job) =>
    [...job.instances, ...job.past].map((instance) => [job, instance] as const)
  );
  return all.filter(([, { last }]) => last !== undefined && last.isFailure && last.at >= since)
    .sort(([, one], [, other]) => other.last!.at - one.last!.at)
    .map(([job, instance]) => failedRun(job, instance, now));
}

function failedRun({ name }: JobReport, { name: instance, last }: InstanceReport, now: number): FailedRun {
  const result = resultInWords(last!, now).replace(", just now", "");
  return { job: name, instance, result, reason: reasonInWords(last!), hasRun: hasRun(last!) };
}

/**
 * A failed run, and the last lines that it has printed, as lines for a terminal.
 * @param isTold True where the reason has been told already.
 */
export function failureLines(
  { job, instance, result }: FailedRun,
  output: readonly OutputLine[],
  isTold = false,
): string[] {
  const lines = output.filter((line) => line.job === job && line.instance === instance);
  return [
    ...isTold ? [] : [printable(`${displayName(job, instance)}: ${result}`)],
    ...lines.map(({ text }) => `  | ${printableLines(withoutColours(text))}`),
  ];
}
