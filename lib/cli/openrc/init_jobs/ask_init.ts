/** What is asked of init about a service that is its job. */

import { setTimeout as pause } from "node:timers/promises";
import { CallError } from "../../../control/client/client.ts";
import { JOB_INTERFACE, MANAGER_PATH, ROUSE_INTERFACE } from "../../../control/names.ts";
import { isRowUp, jobOf, ownInit, rowOf, type ServiceJob } from "../../sysv/services/job.ts";
import { JobLog } from "../../sysv/services/job_log.ts";
import type { ServiceChange } from "./by_init.ts";
import type { ServiceRun } from "../run/service_run.ts";
import { ShellOrder } from "./shell_order.ts";

/** How long to wait before init is asked again how far a change is that somebody else has begun, in ms. */
const PAUSE = 50;

/** How often it is looked what the script has printed, in ms. */
const LOOK = 100;

/** The state of a service while it changes. */
const DURING = { start: "starting", stop: "stopping" } as const;

/** The variable of a start that is none, for it calls off a stop. */
export const CALLED_OFF = "RC_STOP_CALLED_OFF";

/**
 * Has init start or stop the service, waits for the end of that, and prints meanwhile what the script prints.
 * @returns the exit status; undefined where init has no such job, or nothing to do: it is up, or down, already.
 */
export function change(run: ServiceRun, action: ServiceChange): Promise<number | undefined> {
  return withJob(run.service, async (job) => {
    const log = new JobLog(job.name);
    const print = () => {
      const bytes = log.written();
      if (bytes.length > 0) run.messages.sink(1, bytes);
    };
    const timer = setInterval(print, LOOK);
    let isChanged: boolean | undefined;
    try {
      isChanged = await request(run, job, action) ?? await others(job, action);
    } finally {
      clearInterval(timer);
      print();
    }
    // Then others may have changed it again.
    run.isNoted = isChanged === true && run.state !== DURING[action];
    return isChanged === undefined ? undefined : isChanged ? 0 : 1;
  });
}

/** True where the service is a job. */
export async function isJob({ service }: Pick<ServiceRun, "service">): Promise<boolean> {
  return await withJob(service, () => Promise.resolve(true)) ?? false;
}

/** True where init is still about a change of the service, or knows nothing of it. */
export async function isWanted({ service }: ServiceRun, action: ServiceChange): Promise<boolean> {
  return await withJob(service, async (job) => {
    const [, goal] = await rowOf(job);
    return goal === action;
  }) ?? true;
}

/** Has init forget the service: it is down for init, too, and its processes go on by themselves. */
export async function forget({ service }: ServiceRun): Promise<void> {
  await withJob(service, async ({ client, name }) => {
    try {
      await client.call(MANAGER_PATH, ROUSE_INTERFACE, "Forget", "asas", [[name, ""], []]);
    } catch (error) {
      // It is down already.
      if (!(error instanceof CallError && error.is("UnknownInstance"))) throw error;
    }
  });
}

/** Keeps the service up, which has not stopped: for init, whose process this is, it stops no longer. */
export async function callOffStop({ service }: ServiceRun): Promise<void> {
  await withJob(service, async (job) => {
    try {
      await job.client.call(job.path, JOB_INTERFACE, "Start", "asb", [[`${CALLED_OFF}=yes`], false]);
    } catch (error) {
      // An init that is to end keeps nothing up.
      if (!(error instanceof CallError)) throw error;
    }
  });
}

/** True where one of these services is a job. */
export async function areJobs(services: readonly ServiceRun["service"][]): Promise<boolean> {
  for (const service of services) if (await isJob({ service })) return true;
  return false;
}

/** Does something with the job that is made of a service's script. Undefined where there is none. */
async function withJob<Result>(
  { name, script }: ServiceRun["service"],
  action: (job: ServiceJob) => Promise<Result>,
): Promise<Result | undefined> {
  const client = await ownInit();
  if (!client) return undefined;
  try {
    const job = await jobOf(client, name);
    return job?.source === script ? await action(job) : undefined;
  } finally {
    client.close();
  }
}

/**
 * Asks for a change, and waits for its end.
 * @returns whether the service is as it was to be; undefined where there was nothing to do.
 */
async function request(
  run: ServiceRun,
  job: ServiceJob,
  action: ServiceChange,
): Promise<boolean | undefined> {
  const member = action === "start" ? "Start" : "Stop", order = ShellOrder.for(run, action);
  const variables = [...variablesOf(run), ...order?.variables ?? []];
  try {
    await job.client.call(job.path, JOB_INTERFACE, member, "asb", [variables, true]);
    if (order?.isDone) return true;
    if (run.state !== DURING[action]) return true;
    // The script was killed, or its stop is called off. It has not ended then when init answers.
    for (;;) {
      const [, goal, state] = await rowOf(job);
      const isDone = action === "start" ? goal !== "stop" || state === "waiting" : state !== "pre-stop";
      if (isDone) return action === "stop" && goal === "stop";
      await pause(PAUSE);
    }
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    if (["AlreadyStarted", "AlreadyStopped", "UnknownInstance"].some((name) => error.is(name))) {
      return undefined;
    }
    if (!error.is("JobFailed")) run.messages.error(`${job.name}: ${error.message}`);
    return false;
  } finally {
    order?.end();
  }
}

/** How a change ends that somebody else has asked for; undefined where there is none. */
async function others(job: ServiceJob, action: ServiceChange): Promise<boolean | undefined> {
  for (let isUnderWay = false;; isUnderWay = true) {
    const row = await rowOf(job), [, goal, state] = row;
    const isDone = action === "start" ? isRowUp(row) : goal === "stop" && state === "waiting";
    if (isDone) return isUnderWay || undefined;
    if (goal !== action) return isUnderWay ? false : undefined;
    await pause(PAUSE);
  }
}

/** What the script's process is told: all that the script would be told here. */
function variablesOf({ environment }: ServiceRun): string[] {
  return Object.entries(environment).flatMap(([name, value]) =>
    value === undefined || !/^[A-Za-z_]\w*$/.test(name) ? [] : [`${name}=${value}`]
  );
}
