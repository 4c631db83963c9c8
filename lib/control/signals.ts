/** The signals that tell clients of what happens. */

import { type Interface, signature } from "./interface.ts";
import { INSTANCE, JOB } from "./job.ts";
import { MANAGER } from "./manager.ts";
import { type Message, NO_REPLY_EXPECTED, SIGNAL } from "./message.ts";
import { instancePath, jobPath, MANAGER_PATH } from "./names.ts";
import type { Notice } from "./supervisor.ts";

/** What there are signals of. */
export type Signalled = Exclude<Notice, { kind: "process-ended" }>;

/** The signal that tells of something, without a serial number. */
export function signalOf(notice: Signalled): Omit<Message, "serial"> {
  switch (notice.kind) {
    case "job-added":
      return signal(MANAGER_PATH, MANAGER, "JobAdded", [jobPath(notice.job)]);
    case "job-removed":
      return signal(MANAGER_PATH, MANAGER, "JobRemoved", [jobPath(notice.job)]);
    case "instance-added":
      return signal(jobPath(notice.job), JOB, "InstanceAdded", [pathOf(notice)]);
    case "instance-removed":
      return signal(jobPath(notice.job), JOB, "InstanceRemoved", [pathOf(notice)]);
    case "goal-changed":
      return signal(pathOf(notice), INSTANCE, "GoalChanged", [notice.goal]);
    case "state-changed":
      return signal(pathOf(notice), INSTANCE, "StateChanged", [notice.state]);
    case "failed":
      return signal(pathOf(notice), INSTANCE, "Failed", [notice.status ?? -1]);
    case "event-emitted":
      return signal(MANAGER_PATH, MANAGER, "EventEmitted", [notice.event, notice.environment]);
    case "restarted":
      return signal(MANAGER_PATH, MANAGER, "Restarted", []);
  }
}

function signal<Target>(
  path: string,
  { name, signals }: Interface<Target>,
  member: string,
  body: unknown[],
): Omit<Message, "serial"> {
  const flags = NO_REPLY_EXPECTED;
  return { type: SIGNAL, flags, path, interface: name, member, signature: signature(signals[member]), body };
}

function pathOf({ job, instance }: { job: string; instance: string }): string {
  return instancePath(job, instance);
}
