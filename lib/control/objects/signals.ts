/** The D-Bus signals for notices. */

import { namesOf } from "./for_others.ts";
import { type Interface, signature } from "./interface.ts";
import { INSTANCE, JOB } from "./job.ts";
import { MANAGER, ROUSE } from "./manager.ts";
import { type Message, NO_REPLY_EXPECTED, SIGNAL } from "../../dbus/message.ts";
import { instancePath, jobPath, MANAGER_PATH } from "../names.ts";
import type { Notice } from "../../model/requests.ts";

/** The kinds of notices that there are signals of. */
export const SIGNALLED = [
  "job-added",
  "job-removed",
  "instance-added",
  "instance-removed",
  "goal-changed",
  "state-changed",
  "failed",
  "event-emitted",
  "restarted",
] as const satisfies ReadonlyArray<Notice["kind"]>;

/** Notices that there are signals of. */
type SignalledNotice = Extract<Notice, { kind: (typeof SIGNALLED)[number] }>;

/** True for a notice that there is a signal of. */
export function isSignalled(notice: Notice): notice is SignalledNotice {
  return (SIGNALLED as ReadonlyArray<Notice["kind"]>).includes(notice.kind);
}

/**
 * The signal that tells of something, without a serial number. The values of an event's variables are for root and
 * init's own user: others are told their names.
 */
export function signalFor(privileged: boolean, notice: SignalledNotice): Omit<Message, "serial"> {
  if (privileged || notice.kind !== "event-emitted") return signalOf(notice);
  return signalOf({ ...notice, environment: namesOf(notice.environment) });
}

function signalOf(notice: SignalledNotice): Omit<Message, "serial"> {
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
      return signal(pathOf(notice), INSTANCE, "Failed", [notice.status]);
    case "event-emitted":
      return signal(MANAGER_PATH, MANAGER, "EventEmitted", [notice.event, notice.environment]);
    case "restarted":
      return signal(MANAGER_PATH, MANAGER, "Restarted", []);
  }
}

/** The last signal that a client gets, without a serial number: why init drops it. */
export function droppedSignal(reason: string): Omit<Message, "serial"> {
  return signal(MANAGER_PATH, ROUSE, "Dropped", [reason]);
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
