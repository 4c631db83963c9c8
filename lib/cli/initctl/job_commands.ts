/** The commands on jobs: start, stop, restart, reset, reload, status, list. */

import { CallError, type Client } from "../../control/client/client.ts";
import {
  INSTANCE_INTERFACE,
  JOB_INTERFACE,
  jobPath,
  MANAGER_INTERFACE,
  MANAGER_PATH,
  ROUSE_INTERFACE,
  ROUSE_JOB_INTERFACE,
} from "../../control/names.ts";
import { COLOUR, type Option } from "../../model/command_line/options.ts";
import { type CommandGroup, type Invocation, JOBS, LONG, noWait, OTHER_INIT } from "./command.ts";
import { exitCodeOf, exitCodeOfError } from "./screens/exit_code.ts";
import { UsageError } from "../../model/command_line/usage_error.ts";
import { formatStatus, type InstanceStatus, statusAsData } from "../../control/status.ts";
import { type JobList, listAll, statusOfRow, type StatusRow } from "./job_list.ts";
import { type AskedChange, type JobChange, patiently, tellFailure } from "./patience.ts";

/** The job that a command is about. */
interface TargetJob {
  client: Client;
  name: string;
  /** Its object path. Until it has been called for the first time, this is where rouse has the job. */
  path: string;
  /** The name of the instance in which the command runs, when no job is named. */
  instance?: string;
}

/** The job that the first argument names, or else the environment variables of a job's process. */
async function targetJob({ args, environment, client }: Invocation): Promise<TargetJob> {
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
async function callJob(job: TargetJob, member: string, signature: string, body: unknown[]): Promise<unknown> {
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

/** The path of the instance that the arguments name, or in which the command runs. */
async function instanceOf(job: TargetJob, args: string[]): Promise<string> {
  const found = job.instance === undefined
    ? await callJob(job, "GetInstance", "as", [args.slice(1)])
    : await callJob(job, "GetInstanceByName", "s", [job.instance]);
  return found as string;
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

async function propertiesOf(client: Client, instance: string): Promise<InstanceStatus | undefined> {
  try {
    // The empty name stands for all interfaces, rouse's own among them.
    return await client.getAll(instance, "") as unknown as InstanceStatus;
  } catch (error) {
    if (isUnknownMethod(error)) return undefined;
    throw error;
  }
}

/** A command that starts, stops or restarts a job, then prints its status. */
function change(member: JobChange) {
  return async (invocation: Invocation) => {
    const { args, has } = invocation;
    if (has("jobs")) return (await screens()).changeSeveral(invocation, member);
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

async function reset(invocation: Invocation): Promise<void> {
  await callRouse(await targetJob(invocation), invocation.args, "Reset", "asas", []);
}

/** Calls one of rouse's own methods, which take the job, and its instance by its name or else by an environment. */
function callRouse(
  { client, name, instance }: TargetJob,
  args: string[],
  member: string,
  signature: string,
  more: unknown[],
): Promise<unknown[]> {
  const body = [instance === undefined ? [name] : [name, instance], args.slice(1), ...more];
  return client.call(MANAGER_PATH, ROUSE_INTERFACE, member, signature, body);
}

async function reload(invocation: Invocation): Promise<void> {
  const job = await targetJob(invocation);
  await job.client.call(await instanceOf(job, invocation.args), INSTANCE_INTERFACE, "Reload");
}

async function status(invocation: Invocation): Promise<number | void> {
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

/** What is shown beyond Upstart's. It is not loaded before it is needed. */
const screens = () => import("./screens/screens.ts");

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

/** Options of ps, and of list. */
const TABLE_OPTIONS: Option[] = [
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
const LIST_OPTIONS: Option[] = [LONG, JOBS, ...TABLE_OPTIONS];

async function list(invocation: Invocation): Promise<number | void> {
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
async function ps(invocation: Invocation): Promise<number> {
  const shown = await (await screens()).showList(invocation, true);
  if (shown === undefined) {
    throw new Error(`Unable to list processes: ${OTHER_INIT}; list tells the main ones`);
  }
  return shown;
}

const JOB_ARGUMENTS = "JOB [KEY=VALUE]...";

const INSIDE = "Without JOB, inside a job's own process, the command is about that job's instance.";

/** The commands under the heading "Job". */
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
      options: [noWait("job to be up"), JOBS],
      examples: ["initctl start web", "initctl start tty N=1"],
      run: change("Start"),
    },
    {
      name: "stop",
      arguments: JOB_ARGUMENTS,
      summary: "Stop job.",
      help:
        "Stops the instance of JOB that the variables name. They are seen by its pre-stop and post-stop " +
        `processes.\n\nWith --force, which is rouse's own, whatever runs of it is killed at once, a hook that hangs among it.\n\n${INSIDE}`,
      options: [
        noWait("job to be down"),
        { short: "f", long: "force", help: "wait for nothing: kill whatever runs of the job" },
        JOBS,
      ],
      examples: ["initctl stop web", "initctl stop --jobs 'web*' api"],
      run: change("Stop"),
    },
    {
      name: "restart",
      arguments: JOB_ARGUMENTS,
      summary: "Restart job.",
      help:
        "Stops the instance of JOB that the variables name, and starts it again with the definition that it " +
        `had.\n\n${INSIDE}`,
      options: [noWait("job to be up again"), JOBS],
      examples: ["initctl restart web"],
      run: change("Restart"),
    },
    {
      name: "reset",
      arguments: JOB_ARGUMENTS,
      summary: "Forget the failures of job, or its success.",
      help:
        "Forgets how often the instance of JOB has failed, and that JOB has succeeded, if it is a task. A respawn that " +
        `is delayed begins at once. The command is rouse's own.\n\n${INSIDE}`,
      examples: ["initctl reset web"],
      run: reset,
    },
    {
      name: "reload",
      arguments: JOB_ARGUMENTS,
      summary: "Send the reload signal to job.",
      help:
        `Sends HUP, or what JOB's \`reload signal' says, to the main process of the instance.\n\n${INSIDE}`,
      examples: ["initctl reload web"],
      run: reload,
    },
    {
      name: "status",
      arguments: JOB_ARGUMENTS,
      summary: "Show the status of job.",
      help: `Prints goal, state and processes of the instance that the variables name.\n\n${INSIDE}`,
      options: [
        LONG,
        JOBS,
        { long: "exit-code", help: "exit with 3 where it is not up, and with 4 where there is no such job" },
        COLOUR,
      ],
      examples: ["initctl status --long web", "initctl status tty N=1"],
      isListing: true,
      run: status,
    },
    {
      name: "list",
      summary: "Show the status of all jobs.",
      help: "Prints a line for each instance, and one for each job that has none.",
      options: LIST_OPTIONS,
      examples: ["initctl list --failed", "initctl list --jobs 'web*' --sort memory"],
      isListing: true,
      run: list,
    },
    {
      name: "ps",
      arguments: "[JOB]...",
      summary: "Show what runs.",
      help:
        "Shows the instances that have processes, with what these take: of all jobs, or of those that are named, also by " +
        "patterns such as 'web*'. The command is rouse's own.",
      options: TABLE_OPTIONS,
      examples: ["initctl ps", "initctl ps 'web*' --watch"],
      isListing: true,
      run: ps,
    },
  ],
});
