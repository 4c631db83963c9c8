/** What the journal records of each kind of notice. */

import type { JournalRecord } from "../../model/insight/journal.ts";
import type { Notice } from "../../model/requests.ts";
import { shortCause, shortText, shortVariables } from "./short.ts";

/** The notices of one kind. */
type NoticeOfKind<Kind extends Notice["kind"]> = Extract<Notice, { kind: Kind }>;

type Makers = {
  [Kind in Notice["kind"]]?: (notice: NoticeOfKind<Kind>, number: number, at: number) => JournalRecord;
};

const RECORDS: Makers = {
  "job-added": ({ job }, number, at) => ({ number, at, kind: "definition", job, change: "added" }),
  "job-changed": ({ job }, number, at) => ({ number, at, kind: "definition", job, change: "changed" }),
  "job-removed": ({ job }, number, at) => ({ number, at, kind: "definition", job, change: "removed" }),
  "goal-changed": ({ job, instance, goal, cause }, number, at) => (
    { number, at, kind: "goal", job, instance, goal, cause: shortCause(cause) }
  ),
  "state-changed": ({ job, instance, state }, number, at) => (
    { number, at, kind: "state", job, instance, state }
  ),
  "spawned": ({ job, instance, process, pid }, number, at) => (
    { number, at, kind: "spawned", job, instance, process, pid }
  ),
  "spawn-failed": ({ job, instance, process, reason }, number, at) => (
    { number, at, kind: "spawn-failed", job, instance, process, reason: shortText(reason) }
  ),
  "process-ended": ({ job, instance, process, pid, exit }, number, at) => (
    { number, at, kind: "exited", job, instance, process, pid, exit }
  ),
  "check-changed": ({ job, instance, check, passes, reason }, number, at) => (
    {
      number,
      at,
      kind: "check",
      job,
      instance,
      check,
      passes,
      ...(reason !== undefined && { reason: shortText(reason) }),
    }
  ),
  "event-begun": ({ event, environment, cause }, number, at) => (
    {
      number,
      at,
      kind: "event",
      event: shortText(event),
      environment: shortVariables(environment),
      cause: shortCause(cause),
    }
  ),
  "event-emitted": ({ event, environment, failed }, number, at) => (
    {
      number,
      at,
      kind: "event-over",
      event: shortText(event),
      environment: shortVariables(environment),
      ...(failed && { failed }),
    }
  ),
};

/** The kinds of notices that are recorded as they come. Failures are recorded by the histories, which count them. */
export const RECORDED = Object.keys(RECORDS) as Array<Notice["kind"]>;

/** What the journal records of a notice; undefined where it records nothing. */
export function recordOf(notice: Notice, number: number, at: number): JournalRecord | undefined {
  const make = RECORDS[notice.kind] as
    | ((notice: Notice, number: number, at: number) => JournalRecord)
    | undefined;
  return make?.(notice, number, at);
}
