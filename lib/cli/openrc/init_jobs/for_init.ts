/** The process by which init starts or stops a service that is its job. */

import process from "node:process";
import { hasCrashed } from "../../../config/openrc/daemons/crashed.ts";
import { ServiceStates } from "../../../config/openrc/states.ts";
import { INIT_VARIABLES } from "../../../model/environment.ts";
import { LEVELS } from "../../../model/openrc/paths.ts";
import { writeAll } from "../../../sys/io/write_all.ts";
import { CALLED_OFF, callOffStop, isWanted } from "./ask_init.ts";
import { JOB_VARIABLES } from "../library/mod.ts";
import type { ScriptVariables } from "../run/environment.ts";
import type { ServiceChange } from "./by_init.ts";
import { prepare } from "../run/openrc_run.ts";
import { type OpenrcService, serviceAt } from "../run/service.ts";
import { Abort, ServiceRun } from "../run/service_run.ts";
import { runActions } from "../run/shell.ts";
import { inBackground, start } from "../run/start.ts";
import { stop } from "../run/stop.ts";

/** The states in which a service is while somebody waits for its script, and how it is afterwards, if all goes well or not. */
const CHANGES = {
  start: { during: "starting", good: "started", bad: "stopped" },
  stop: { during: "stopping", good: "stopped", bad: "started" },
} as const;

/**
 * Starts or stops a service for init, or looks at what is left of that. Returns the exit status. With a status, the script has
 * run already, and has ended so.
 */
export async function main([path = "", action = "", status]: string[]): Promise<number> {
  const service = serviceAt(path);
  if (service && action === "ended") return tidyUp(service);
  if (!service || action !== "start" && action !== "stop") {
    writeAll(2, "This program is init's own\n");
    return 1;
  }
  const states = new ServiceStates(), state = states.state(service.name), lock = states.lock(service.name);
  // Then whoever holds the lock waits for this, and what the environment says is of now. Else it is of the last start.
  const isAsked = state === CHANGES[action].during && lock.isHeld;
  const run = new ServiceRun(service, isAsked ? givenVariables() : ownVariables());
  run.isForInit = true;
  const exit = status === undefined
    ? await act(run, action, isAsked)
    : await note(run, action, Number(status));
  if (exit !== 0 && action === "stop") await callOffStop(run);
  return exit;
}

/** The service is down. Of a start or stop that was killed the state is left, which nobody would change any more. */
function tidyUp({ name, script }: OpenrcService): number {
  const states = new ServiceStates(), lock = states.lock(name), state = states.state(name);
  if (state !== "starting" && state !== "stopping" || !lock.take()) return 0;
  states.setState(name, script, "stopped");
  lock.release();
  return 0;
}

/** What the script is told by whoever has asked. */
function givenVariables(): ScriptVariables {
  const given: ScriptVariables = { ...process.env };
  for (const name of [...INIT_VARIABLES, ...Object.values(JOB_VARIABLES)]) delete given[name];
  return given;
}

function ownVariables(): ScriptVariables {
  const { PATH, TERM } = process.env;
  return { PATH, TERM };
}

/** @param isAsked Somebody else notes the states, and waits for the script */
async function act(run: ServiceRun, action: ServiceChange, isAsked: boolean): Promise<number> {
  try {
    process.chdir("/");
    prepare(run);
    if (isAsked) return await runScript(run, action);
    return await (action === "start" ? startAll(run) : stopAll(run));
  } catch (error) {
    if (!(error instanceof Abort)) throw error;
    return run.state === "inactive" ? 0 : error.status;
  } finally {
    run.restore();
  }
}

/** Runs the script for whoever holds the lock. */
async function runScript(run: ServiceRun, action: ServiceChange): Promise<number> {
  return await note(run, action, await inBackground(run, () => runActions(run, action)));
}

/** Notes how the service is after its script, unless whoever has asked does. Returns the exit status. */
async function note(run: ServiceRun, action: ServiceChange, status: number): Promise<number> {
  const { during, good, bad } = CHANGES[action];
  const isStill = run.state === during;
  // Whoever has asked may have given up meanwhile, or been killed; the script may have noted a state itself. If this process
  // is killed before it is here, the state tells so. What init was told to forget is none of its services any more.
  if (status === 0 && (isStill || run.state === bad && await isWanted(run, action))) {
    run.note(run.inBackground && action === "stop" ? "inactive" : good);
  } else if (status !== 0 && isStill && run.lock.take()) {
    run.note(bad);
  }
  return status;
}

/** How long a start waits for the end of a stop that was called off, in s. */
const STOP_TIME = 60;

/** Starts the service with all that it needs, as its script does when it is called by hand. */
async function startAll(run: ServiceRun): Promise<number> {
  if (run.state === "stopping") await run.lock.wait(STOP_TIME, () => {});
  if (run.state === "started") {
    if (isSurelyUp(run)) return 0;
    // Init says that it is down: its daemon has ended.
    run.note("stopped");
  }
  await start(run);
  return 0;
}

/** True for a service whose stop was called off, and for one whose daemon is known to run. */
function isSurelyUp({ states, service: { name } }: ServiceRun): boolean {
  if (process.env[CALLED_OFF] !== undefined) return true;
  return states.daemonFiles(name).length > 0 && !hasCrashed(states, name);
}

/**
 * Stops the service behind all that needs it. There is nothing to do where it counts as stopped already, and when a machine
 * goes down: what is still up then was not to be stopped.
 */
async function stopAll(run: ServiceRun): Promise<number> {
  if (run.state !== "stopped" && run.runlevel !== LEVELS.shutdown) await stop(run);
  return 0;
}
