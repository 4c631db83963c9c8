/** The job that a command is about, found by its arguments or by the environment of a job's process, and the calls on it. */

import { CallError, type Client } from "../../../control/client/client.ts";
import {
  JOB_INTERFACE,
  jobPath,
  MANAGER_INTERFACE,
  MANAGER_PATH,
  ROUSE_INTERFACE,
} from "../../../control/names.ts";
import type { InstanceStatus } from "../../../control/status.ts";
import { UsageError } from "../../../model/command_line/usage_error.ts";
import type { Invocation } from "../command.ts";

/** The job that a command is about. */
export interface TargetJob {
  client: Client;
  name: string;
  /** Its object path. Until it has been called for the first time, this is where rouse has the job. */
  path: string;
  /** The name of the instance in which the command runs, when no job is named. */
  instance?: string;
}

/** The job that the first argument names, or else the environment variables of a job's process. */
export async function targetJob({ args, environment, client }: Invocation): Promise<TargetJob> {
  const { UPSTART_JOB, UPSTART_INSTANCE } = environment;
  const name = args[0] ?? (UPSTART_INSTANCE === undefined ? undefined : UPSTART_JOB);
  if (name === undefined) throw new UsageError("missing job name");
  const job = { client: await client(), name, path: jobPath(name) };
  return args[0] === undefined ? { ...job, instance: UPSTART_INSTANCE! } : job;
}

/**
 * Calls a method of a job. Returns the first value of the reply. When there is no object at the expected path, asks init for
 * the job's path, because Upstart escapes characters beyond ASCII differently.
 */
export async function callJob(
  job: TargetJob,
  member: string,
  signature: string,
  body: unknown[],
): Promise<unknown> {
  const { client, name, path } = job;
  try {
    return (await client.call(path, JOB_INTERFACE, member, signature, body))[0];
  } catch (error) {
    if (!isUnknownMethod(error)) throw error;
    const [found] = await client.call(MANAGER_PATH, MANAGER_INTERFACE, "GetJobByName", "s", [name]);
    if (found === path) throw error;
    job.path = found as string;
    return (await client.call(job.path, JOB_INTERFACE, member, signature, body))[0];
  }
}

export function isUnknownMethod(error: unknown): boolean {
  return error instanceof CallError && error.isUnknownMethod;
}

/** The path of the instance that the arguments name, or in which the command runs. */
export async function instanceOf(job: TargetJob, args: string[]): Promise<string> {
  const found = job.instance === undefined
    ? await callJob(job, "GetInstance", "as", [args.slice(1)])
    : await callJob(job, "GetInstanceByName", "s", [job.instance]);
  return found as string;
}

/** The status of an instance; undefined when there is none. */
export async function propertiesOf(client: Client, instance: string): Promise<InstanceStatus | undefined> {
  try {
    // The empty name stands for all interfaces, rouse's own among them.
    return await client.getAll(instance, "") as unknown as InstanceStatus;
  } catch (error) {
    if (isUnknownMethod(error)) return undefined;
    throw error;
  }
}

/** Calls one of rouse's own methods, which take the job, and its instance by its name or else by an environment. */
export function callRouse(
  { client, name, instance }: TargetJob,
  args: string[],
  member: string,
  signature: string,
  more: unknown[],
): Promise<unknown[]> {
  const body = [instance === undefined ? [name] : [name, instance], args.slice(1), ...more];
  return client.call(MANAGER_PATH, ROUSE_INTERFACE, member, signature, body);
}
