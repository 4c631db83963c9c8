/** The variables of a runscript that say how its daemon is run, as fields of a job (openrc-run(8)). */

import type { JobDefinition } from "../../../lib/model/job.ts";
import { SIGKILL, signalNumber } from "../../../lib/model/signals.ts";
import { openrcSchedule, ScheduleError } from "../daemons/schedule.ts";
import { accountOf, maskOf } from "./daemon_options.ts";
import type { Declarations } from "./declarations.ts";

/** Fields of a job; undefined where the value is none that a job can have. */
type FieldsOf = (value: string) => Partial<JobDefinition> | undefined;

/** Seconds that a job waits where its script waits for ever. */
const LONGEST_STOP = 300;

const SIGTERM = 15;

/** What each variable becomes. What comes later counts: a schedule has its own signal. */
const VARIABLES: Readonly<Record<string, FieldsOf>> = {
  name: (description) => ({ description }),
  description: (description) => ({ description }),
  command_user: accountOf,
  directory: (chdir) => ({ chdir }),
  chroot: (chroot) => ({ chroot }),
  umask: maskOf,
  stopsig: (value) => signalField(value),
  retry: stopOf,
};

/** Variables without a field. */
const WITHOUT_FIELD = [
  "capabilities",
  "error_log",
  "error_logger",
  "healthcheck_timer",
  "no_new_privs",
  "notify",
  "output_log",
  "output_logger",
  "rc_ulimit",
  "required_dirs",
  "required_files",
  "secbits",
  "start_inactive",
];

/** Gives the fields, and what none says. */
export function applyVariables(
  declared: Declarations,
  isSupervised: boolean,
): { fields: Partial<JobDefinition>; lost: string[] } {
  const fields: Partial<JobDefinition> = isSupervised ? respawnOf(declared) : {};
  const lost: string[] = [];
  for (const [name, fieldsOf] of Object.entries(VARIABLES)) {
    const value = declared.value(name);
    if (value === "") continue;
    const found = fieldsOf(value);
    if (found) Object.assign(fields, found);
    else lost.push(`${name}="${value}" is left out`);
  }
  for (const name of WITHOUT_FIELD) {
    const value = declared.value(name);
    if (value !== "") lost.push(`${name}="${value}" is left out`);
  }
  return { fields, lost };
}

function signalField(value: string): Partial<JobDefinition> | undefined {
  const number = /^\d+$/.test(value) ? Number(value) : signalNumber(value.replace(/^SIG/, ""));
  return number === undefined ? undefined : { killSignal: number };
}

/** A job has one signal, and then SIGKILL. */
function stopOf(value: string): Partial<JobDefinition> | undefined {
  try {
    const items = openrcSchedule(value, SIGTERM);
    const signal = items.find((item) => item.kind === "signal")?.signal ?? SIGTERM;
    const seconds = items.find((item) => item.kind === "wait")?.seconds;
    const hasSignal = value.includes("/") && signal !== SIGKILL;
    return {
      ...hasSignal && { killSignal: signal },
      ...seconds !== undefined && { killTimeout: Math.min(seconds, LONGEST_STOP) },
    };
  } catch (error) {
    if (error instanceof ScheduleError) return undefined;
    throw error;
  }
}

/** A supervisor's limits. What is said of none is as jobs have it. */
function respawnOf(declared: Declarations): Partial<JobDefinition> {
  const number = (name: string) =>
    /^\d+$/.test(declared.value(name)) ? Number(declared.value(name)) : undefined;
  const delay = number("respawn_delay"), count = number("respawn_max"), interval = number("respawn_period");
  const isLimited = count !== 0 && (count !== undefined || interval !== undefined);
  return {
    respawn: true,
    ...count === 0 && { respawnLimit: "unlimited" },
    ...isLimited && { respawnLimit: { count: count ?? 10, interval: interval || 5 } },
    ...delay && { respawnDelay: { delay, factor: 1, max: delay, jitter: 0, resetAfter: 60 } },
  };
}
