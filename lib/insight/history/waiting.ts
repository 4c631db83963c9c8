/** What a change of a job waits for, in words. */

import { displayName } from "../../model/display_name.ts";
import type { InstanceReport, JobReport, Report } from "../../model/insight/report.ts";
import { printable } from "../../model/text/printable.ts";
import { howLong } from "../words.ts";

/** So many instances are named. */
const MOST = 3;

/**
 * What is on the way, such as `web is pre-start: pre-start process 42 for 3 s`; empty where nothing is.
 * @param event Only what this event has set off counts; without it all of the report does
 */
export function waitingWords({ jobs, now }: Report, event?: string): string {
  const pending = jobs.flatMap((job) =>
    job.instances.filter((one) => isPending(one) && (event === undefined || isBy(one, event)))
      .map((instance) => wordsOf(job, instance, now))
  );
  const more = pending.length > MOST ? [`and ${pending.length - MOST} more`] : [];
  return [...pending.slice(0, MOST), ...more].join("; ");
}

/** True for what has not come to where it is to be, and for what runs: a task may be waited for. */
function isPending({ goal, state, processes }: InstanceReport): boolean {
  return processes.length > 0 || (goal === "start" ? state !== "running" : state !== "waiting");
}

/** True when the last change of the instance's goal was by the event. */
function isBy({ goal, started, stopped }: InstanceReport, event: string): boolean {
  const cause = (goal === "start" ? started : stopped)?.cause;
  return cause?.by === "event" && cause.event === event;
}

function wordsOf(
  { name }: JobReport,
  { name: instance, state, processes, note }: InstanceReport,
  now: number,
): string {
  const running = processes.map(({ name, pid, since }) =>
    `${name} process ${pid}${since === undefined ? "" : ` for ${howLong(now - since)}`}`
  );
  const details = [...running, ...note ? [note] : []].join(", ");
  return printable(`${displayName(name, instance)} is ${state}${details === "" ? "" : `: ${details}`}`);
}
