/** What has happened to a job: who started and stopped it, and how its last run went, as far as init remembers. */

import { reasonOf } from "../../engine/dependencies/reasons.ts";
import type { Instance } from "../../engine/instance.ts";
import type { LoadedJob } from "../../engine/loaded_job.ts";
import type { Cause } from "../../model/insight/journal.ts";
import type { InstanceReport } from "../../model/insight/report.ts";
import { causeInWords, resultInWords } from "../results.ts";
import { howLongAgo } from "../words.ts";
import type { Facts } from "./facts.ts";
import { reason, type ReasonNode } from "./reason.ts";
import { named, shortened } from "./words.ts";

/** Why an instance was started. */
export function startReason(facts: Facts, instance: Instance): ReasonNode[] {
  const report = facts.instance(instance);
  if (report?.started) return [changeReason(facts, "started", report.started)];
  // The instance has the names of the events itself.
  return eventsReason("started", instance.environment.get("UPSTART_EVENTS"));
}

/** Why an instance stops, or has stopped. */
export function stopReason(
  facts: Facts,
  report: InstanceReport | undefined,
  instance?: Instance,
): ReasonNode[] {
  if (report?.stopped) return [changeReason(facts, "stopped", report.stopped)];
  return eventsReason("stopped", instance?.stopEnvironment?.get("UPSTART_STOP_EVENTS"));
}

function eventsReason(what: "started" | "stopped", names: string | undefined): ReasonNode[] {
  if (names === undefined) return [];
  const events = names.split(" "), word = events.length === 1 ? "event" : "events";
  return [reason("cause", `it was ${what} by the ${word} ${named(events)}`)];
}

function changeReason(
  facts: Facts,
  what: "started" | "stopped",
  { at, cause }: { at: number; cause: Cause },
): ReasonNode {
  return reason("cause", `it was ${what} ${arrival(facts, at, cause)}`, {
    at,
    ...(cause.by === "event" && { event: cause.event, environment: cause.environment }),
    ...("job" in cause && { job: cause.job }),
  });
}

/** When something was, and by whom: `2 min ago by root (initctl emit disk, pid 42)`. */
export function arrival(facts: Facts, at: number, cause: Cause): string {
  return `${howLongAgo(at, facts.now)} by ${shortened(causeInWords(cause))}`;
}

/** How the last run of an instance ended that has ended. */
function resultReason(facts: Facts, report: InstanceReport | undefined): ReasonNode[] {
  const { last } = report ?? {};
  if (!last) return [];
  const text = `its last run${last.isFailure ? " failed" : ""}: ${resultInWords(last, facts.now)}`;
  return [reason("result", text, { at: last.at, isMet: !last.isFailure })];
}

/** How a job's last run went, of which the instance is gone; empty when nobody remembers. */
export function lastResult(
  facts: Facts,
  job: LoadedJob,
  past: InstanceReport | undefined = facts.job(job.name)?.past[0],
): ReasonNode[] {
  const known = resultReason(facts, past);
  if (known.length > 0 || !job.lastFailure) return known;
  return [reason("result", `its last run failed: ${job.lastFailure.reason}`, { isMet: false })];
}

/** The failure by which an instance is on its way down, or else how its last run went. */
export function presentFailure(facts: Facts, instance: Instance): ReasonNode[] {
  const { failure, setback } = instance;
  const why = failure ? reasonOf(failure) : setback?.reason;
  const known = failure ? [] : resultReason(facts, facts.instance(instance));
  if (known.length > 0 || why === undefined) return known;
  return [reason("result", `it has failed: ${why}`, { isMet: false })];
}
