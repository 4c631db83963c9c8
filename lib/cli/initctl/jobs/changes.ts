/** The commands that change a job: start, stop, restart, reset, reload. */

import { INSTANCE_INTERFACE, JOB_INTERFACE } from "../../../control/names.ts";
import { formatStatus, statusAsData } from "../../../control/status.ts";
import type { Invocation } from "../command.ts";
import { type AskedChange, type JobChange, patiently, tellFailure } from "../patience.ts";
import {
  callJob,
  callRouse,
  instanceOf,
  isUnknownMethod,
  propertiesOf,
  type TargetJob,
  targetJob,
} from "./target.ts";

/** A command that starts, stops or restarts a job, then prints its status. */
export function change(member: JobChange) {
  return async (invocation: Invocation) => {
    const { args, has } = invocation;
    if (has("jobs")) return (await import("../screens/screens.ts")).changeSeveral(invocation, member);
    const job = await targetJob(invocation);
    job.client.silence();
    if (member === "Stop" && has("force")) return await forceStop(job, invocation);
    if (job.instance !== undefined) {
      const instance = await instanceOf(job, args);
      // Without waiting: a job that waited for itself would never end.
      await job.client.call(instance, INSTANCE_INTERFACE, member, "b", [false]);
      await printStatus(invocation, job, instance);
      return;
    }
    // Stop does not return the instance, so that is looked up. When there is none, the error of Stop is not needed.
    const chosen = member === "Stop" ? instanceOf(job, args) : undefined;
    const asked: AskedChange = { change: member, job: job.name }, since = Date.now();
    const changed = await patiently(
      invocation,
      asked,
      async () => {
        const done = callJob(job, member, "asb", [args.slice(1), !has("no-wait")]);
        done.catch(() => {}); // Awaited behind the other.
        const stopped = await chosen, started = await done;
        return stopped ?? started as string;
      },
    );
    const removed = `${job.name} is stopped; its file is gone, so the job is unknown from now on`;
    const isThere = await printStatus(invocation, job, changed, member === "Stop" ? removed : undefined);
    // It was up, and has failed at once.
    if (!isThere && member !== "Stop") await tellFailure(invocation, asked, since);
  };
}

/** Stops an instance by force, and prints its status once it is down. */
async function forceStop(job: TargetJob, invocation: Invocation): Promise<void> {
  const { args, has } = invocation;
  const instance = await instanceOf(job, args);
  await callRouse(job, args, "ForceStop", "asasb", [!has("no-wait")]);
  await printStatus(invocation, job, instance);
}

export async function reset(invocation: Invocation): Promise<void> {
  await callRouse(await targetJob(invocation), invocation.args, "Reset", "asas", []);
}

export async function reload(invocation: Invocation): Promise<void> {
  const job = await targetJob(invocation);
  await job.client.call(await instanceOf(job, invocation.args), INSTANCE_INTERFACE, "Reload");
}

/**
 * Prints the status of an instance. When it has ended, that of a stopped job. Returns whether it is there.
 * @param whenRemoved What is said when the job itself has been removed.
 * @throws {Error} when it has.
 */
async function printStatus(
  { say, tell, isJson }: Invocation,
  { client, name, path }: TargetJob,
  instance: string,
  whenRemoved = `Unknown job: ${name}`,
): Promise<boolean> {
  const properties = propertiesOf(client, instance);
  properties.catch(() => {}); // Awaited below, unless the job has been removed.
  try {
    await client.get(path, JOB_INTERFACE, "name");
  } catch (error) {
    if (isUnknownMethod(error)) throw new Error(whenRemoved);
    throw error;
  }
  const status = await properties;
  if (isJson) tell(statusAsData(name, status));
  else say(formatStatus(name, status));
  return status !== undefined;
}
