/** What has happened to a job: who started and stopped it, and how its last run went, as far as init remembers. */

import { reasonOf } from "../../engine/dependencies/reasons.ts";
import type { Instance } from "../../engine/instance.ts";
import type { LoadedJob } from "../../engine/loaded_job.ts";
import type { Cause } from "../../model/insight/journal.ts";
import type { InstanceReport } from "../../model/insight/report.ts";
import type { Facts } from "./facts.ts";
import { type Reason, reason, type ReasonDetails } from "./reason.ts";
import { ago, causeInWords, eventInWords, named, resultInWords } from "./words.ts";

/** Why an instance was started. */
export function startReason(facts: Facts, instance: Instance): Reason[] {
  const report = facts.instance(instance);
  if (report?.started) return [change(facts, "was started", report.started)];
  // Init remembers so much always.
  const events = instance.environment.get("UPSTART_EVENTS");
  return events === undefined ? [] : [reason("cause", `it was started by ${eventsInWords(events)}`)];
}

/** Why an instance stops, or has stopped. */
export function stopReason(facts: Facts, report: InstanceReport | undefined, instance?: Instance): Reason[] {
  if (report?.stopped) return [change(facts, "was stopped", report.stopped)];
  const events = instance?.stopEnvironment?.get("UPSTART_STOP_EVENTS");
  return events === undefined ? [] : [reason("cause", `it was stopped by ${eventsInWords(events)}`)];
}

function eventsInWords(names: string): string {
  const events = names.split(" ");
  return `the event${events.length === 1 ? "" : "s"} ${named(events)}`;
}

function change(facts: Facts, what: string, { at, cause }: { at: number; cause: Cause }): Reason {
  return reason("cause", `it ${what} ${ago(at, facts.now)}, ${causeInWords(cause)}`, {
    at,
    ...(cause.by === "event" && { event: cause.event, environment: cause.environment }),
    ...(cause.by === "dependency" && { job: cause.job }),
  });
}

/** How the last run of an instance ended that has ended. */
export function resultReason(facts: Facts, report: InstanceReport | undefined): Reason[] {
  const { last } = report ?? {};
  if (!last) return [];
  const details: ReasonDetails = { at: last.at, isMet: !last.isFailure };
  const how = last.isFailure ? "failed" : "ended well";
  return [
    reason("result", `its last run ${how} ${ago(last.at, facts.now)}: ${resultInWords(last)}`, details),
  ];
}

/** Why a job that has no instance has failed last; empty when it has not, or nobody remembers. */
export function failureReason(facts: Facts, job: LoadedJob): Reason[] {
  const [past] = facts.job(job.name)?.past ?? [];
  const known = resultReason(facts, past);
  if (known.length > 0 || !job.lastFailure) return known;
  return [reason("result", `its last run failed: ${job.lastFailure.reason}`, { isMet: false })];
}

/** The failure by which an instance is on its way down. */
export function presentFailure({ failure, setback }: Instance): Reason[] {
  if (failure) return [reason("result", `it has failed: ${reasonOf(failure)}`, { isMet: false })];
  return setback ? [reason("result", `it had failed: ${setback.reason}`, { isMet: false })] : [];
}

/** When an event has come, and by whom: the end of a sentence that begins with the event. */
export function arrival(facts: Facts, at: number, cause: Cause): string {
  const when = ago(at, facts.now);
  switch (cause.by) {
    case "request":
    case "event":
    case "shutdown":
    case "init":
      return `${when}, ${causeInWords(cause)}`;
    case "dependency":
      return `${when}, from ${cause.job}`;
    default:
      return when;
  }
}

/** An event in the words of the journal. */
export function recordInWords({ event, environment }: { event: string; environment: string[] }): string {
  return eventInWords(event, environment);
}
