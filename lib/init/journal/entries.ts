/** What the journal records of each kind of notice. */

import type { Cause, JournalEntry } from "../../model/insight/journal.ts";
import type { Notice } from "../../model/requests.ts";
import { shortText, shortVariables } from "./journal.ts";

/** The notices of one kind. */
type NoticeOfKind<Kind extends Notice["kind"]> = Extract<Notice, { kind: Kind }>;

type EntryMakers = { [Kind in Notice["kind"]]?: (notice: NoticeOfKind<Kind>) => JournalEntry };

/** A cause that a record can hold. */
export function shortCause(cause: Cause): Cause {
  if (cause.by === "event") {
    return { ...cause, event: shortText(cause.event), environment: variables(cause.environment) };
  }
  return cause.by === "failure" ? { by: "failure", reason: shortText(cause.reason) } : cause;
}

/** Shared with the notice where they are not cut: most events have few. */
function variables(environment: string[]): string[] {
  return shortVariables(environment) as string[];
}

const ENTRIES: EntryMakers = {
  "job-added": ({ job }) => ({ kind: "definition", job, change: "added" }),
  "job-changed": ({ job }) => ({ kind: "definition", job, change: "changed" }),
  "job-removed": ({ job }) => ({ kind: "definition", job, change: "removed" }),
  "goal-changed": ({ job, instance, goal, cause }) => (
    { kind: "goal", job, instance, goal, cause: shortCause(cause) }
  ),
  "state-changed": ({ job, instance, state }) => ({ kind: "state", job, instance, state }),
  "spawned": ({ job, instance, process, pid }) => ({ kind: "spawned", job, instance, process, pid }),
  "spawn-failed": ({ job, instance, process, reason }) => (
    { kind: "spawn-failed", job, instance, process, reason: shortText(reason) }
  ),
  "process-ended": ({ job, instance, process, pid, exit }) => (
    { kind: "exited", job, instance, process, pid, exit }
  ),
  "check-changed": ({ job, instance, check, passes, reason }) => (
    {
      kind: "check",
      job,
      instance,
      check,
      passes,
      ...(reason !== undefined && { reason: shortText(reason) }),
    }
  ),
  "event-begun": ({ event, environment, cause }) => (
    { kind: "event", event: shortText(event), environment: variables(environment), cause: shortCause(cause) }
  ),
  "event-emitted": ({ event, environment, failed }) => (
    {
      kind: "event-over",
      event: shortText(event),
      environment: variables(environment),
      ...(failed && { failed }),
    }
  ),
};

/** The kinds of notices that are recorded as they come. Failures are recorded by the histories, which count them. */
export const RECORDED = Object.keys(ENTRIES) as Array<Notice["kind"]>;

/** What the journal records of a notice; undefined where it records nothing. */
export function entryOf(notice: Notice): JournalEntry | undefined {
  const make = ENTRIES[notice.kind] as ((notice: Notice) => JournalEntry) | undefined;
  return make?.(notice);
}
