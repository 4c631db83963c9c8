/** start, stop, restart, reload, status, list. */

import { CallError, type Client } from "../control/client.ts";
import {
  INSTANCE_INTERFACE,
  JOB_INTERFACE,
  jobPath,
  MANAGER_INTERFACE,
  MANAGER_PATH,
  ROUSE_INTERFACE,
} from "../control/names.ts";
import { type CommandGroup, type Invocation, noWait } from "./command.ts";
import { UsageError } from "./options.ts";
import { formatStatus, type InstanceStatus } from "./status.ts";

/** The job that a command is about; `instance` is there when it is the one that the command runs in. */
interface Subject {
  client: Client;
  name: string;
  /** Where the job is expected, until it has been called. */
  path: string;
  instance?: string;
}

/** The job named by the first argument, or else by the environment that init gives to a job's processes. */
async function subject({ args, environment, client }: Invocation): Promise<Subject> {
  const { UPSTART_JOB, UPSTART_INSTANCE } = environment;
  const name = args[0] ?? (UPSTART_INSTANCE === undefined ? undefined : UPSTART_JOB);
  if (name === undefined) throw new UsageError("missing job name");
  const job = { client: await client(), name, path: jobPath(name) };
  return args[0] === undefined ? { ...job, instance: UPSTART_INSTANCE! } : job;
}

/**
 * Calls a method of a job; gives the first value of the reply. Only when the job is not where it is expected is init
 * asked for it: Upstart escapes what is not ASCII in a way of its own.
 */
async function callJob(job: Subject, member: string, signature: string, body: unknown[]): Promise<unknown> {
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

function isUnknownMethod(error: unknown): boolean {
  return error instanceof CallError && error.isUnknownMethod;
}

/** The path of the instance that the arguments choose, or that the command runs in. */
async function instanceOf(job: Subject, args: string[]): Promise<string> {
  const found = job.instance === undefined
    ? await callJob(job, "GetInstance", "as", [args.slice(1)])
    : await callJob(job, "GetInstanceByName", "s", [job.instance]);
  return found as string;
}

/** The status to print; an instance that is gone is a job that has stopped. Rejects when the job itself has gone. */
async function statusOf({ client, name, path }: Subject, instance: string): Promise<string> {
  const properties = propertiesOf(client, instance);
  properties.catch(() => {}); // Told of below, unless the job has gone, which counts more.
  try {
    await client.get(path, JOB_INTERFACE, "name");
  } catch (error) {
    if (isUnknownMethod(error)) throw new Error(`Unknown job: ${name}`);
    throw error;
  }
  return formatStatus(name, await properties);
}

async function propertiesOf(client: Client, instance: string): Promise<InstanceStatus | undefined> {
  try {
    // All interfaces' properties: rouse's own are among them.
    return await client.getAll(instance, "") as unknown as InstanceStatus;
  } catch (error) {
    if (isUnknownMethod(error)) return undefined;
    throw error;
  }
}

/** Starts, stops or restarts, then prints the status. */
function change(member: "Start" | "Stop" | "Restart") {
  return async (invocation: Invocation) => {
    const { args, has, say } = invocation;
    const job = await subject(invocation);
    job.client.silence();
    if (job.instance !== undefined) {
      const instance = await instanceOf(job, args);
      // A job that waited for itself would wait for ever.
      await job.client.call(instance, INSTANCE_INTERFACE, member, "b", [false]);
      return say(await statusOf(job, instance));
    }
    // Stop does not tell which instance it stops, but why there is none is told better by who looks for it.
    const chosen = member === "Stop" ? instanceOf(job, args) : undefined;
    const done = callJob(job, member, "asb", [args.slice(1), !has("no-wait")]);
    done.catch(() => {});
    const stopped = await chosen, started = await done;
    say(await statusOf(job, stopped ?? started as string));
  };
}

async function reload(invocation: Invocation): Promise<void> {
  const job = await subject(invocation);
  await job.client.call(await instanceOf(job, invocation.args), INSTANCE_INTERFACE, "Reload");
}

async function status(invocation: Invocation): Promise<void> {
  const job = await subject(invocation);
  let instance: InstanceStatus | undefined, problem = "";
  try {
    [instance, problem] = await findStatus(job, invocation.args);
  } catch (error) {
    if (!isUnknownMethod(error)) throw error;
    instance = await findInstance(job, invocation.args);
  }
  invocation.say(formatStatus(job.name, instance));
  if (problem !== "") {
    invocation.complain(`The last good definition of ${job.name} stays in force: ${problem}`);
  }
}

/** The instance, if it runs, and what is wrong with the job's file, in one answer, which only rouse gives. */
async function findStatus(
  { client, name, instance }: Subject,
  args: string[],
): Promise<[InstanceStatus | undefined, problem: string]> {
  const body = [instance === undefined ? [name] : [name, instance], args.slice(1)];
  const [rows, problem] = await client.call(MANAGER_PATH, ROUSE_INTERFACE, "GetStatus", "asas", body);
  const [row] = rows as Row[];
  return [row && statusOfRow(row), problem as string];
}

/** The same instance by Upstart's own means. */
async function findInstance(job: Subject, args: string[]): Promise<InstanceStatus | undefined> {
  try {
    return await propertiesOf(job.client, await instanceOf(job, args));
  } catch (error) {
    const stopped = error instanceof CallError && error.is("UnknownInstance");
    if (!stopped || job.instance !== undefined || args.length > 1) throw error;
  }
}

/** An instance as rouse tells of it. */
type Row = [name: string, goal: string, state: string, processes: InstanceStatus["processes"], note?: string];

function statusOfRow([name, goal, state, processes, note = ""]: Row): InstanceStatus {
  return { name, goal, state, processes, note };
}

type JobList = Array<[name: string, instances: InstanceStatus[]]>;

/** All jobs in one answer, which only rouse gives. */
async function listAll(client: Client): Promise<JobList> {
  const [jobs] = await client.call(MANAGER_PATH, ROUSE_INTERFACE, "ListAll");
  return (jobs as Array<[string, Row[]]>).map(([name, rows]) => [name, rows.map(statusOfRow)]);
}

/** All jobs by Upstart's own means: a call for each job and each instance, sent without waiting in between. */
async function listEach(client: Client): Promise<JobList> {
  const [paths] = await client.call(MANAGER_PATH, MANAGER_INTERFACE, "GetAllJobs");
  const rows = await Promise.all((paths as string[]).map(async (path): Promise<JobList> => {
    try {
      // Upstart's paths do not always tell the name: it escapes what is not ASCII in a way of its own.
      const [[instances], name] = await Promise.all([
        client.call(path, JOB_INTERFACE, "GetAllInstances"),
        client.get(path, JOB_INTERFACE, "name"),
      ]);
      const all = await Promise.all(
        (instances as string[]).map((instance) => propertiesOf(client, instance)),
      );
      return [[name as string, all.filter((one) => one !== undefined)]];
    } catch (error) {
      if (isUnknownMethod(error)) return []; // Gone in the meantime.
      throw error;
    }
  }));
  return rows.flat();
}

async function list(invocation: Invocation): Promise<void> {
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

const JOB_ARGUMENTS = "JOB [KEY=VALUE]...";

const INSIDE = "Without JOB, inside a job's own process, the command is about that job's instance.";

/** The commands that deal with jobs. */
export const jobCommands = (): CommandGroup => ({
  title: "Job",
  commands: [
    {
      name: "start",
      arguments: JOB_ARGUMENTS,
      summary: "Start job.",
      help:
        "Starts an instance of JOB. The variables go into the environment of its processes, and those that " +
        `its instance name mentions tell which instance it is.\n\n${INSIDE}`,
      options: [noWait("job to be up")],
      run: change("Start"),
    },
    {
      name: "stop",
      arguments: JOB_ARGUMENTS,
      summary: "Stop job.",
      help:
        "Stops the instance of JOB that the variables name. They are seen by its pre-stop and post-stop " +
        `processes.\n\n${INSIDE}`,
      options: [noWait("job to be down")],
      run: change("Stop"),
    },
    {
      name: "restart",
      arguments: JOB_ARGUMENTS,
      summary: "Restart job.",
      help:
        "Stops the instance of JOB that the variables name, and starts it again with the definition that it " +
        `had.\n\n${INSIDE}`,
      options: [noWait("job to be up again")],
      run: change("Restart"),
    },
    {
      name: "reload",
      arguments: JOB_ARGUMENTS,
      summary: "Send the reload signal to job.",
      help:
        `Sends HUP, or what JOB's \`reload signal' says, to the main process of the instance.\n\n${INSIDE}`,
      run: reload,
    },
    {
      name: "status",
      arguments: JOB_ARGUMENTS,
      summary: "Show the status of job.",
      help: `Prints goal, state and processes of the instance that the variables name.\n\n${INSIDE}`,
      run: status,
    },
    {
      name: "list",
      summary: "Show the status of all jobs.",
      help: "Prints a line for each instance, and one for each job that has none.",
      run: list,
    },
  ],
});
