/** Services that are jobs of the running init: which a name means, and the actions that go through init. */

import { statSync } from "node:fs";
import process from "node:process";
import { CallError, type Client } from "../../../control/client/client.ts";
import { connectIfThere } from "../../../control/client/system.ts";
import {
  JOB_INTERFACE,
  MANAGER_INTERFACE,
  MANAGER_PATH,
  ROUSE_INTERFACE,
  ROUSE_JOB_INTERFACE,
} from "../../../control/names.ts";
import { ACTION_EXIT, actionExitIn, STATUS_EXIT, statusExitInWords } from "../../../model/sysv/lsb_exits.ts";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { isFile, SCRIPTS } from "./script.ts";

/** A job of the init that is process 1 here. */
export interface ServiceJob {
  name: string;
  client: Client;
  path: string;
  /** It is made of the init script of its name, not of a file of jobs. */
  isScript: boolean;
}

/** The result of an action: the exit status of the LSB, and a line for the user. */
export interface ActionAnswer {
  exit: number;
  line: string;
}

/** Where the processes of a service leave their numbers and their locks, by the name of the service. */
const PID_FILES = ["/run/@.pid", "/run/@/@.pid", "/var/run/@.pid"],
  LOCK_FILES = ["/var/lock/@", "/var/lock/subsys/@"];

/**
 * The job of a name. There is none where process 1 is no init that answers, or has another root directory than this
 * process: then its services are not those that are meant.
 */
export async function serviceJob(name: string): Promise<ServiceJob | undefined> {
  const client = await ownInit();
  if (!client) return undefined;
  try {
    const [path] = await client.call(MANAGER_PATH, MANAGER_INTERFACE, "GetJobByName", "s", [name]);
    return { name, client, path: path as string, isScript: await isScript(client, path as string) };
  } catch (error) {
    client.close();
    if (error instanceof CallError && error.is("UnknownJob")) return undefined;
    throw error;
  }
}

/** Has a job looked at, and ends the connection. */
export async function closing<Result>(
  found: Promise<ServiceJob | undefined>,
  look: (job: ServiceJob | undefined) => Result | Promise<Result>,
): Promise<Result> {
  const job = await found;
  try {
    return await look(job);
  } finally {
    job?.client.close();
  }
}

async function isScript(client: Client, path: string): Promise<boolean> {
  try {
    const source = await client.get(path, ROUSE_JOB_INTERFACE, "source");
    return String(source).startsWith(`${SCRIPTS}/`);
  } catch (error) {
    // Upstart has no init scripts as jobs.
    if (error instanceof CallError) return false;
    throw error;
  }
}

async function ownInit(): Promise<Client | undefined> {
  if (!hasRootOfInit()) return undefined;
  const client = await connectIfThere(process.env, () => {});
  if (client?.server === 1) return client;
  client?.close();
  return undefined;
}

/** False in a chroot, and where the kernel does not tell. */
function hasRootOfInit(): boolean {
  const [own, inits] = ["/", "/proc/1/root/"].map((path) => ifAllowed(() => statSync(path)));
  return own !== undefined && inits !== undefined && own.dev === inits.dev && own.ino === inits.ino;
}

type Action = (job: ServiceJob) => Promise<ActionAnswer>;

/** The actions of an init script that go through init, so that it knows what becomes of the service. */
const ACTIONS: Readonly<Record<string, Action>> = {
  start,
  stop,
  restart: async (job) => await change(job, "Restart", "restarted") ?? await start(job),
  "try-restart": tryRestart,
  condrestart: tryRestart,
  status,
};

/** The action of a name, if it is one that goes through init. */
export function jobAction(name: string | undefined): Action | undefined {
  return name !== undefined && Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
}

async function start(job: ServiceJob): Promise<ActionAnswer> {
  return await change(job, "Start", "started") ?? answer(job, ACTION_EXIT.success, "running already");
}

async function stop(job: ServiceJob): Promise<ActionAnswer> {
  return await change(job, "Stop", "stopped") ?? answer(job, ACTION_EXIT.success, "not running");
}

async function tryRestart(job: ServiceJob): Promise<ActionAnswer> {
  return await change(job, "Restart", "restarted") ?? answer(job, ACTION_EXIT.success, "not running");
}

function answer({ name }: ServiceJob, exit: number, words: string): ActionAnswer {
  return { exit, line: `${name}: ${words}` };
}

/** Changes a job, and waits until that is done. Undefined where there was nothing to do: it was up, or down, already. */
async function change(job: ServiceJob, member: string, done: string): Promise<ActionAnswer | undefined> {
  try {
    await job.client.call(job.path, JOB_INTERFACE, member, "asb", [[], true]);
    return answer(job, ACTION_EXIT.success, done);
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const isDone = ["AlreadyStarted", "AlreadyStopped", "UnknownInstance"].some((name) => error.is(name));
    if (isDone) return undefined;
    if (error.is("PermissionDenied")) return answer(job, ACTION_EXIT.notPermitted, error.message);
    return answer(job, actionExitIn(error.message) ?? ACTION_EXIT.failed, error.message);
  }
}

/** An instance in the answer of GetStatus. */
type Row = [name: string, goal: string, state: string, processes: Array<[string, number]>, note?: string];

async function status(job: ServiceJob): Promise<ActionAnswer> {
  const [rows] = await job.client.call(MANAGER_PATH, ROUSE_INTERFACE, "GetStatus", "asas", [[job.name], []]);
  const [row] = rows as Row[];
  if (!row) {
    const exit = exitOfStopped(job.name);
    return answer(job, exit, statusExitInWords(exit)!);
  }
  const [, goal, state, processes, note = ""] = row;
  const isUp = goal === "start" && state === "running";
  const what = isUp ? statusExitInWords(STATUS_EXIT.running)! : `${goal}/${state}`;
  const numbers = processes.map(([, pid]) => `, process ${pid}`).join("");
  return answer(
    job,
    isUp ? STATUS_EXIT.running : STATUS_EXIT.unknown,
    `${what}${numbers}${note && ` (${note})`}`,
  );
}

/** A service that is down and has left a file that says otherwise is dead. */
function exitOfStopped(name: string): number {
  const isLeft = (files: string[]) => files.some((file) => isFile(file.replaceAll("@", name)));
  if (isLeft(PID_FILES)) return STATUS_EXIT.deadWithPidFile;
  return isLeft(LOCK_FILES) ? STATUS_EXIT.deadWithLockFile : STATUS_EXIT.notRunning;
}
