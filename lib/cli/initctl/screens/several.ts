/** The commands start, stop and restart on several jobs. */

import type { Client } from "../../../control/client/client.ts";
import {
  INSTANCE_INTERFACE,
  instancePath,
  JOB_INTERFACE,
  jobPath,
  MANAGER_PATH,
  ROUSE_INTERFACE,
} from "../../../control/names.ts";
import { formatStatus, type InstanceStatus, statusAsData } from "../../../control/status.ts";
import { selectJobs } from "../../../insight/selection.ts";
import { printable } from "../../../model/text/printable.ts";
import type { Invocation } from "../command.ts";
import { listAll } from "../jobs/job_list.ts";
import { type JobChange, patiently, whyFailed } from "../patience.ts";

/** The instances that jobs have, by the jobs' names. */
type Instances = Map<string, InstanceStatus[]>;

/**
 * Starts, stops or restarts the jobs that `--jobs` and the arguments choose, all at the same time, then prints their status.
 * What is already as it is to be is left alone. Arguments with `=` are variables. Returns the exit status.
 * @throws {Error} with a message for the user.
 */
export async function changeSeveral(invocation: Invocation, change: JobChange): Promise<number> {
  const { args, values, has, say, complain, tell } = invocation;
  const words = [...values("jobs"), ...args.filter((word) => !word.includes("="))];
  const client = await invocation.client();
  client.silence();
  const before = await instancesOf(client);
  const { jobs, problems } = selectJobs(words, [...before.keys()]);
  const request: Requested = {
    client,
    environment: args.filter((word) => word.includes("=")),
    wait: !has("no-wait"),
    isForced: has("force"),
  };
  const since = Date.now();
  const changeOne = async (job: string) => {
    try {
      await CHANGES[change](request, job, before.get(job)!);
    } catch (error) {
      const why = await whyFailed(invocation, error as Error, { asked: { change, job }, since, args: [job] });
      problems.push(`${printable(job)}: ${(error as Error).message}${why}`);
    }
  };
  await patiently(invocation, { change, jobs }, () => Promise.all(jobs.map(changeOne)));
  const after = jobs.length > 0 ? await instancesOf(client) : before;
  const rows = jobs.flatMap((job) => {
    const instances: Array<InstanceStatus | undefined> = after.get(job) ?? [];
    if (instances.length === 0) instances.push(undefined);
    return instances.map((one): [string, InstanceStatus | undefined] => [job, one]);
  });
  for (const row of rows) say(formatStatus(...row));
  tell({ jobs: rows.map((row) => statusAsData(...row)), problems });
  problems.forEach(complain);
  if (change === "Restart") {
    // A pattern is for those that run.
    const named = jobs.filter((job) => words.includes(job) && isDown(before.get(job)!));
    for (const job of named) {
      complain(
        `${printable(job)} was not running, so it is not restarted; \`initctl start ${
          printable(job)
        }' starts it`,
      );
    }
  }
  return problems.length > 0 ? 1 : 0;
}

/** True where there is nothing that could be restarted. */
function isDown(instances: readonly InstanceStatus[]): boolean {
  return instances.every(({ goal }) => goal === "stop");
}

/** What is asked of each job. */
interface Requested {
  client: Client;
  /** `KEY=VALUE` strings. */
  environment: string[];
  wait: boolean;
  isForced: boolean;
}

/** What is done with a job that has these instances. */
const CHANGES: Readonly<
  Record<JobChange, (request: Requested, job: string, instances: InstanceStatus[]) => Promise<unknown>>
> = {
  async Start({ client, environment, wait }, job) {
    try {
      await client.call(jobPath(job), JOB_INTERFACE, "Start", "asb", [environment, wait]);
    } catch (error) {
      if (!(error as Error).name.endsWith(".Error.AlreadyStarted")) throw error;
    }
  },
  Stop: ({ client, wait, isForced }, job, instances) =>
    Promise.all(
      instances.filter(({ goal }) => goal !== "stop" || isForced).map(({ name }) =>
        isForced
          ? client.call(MANAGER_PATH, ROUSE_INTERFACE, "ForceStop", "asasb", [[job, name], [], wait])
          : changeInstance(client, job, name, "Stop", wait)
      ),
    ),
  Restart: ({ client, wait }, job, instances) =>
    Promise.all(
      instances.filter(({ goal }) => goal !== "stop")
        .map(({ name }) => changeInstance(client, job, name, "Restart", wait)),
    ),
};

function changeInstance(client: Client, job: string, instance: string, change: JobChange, wait: boolean) {
  return client.call(instancePath(job, instance), INSTANCE_INTERFACE, change, "b", [wait]);
}

async function instancesOf(client: Client): Promise<Instances> {
  return new Map(await listAll(client));
}
