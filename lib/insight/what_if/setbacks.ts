/** The failures of jobs that a trial would start: a trial takes it that all goes well, and theirs did not. */

import { displayName } from "../../model/display_name.ts";
import type { Report } from "../../model/insight/report.ts";
import { resultInWords } from "../results.ts";
import { stateOf, subjectsOf } from "../screen/states.ts";
import type { TrialStep } from "./outcome.ts";

/** So many of the jobs that would start are told to have failed. */
const MOST_SETBACKS = 5;

/** Of the jobs that would start, how those have failed that are down now, or are started again and again. */
export function setbacksOf(steps: readonly TrialStep[], report: Report | undefined): string[] {
  if (!report) return [];
  const started = new Set(steps.flatMap(({ kind, job }) => kind === "starts" ? [job] : []));
  const setbacks = report.jobs.filter(({ name }) => started.has(name)).flatMap((job) =>
    subjectsOf(job).flatMap((subject) => {
      const { name = "", last } = subject.instance ?? subject.past ?? {};
      if (!last?.isFailure || !stateOf(subject).needsAttention) return [];
      return [`the last run of ${displayName(job.name, name)} failed: ${resultInWords(last, report.now)}`];
    })
  );
  const more = setbacks.length - MOST_SETBACKS;
  return more > 0 ? [...setbacks.slice(0, MOST_SETBACKS), `${more} more have failed`] : setbacks;
}
