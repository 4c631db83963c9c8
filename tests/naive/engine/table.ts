/** The table of docs/state-machine.md, word by word, as the naive engine reads it; and what each state waits for. */

import type { InstanceProcess } from "../../../lib/model/job.ts";
import type { Instance, Job } from "./world.ts";

/** A row of the table. */
export interface Row {
  emits?: "starting" | "started" | "stopping" | "stopped";
  spawns?: InstanceProcess;
  /** `event`: its own event is finished. A process: it has ended, or, of main in `spawned`, is ready. */
  waits?: InstanceProcess | "event";
  start: string;
  stop: string;
  respawn?: string;
}

/** The rows: state, what it does on entry, what it waits for, and the next state by each goal. */
const TABLE = `
waiting            emits:stopped           -                  starting           waiting        -
starting           emits:starting          waits:event        security-spawning  stopping       -
security-spawning  spawns:security         -                  security           security       security
security           -                       waits:security     pre-starting       stopping       stopping
pre-starting       spawns:pre-start        -                  pre-start          pre-start      pre-start
pre-start          -                       waits:pre-start    spawning           stopping       stopping
spawning           spawns:main             -                  spawned            stopping       stopping
spawned            -                       waits:main         post-starting      stopping       stopping
post-starting      spawns:post-start       -                  post-start         post-start     post-start
post-start         -                       waits:post-start   running            stopping       stopping
running            emits:started           -                  stopping           pre-stopping   -
pre-stopping       spawns:pre-stop         -                  pre-stop           pre-stop       pre-stop
pre-stop           -                       waits:pre-stop     running            stopping       stopping
stopping           emits:stopping          waits:event        killed             killed         -
killed             -                       waits:main         post-stopping      post-stopping  -
post-stopping      spawns:post-stop        -                  post-stop          post-stop      -
post-stop          -                       waits:post-stop    starting           waiting        -
`;

const ROWS: Record<string, Row> = Object.fromEntries(
  TABLE.trim().split("\n").map((line) => {
    const [state = "", entry = "", waits = "", start = "", stop = "", respawn = ""] = line.split(/\s+/);
    const [what, value] = entry.split(":");
    return [state, {
      ...(what === "emits" && { emits: value as NonNullable<Row["emits"]> }),
      ...(what === "spawns" && { spawns: value as InstanceProcess }),
      ...(waits !== "-" && { waits: waits.split(":")[1] as InstanceProcess | "event" }),
      start,
      stop,
      ...(respawn !== "-" && { respawn }),
    }];
  }),
);

/** The names of the states, in the order of the table. */
const STATES = Object.keys(ROWS);

export function rowOf(state: string): Row {
  return ROWS[state]!;
}

/** True when a state is one of those from one to another. */
export function isBetween(state: string, first: string, last: string): boolean {
  const place = STATES.indexOf(state);
  return STATES.indexOf(first) <= place && place <= STATES.indexOf(last);
}

export function isUp(state: string): boolean {
  return isBetween(state, "running", "pre-stop");
}

export function isOnTheWayDown(state: string): boolean {
  return isBetween(state, "stopping", "post-stop");
}

/** True for an init script. */
export function isScript({ job }: { job: Job }): boolean {
  return job.definition.expect === "script";
}

/** True for a script whose start has succeeded, and whose service is not dead. */
export function hasStarted(instance: Instance): boolean {
  return isScript(instance) && (instance.isExpectMet || instance.job.definition.processes.main === undefined);
}

/** True for a script that is to stop, and has a start to undo: its pre-stop is next. */
export function isToUndo(instance: Instance): boolean {
  const { goal, state, isForced, pids, spawns } = instance;
  return goal !== "start" && !isForced && ["spawned", "post-start", "running"].includes(state) &&
    hasStarted(instance) && !pids.has("post-start") && !spawns.has("post-start");
}

/** True while a script does its start, which is not broken off. */
export function finishesStart(instance: Instance): boolean {
  const { state, pids, isExpectMet, isTimedOut, isForced } = instance;
  return state === "spawned" && isScript(instance) && pids.has("main") && !isExpectMet && !isTimedOut &&
    !isForced;
}

/** True when the main process runs, or the job has none. */
export function hasItsMain({ job, pids }: Instance): boolean {
  return job.definition.processes.main === undefined || pids.has("main");
}

/** True while the process that a pid file is to name is not known. */
export function awaitsFile({ job: { definition }, state, isExpectMet }: Instance): boolean {
  return definition.pidFile !== undefined && definition.expect !== "script" &&
    definition.processes.main !== undefined && state === "spawned" &&
    !isExpectMet;
}

/** True while the check of `ready` has not passed. */
export function awaitsReadiness(instance: Instance): boolean {
  return instance.job.definition.ready !== undefined && !instance.isReady && hasItsMain(instance);
}

/** What an instance waits for in its state, as a sentence; undefined when it may go on. */
export function waitOf(instance: Instance): string | undefined {
  const { state, goal, blocker, pids, spawns, job: { definition } } = instance;
  const { spawns: spawned, waits } = rowOf(state);
  if (state === "waiting" || state === "running" && goal === "start") return "its goal is reached";
  if (waits === "event" && blocker) return `the event ${blocker.name} is not finished`;
  if (spawned && spawns.has(spawned)) return `its ${spawned} process is still being started`;
  if (state === "spawned") {
    const isByFile = definition.pidFile !== undefined && definition.expect !== "script";
    if (!instance.isExpectMet && definition.expect !== "none" && pids.has("main") && !isByFile) {
      return `its main process (${pids.get("main")}) is not ready (expect ${definition.expect})`;
    }
    if (awaitsFile(instance)) return `it waits for its process: ${instance.awaitsFile}`;
    return awaitsReadiness(instance) ? `it is not ready: ${instance.unready}` : undefined;
  }
  if (waits !== undefined && waits !== "event" && pids.has(waits)) {
    return `its ${waits} process (${pids.get(waits)}) still runs`;
  }
  return state === "killed" && instance.leftovers ? "its main process has left others behind" : undefined;
}

/** True while dependencies may hold an instance: its own event is finished. */
export function mayBeHeld(instance: Instance): boolean {
  return instance.state === "starting" && instance.blocker === undefined || mayBeHeldInStop(instance);
}

/** The same for one that stops: a script before its own stop is run. */
export function mayBeHeldInStop(instance: Instance): boolean {
  return instance.state === "stopping" ? instance.blocker === undefined : isToUndo(instance);
}

/** The hook that runs. */
export function runningHook({ pids }: Instance): InstanceProcess | undefined {
  return [...pids.keys()].find((process) => process !== "main");
}

/** True while a hook runs, or anything is being spawned. */
export function isBusy(instance: Instance): boolean {
  return instance.spawns.size > 0 || runningHook(instance) !== undefined;
}

export function isStartHook(process: InstanceProcess): boolean {
  return process !== "main" && !isStopHook(process);
}

export function isStopHook(process: InstanceProcess): boolean {
  return process === "pre-stop" || process === "post-stop";
}

/** True when a main process that a hook of a start, or a start by hand, cannot do without is gone. */
export function hasLostMain(instance: Instance): boolean {
  return instance.job.definition.processes.main !== undefined && !instance.pids.has("main") &&
    !hasStarted(instance);
}

/** True when nothing runs of an instance, and its start has not begun. */
export function isGone({ state, pids, spawns }: Instance): boolean {
  return state === "waiting" || state === "starting" ||
    state === "post-stop" && pids.size + spawns.size === 0;
}
