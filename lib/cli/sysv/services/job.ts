/** Services that are jobs of the running init: which a name means, and the actions that go through init. */

import { statSync } from "node:fs";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import type { StatusRow } from "../../../control/status.ts";
import { CallError, type Client } from "../../../control/client/client.ts";
import { connectIfThere } from "../../../control/client/system.ts";
import {
  JOB_INTERFACE,
  MANAGER_INTERFACE,
  MANAGER_PATH,
  ROUSE_INTERFACE,
  ROUSE_JOB_INTERFACE,
} from "../../../control/names.ts";
import {
  ACTION_EXIT,
  actionExitIn,
  PARTIAL_NOTE,
  STATUS_EXIT,
  statusExitInWords,
} from "../../../model/sysv/lsb_exits.ts";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { write } from "../../output.ts";
import { JobLog } from "./job_log.ts";
import { cleanEnvironment, runScript, SCRIPTS } from "./script.ts";
import { statusByScript } from "./script_status.ts";

/** A job of the init that is process 1 here. */
export interface ServiceJob {
  name: string;
  client: Client;
  path: string;
  /** The file that it is made of; empty where init does not say. */
  source: string;
  /** It is made of the init script of its name, not of a file of jobs. */
  isScript: boolean;
}

/** The result of an action: the exit status of the LSB, and a line for the user. */
interface ActionAnswer {
  exit: number;
  line: string;
}

/**
 * The job of a name. There is none where process 1 is no init that answers, or has another root directory than this
 * process: then its services are not those that are meant.
 */
export async function serviceJob(name: string): Promise<ServiceJob | undefined> {
  const client = await ownInit();
  if (!client) return undefined;
  let job: ServiceJob | undefined;
  try {
    return job = await jobOf(client, name);
  } finally {
    if (!job) client.close();
  }
}

/** The job of a name, where an init has one. */
export async function jobOf(client: Client, name: string): Promise<ServiceJob | undefined> {
  try {
    const [path] = await client.call(MANAGER_PATH, MANAGER_INTERFACE, "GetJobByName", "s", [name]);
    const source = await sourceOf(client, path as string);
    return { name, client, path: path as string, source, isScript: source.startsWith(`${SCRIPTS}/`) };
  } catch (error) {
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

async function sourceOf(client: Client, path: string): Promise<string> {
  try {
    return String(await client.get(path, ROUSE_JOB_INTERFACE, "source"));
  } catch (error) {
    // Upstart does not know of it.
    if (error instanceof CallError) return "";
    throw error;
  }
}

/** A connection to the init whose services are those of this process, if there is one. */
export async function ownInit(): Promise<Client | undefined> {
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

/** Undefined where init has nothing to say or to do, and the script is to be asked. */
type Action = (job: ServiceJob) => Promise<ActionAnswer | undefined>;

/** The actions of an init script that go through init, so that it knows what becomes of the service. */
const ACTIONS: Readonly<Record<string, Action>> = {
  start,
  stop: (job) => change(job, "Stop", "stopped"),
  restart,
  "try-restart": tryRestart,
  condrestart: tryRestart,
  status,
};

/** The action of a name, if it is one that goes through init. */
export function jobAction(name: string | undefined): Action | undefined {
  return name !== undefined && Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
}

async function start(job: ServiceJob): Promise<ActionAnswer> {
  const log = new JobLog(job.name);
  return await change(job, "Start", "started") ?? await startUnderWay(job, log);
}

/** How long to wait before init is asked again whether a start is done, in ms. */
const PAUSE = 100;

/** The end of a start that somebody else has asked for. What it waits for is told of, for that may take long. */
async function startUnderWay(job: ServiceJob, log: JobLog): Promise<ActionAnswer> {
  const before = await rowOf(job);
  if (isRowUp(before)) {
    return isHalfDead(job, before)
      ? await repair(job, log)
      : answer(job, ACTION_EXIT.success, "running already");
  }
  if (await isCallerComingUp(job.client)) return answer(job, ACTION_EXIT.success, "is starting already");
  let told: string | undefined;
  for (;;) {
    const row = await rowOf(job), [, goal, , , note = ""] = row;
    if (isRowUp(row)) return answer(job, ACTION_EXIT.success, "started");
    if (goal !== "start") return failure(job, note || "its start was given up", log);
    if (note !== told) write(2, `${job.name}: is starting already${note && `: ${note}`}\n`);
    told = note;
    await pause(PAUSE);
  }
}

/** True for a service that is up, and has lost its main process, of which its script says that it does not serve. */
function isHalfDead({ name, isScript }: ServiceJob, [, , , , note = ""]: StatusRow): boolean {
  return isScript && note.includes(PARTIAL_NOTE) && statusByScript(name, true).exit !== STATUS_EXIT.running;
}

/** Starts a service anew. What is left of it is stopped first: its start may take that for the service. */
async function repair(job: ServiceJob, log: JobLog): Promise<ActionAnswer> {
  const done = "started anew, for its main process was gone";
  return await change(job, "Restart", done) ?? await startUnderWay(job, log);
}

/** A script that was run by hand is restarted by itself, so that there is never a second daemon. */
async function restart(job: ServiceJob): Promise<ActionAnswer | undefined> {
  const restarted = await change(job, "Restart", "restarted");
  if (restarted || isUpByScript(job)) return restarted;
  // Its start may have failed half-way.
  runScript([`${SCRIPTS}/${job.name}`, "stop"], cleanEnvironment(process.env));
  return await start(job);
}

async function tryRestart(job: ServiceJob): Promise<ActionAnswer | undefined> {
  const restarted = await change(job, "Restart", "restarted");
  if (restarted || isUpByScript(job)) return restarted;
  return answer(job, ACTION_EXIT.success, "not running");
}

/** True where the script says that a service runs of which init knows nothing. */
function isUpByScript({ name }: ServiceJob): boolean {
  return statusByScript(name, false).exit === STATUS_EXIT.running;
}

function answer({ name }: ServiceJob, exit: number, words: string): ActionAnswer {
  return { exit, line: `${name}: ${words}` };
}

/** What went wrong, in words that may tell the exit status, and what the script has printed. */
function failure(job: ServiceJob, words: string, log: JobLog): ActionAnswer {
  const { line } = answer(job, 0, words);
  return { exit: actionExitIn(words) ?? ACTION_EXIT.failed, line: `${line}\n${log.report()}` };
}

/** Changes a job, and waits until that is done. Undefined where there was nothing to do: it was up, or down, already. */
async function change(job: ServiceJob, member: string, done: string): Promise<ActionAnswer | undefined> {
  const log = new JobLog(job.name);
  try {
    const wait = member === "Stop" || !await isCallerComingUp(job.client);
    await job.client.call(job.path, JOB_INTERFACE, member, "asb", [[], wait]);
    return answer(job, ACTION_EXIT.success, wait ? done : "is started as soon as what it waits for is up");
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const isDone = ["AlreadyStarted", "AlreadyStopped", "UnknownInstance"].some((name) => error.is(name));
    if (isDone) return undefined;
    if (error.is("PermissionDenied")) return answer(job, ACTION_EXIT.notPermitted, error.message);
    return failure(job, error.message, log);
  }
}

/** In the place of an instance that is not there. */
const DOWN: StatusRow = ["", "stop", "waiting", []];

/** True for a service that is up, as far as init knows. */
export async function isUp(job: ServiceJob): Promise<boolean> {
  return isRowUp(await rowOf(job));
}

/** True where an instance is up. */
export function isRowUp([, goal, state]: StatusRow): boolean {
  return goal === "start" && state === "running";
}

/** What init says of the only instance of a job. */
export async function rowOf({ client, name }: Pick<ServiceJob, "client" | "name">): Promise<StatusRow> {
  const [rows] = await client.call(MANAGER_PATH, ROUSE_INTERFACE, "GetStatus", "asas", [[name], []]);
  return (rows as StatusRow[])[0] ?? DOWN;
}

/** True where a job that is not up yet has called this program: what it starts may wait for that job itself. */
async function isCallerComingUp(client: Client): Promise<boolean> {
  const caller = process.env["UPSTART_JOB"];
  if (!caller) return false;
  try {
    const [, goal, state] = await rowOf({ client, name: caller });
    return goal === "start" && state !== "running";
  } catch (error) {
    if (error instanceof CallError && error.is("UnknownJob")) return false;
    throw error;
  }
}

/**
 * Of what init has no processes the script knows more, for somebody may have run it by hand; and of what has lost its main
 * process.
 */
async function status(job: ServiceJob): Promise<ActionAnswer> {
  const { name } = job, row = await rowOf(job), isRunning = isRowUp(row);
  const [, goal, state, processes, note = ""] = row;
  const isDown = goal === "stop" && state === "waiting";
  const isUnsure = processes.length === 0 || note.includes(PARTIAL_NOTE);
  if (isDown || isRunning && isUnsure) return statusByScript(name, isRunning);
  const what = isRunning ? statusExitInWords(STATUS_EXIT.running)! : `${goal}/${state}`;
  const numbers = processes.map(([, pid]) => `, process ${pid}`).join("");
  const exit = isRunning ? STATUS_EXIT.running : STATUS_EXIT.unknown;
  return { exit, line: `${name}: ${what}${numbers}${note && ` (${note})`}` };
}
