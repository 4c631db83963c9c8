/** The commands that show jobs: status, list, ps. */

import { CallError, type Client } from "../../../control/client/client.ts";
import {
  JOB_INTERFACE,
  MANAGER_INTERFACE,
  MANAGER_PATH,
  ROUSE_JOB_INTERFACE,
} from "../../../control/names.ts";
import { formatStatus, type InstanceStatus, type StatusRow } from "../../../control/status.ts";
import { COLOUR, type Option } from "../../../model/command_line/options.ts";
import { type Invocation, JOBS, LONG, OTHER_INIT } from "../command.ts";
import { type JobList, listAll, statusOfRow } from "./job_list.ts";
import { exitCodeOf, exitCodeOfError } from "../screens/exit_code.ts";
import { callRouse, instanceOf, isUnknownMethod, propertiesOf, type TargetJob, targetJob } from "./target.ts";

/** Options of ps, and of list. */
export const TABLE_OPTIONS: Option[] = [
  { long: "failed", help: "those alone that somebody should look at" },
  {
    long: "state",
    argument: "STATE",
    help: "those alone in a state, such as running, failed, start/running; several times: in any of them",
  },
  { long: "sort", argument: "KEY", help: "by name, state, since, pid, restarts, cpu or memory" },
  { long: "watch", help: "show it anew each second, until q is typed" },
  COLOUR,
];

/** Options of list that ask for more than Upstart's. */
export const LIST_OPTIONS: Option[] = [LONG, JOBS, ...TABLE_OPTIONS];

/** What is shown beyond Upstart's. It is not loaded before it is needed. */
const screens = () => import("../screens/screens.ts");

export async function status(invocation: Invocation): Promise<number | void> {
  const job = invocation.has("jobs") ? undefined : await targetJob(invocation);
  const shown = !job || isAtLength(invocation) ? await (await screens()).showStatus(invocation) : undefined;
  if (shown !== undefined) return shown;
  if (!job) throw new Error(`Unable to choose jobs: ${OTHER_INIT}; name one, without --jobs`);
  if (invocation.isJson) {
    throw new Error(`Unable to describe the job as JSON: ${OTHER_INIT}; status without --json works`);
  }
  return await briefStatus(job, invocation);
}

/** True where more is shown than Upstart does: on a terminal, or where it is asked for. */
function isAtLength({ has, isTerminal }: Invocation): boolean {
  return has("long") || has("json") || isTerminal(1);
}

/** The status as Upstart prints it. Returns the exit status. */
async function briefStatus(job: TargetJob, invocation: Invocation): Promise<number | void> {
  const { has, complain } = invocation;
  let instance: InstanceStatus | undefined, problem = "";
  try {
    [instance, problem] = await findStatus(job, invocation.args);
  } catch (error) {
    const code = has("exit-code") ? exitCodeOfError(error as Error) : undefined;
    if (code !== undefined) {
      complain((error as Error).message);
      return code;
    }
    if (!isUnknownMethod(error)) throw error;
    instance = await findInstance(job, invocation.args);
  }
  invocation.say(formatStatus(job.name, instance));
  if (has("verbose")) await informOfDefaults(job, invocation);
  if (problem !== "") complain(`The last good definition of ${job.name} stays in force: ${problem}`);
  if (has("exit-code")) return exitCodeOf([{ instances: instance ? [instance] : [] }]);
}

/** Tells which set of defaults the job has, unless it is Upstart's, whose `status --verbose` tells nothing more. */
async function informOfDefaults({ client, path }: TargetJob, { inform }: Invocation): Promise<void> {
  try {
    const semantics = await client.get(path, ROUSE_JOB_INTERFACE, "semantics");
    if (semantics !== "upstart") inform(`\tsemantics ${semantics}`);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
  }
}

/** The instance, if it runs, and the problem of the job's file, if any. Takes one call, which only rouse answers. */
async function findStatus(
  job: TargetJob,
  args: string[],
): Promise<[InstanceStatus | undefined, problem: string]> {
  const [rows, problem] = await callRouse(job, args, "GetStatus", "asas", []);
  const [row] = rows as StatusRow[];
  return [row && statusOfRow(row), problem as string];
}

/** The instance, by the methods that Upstart has. */
async function findInstance(job: TargetJob, args: string[]): Promise<InstanceStatus | undefined> {
  try {
    return await propertiesOf(job.client, await instanceOf(job, args));
  } catch (error) {
    const stopped = error instanceof CallError && error.is("UnknownInstance");
    if (!stopped || job.instance !== undefined || args.length > 1) throw error;
  }
}

/** All jobs, by the methods that Upstart has: calls for each job and each instance, sent without waiting in between. */
async function listEach(client: Client): Promise<JobList> {
  const [paths] = await client.call(MANAGER_PATH, MANAGER_INTERFACE, "GetAllJobs");
  const rows = await Promise.all((paths as string[]).map(async (path): Promise<JobList> => {
    try {
      // The path does not give the name: Upstart escapes characters beyond ASCII differently.
      const [[instances], name] = await Promise.all([
        client.call(path, JOB_INTERFACE, "GetAllInstances"),
        client.get(path, JOB_INTERFACE, "name"),
      ]);
      const all = await Promise.all(
        (instances as string[]).map((instance) => propertiesOf(client, instance)),
      );
      return [[name as string, all.filter((one) => one !== undefined)]];
    } catch (error) {
      if (isUnknownMethod(error)) return []; // The job has been removed in the meantime.
      throw error;
    }
  }));
  return rows.flat();
}

export async function list(invocation: Invocation): Promise<number | void> {
  const isMore = isAtLength(invocation) || LIST_OPTIONS.some(({ long }) => invocation.has(long));
  const shown = isMore ? await (await screens()).showList(invocation, false) : undefined;
  if (shown === undefined && invocation.isJson) {
    throw new Error(`Unable to list jobs as JSON: ${OTHER_INIT}; list without --json works`);
  }
  return shown ?? await listBriefly(invocation);
}

/** Lists jobs as Upstart does. */
async function listBriefly(invocation: Invocation): Promise<void> {
  const client = await invocation.client();
  let jobs: JobList;
  try {
    jobs = await listAll(client);
  } catch (error) {
    if (!isUnknownMethod(error)) throw error;
    jobs = await listEach(client);
  }
  for (const [name, instances] of jobs) {
    if (instances.length === 0) invocation.say(formatStatus(name));
    for (const instance of instances) invocation.say(formatStatus(name, instance));
  }
}

/** @throws {Error} when init does not tell of processes. */
export async function ps(invocation: Invocation): Promise<number> {
  const shown = await (await screens()).showList(invocation, true);
  if (shown === undefined) {
    throw new Error(`Unable to list processes: ${OTHER_INIT}; list tells the main ones`);
  }
  return shown;
}
