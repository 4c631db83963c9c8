/** What records take in memory. */

import type { Cause, JournalRecord } from "../../model/insight/journal.ts";

/** What a record takes without its texts, in bytes; it has few fields. */
const PLAIN_SIZE = 100;

/** About what a record takes in memory, in bytes. A walk over all fields of each would cost more than all else here. */
export function sizeOf(record: JournalRecord): number {
  const size = PLAIN_SIZE + ("job" in record ? record.job.length : 0) +
    ("instance" in record ? record.instance.length : 0);
  switch (record.kind) {
    case "event":
      return size + record.event.length + sizeOfVariables(record.environment) + sizeOfCause(record.cause);
    case "event-over":
      return size + record.event.length + sizeOfVariables(record.environment);
    case "goal":
      return size + sizeOfCause(record.cause);
    case "failed":
      return size + PLAIN_SIZE + (record.result.reason?.length ?? 0);
    case "spawn-failed":
      return size + record.reason.length;
    case "check":
      return size + (record.reason?.length ?? 0);
    case "request":
      return size + record.what.length + (record.error?.length ?? 0);
    case "message":
      return size + record.message.length;
    default:
      return size;
  }
}

/** The same of a cause. */
export function sizeOfCause(cause: Cause | undefined): number {
  if (!cause) return 0;
  if (cause.by === "event") return PLAIN_SIZE + cause.event.length + sizeOfVariables(cause.environment);
  return PLAIN_SIZE + (cause.by === "failure" ? cause.reason.length : 0);
}

function sizeOfVariables(environment: readonly string[]): number {
  let size = 32;
  for (const pair of environment) size += 24 + pair.length;
  return size;
}
