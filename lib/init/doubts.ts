/** Telling of conditions that can never come true because of a wrong name, when the configuration has been read. */

import { type DoubtKind, findDoubts } from "../engine/doubts.ts";
import type { Messages } from "./messages.ts";
import type { RunningInit } from "./running.ts";

/**
 * Tells of jobs that are not known as warnings, once each. Events that no job says it emits are a matter for the
 * verbose: anybody may emit them.
 *
 * @param trial True when no startup event is emitted: nobody then expects that conditions come true by themselves.
 */
export function tellDoubts(init: RunningInit, messages: Messages, trial: boolean): void {
  const kinds = new Set<DoubtKind>();
  if (!trial || messages.prints("info")) kinds.add("unknown-job");
  if (messages.prints("info")) kinds.add("unknown-event");
  for (
    const { kind, job, reason } of findDoubts(Array.from(init.jobs(), ({ definition }) => definition), kinds)
  ) {
    if (kind === "unknown-job" && !trial) messages.tellOnce("warn", `${job} ${reason}`);
    else messages.tell("info", `${job} ${reason}`);
  }
}
