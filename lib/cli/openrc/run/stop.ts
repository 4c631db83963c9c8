/** The action `stop`. */

import { isInLevel } from "../../../config/openrc/levels.ts";
import { LEVELS } from "../../../model/openrc/paths.ts";
import { writeAll } from "../../../sys/io/write_all.ts";
import { ServiceDependencies } from "./dependencies.ts";
import { runService } from "./other_services.ts";
import { runByInit } from "../init_jobs/by_init.ts";
import { Abort, type ServiceRun } from "./service_run.ts";
import { requireTrust } from "./shell.ts";
import { awaitOrphan, inBackground, takeLock } from "./start.ts";

/**
 * Stops a service behind those that need it.
 * @returns false where it is stopped already.
 * @throws {Abort} where it does not stop.
 */
export async function stop(run: ServiceRun): Promise<boolean> {
  const { service: { name }, messages, states } = run;
  requireTrust(run, "stop");
  const wasInactive = states.is("wasinactive", name);
  if (run.isDryRun) messages.openInfo("stop:");
  else if (!await begin(run)) return false;
  if (run.withDependencies && !wasInactive) await stopNeeding(run);
  if (run.isDryRun) writeAll(1, ` ${name}\n`);
  else await finish(run);
  return true;
}

/** Takes the service for this process, and notes that it is stopping; false where it is stopped. */
async function begin(run: ServiceRun): Promise<boolean> {
  const { service: { name }, states, state, messages } = run;
  if (states.isLeaving && states.is("failed", name)) throw new Abort(1);
  if (run.inBackground && state !== "started" && state !== "inactive") throw new Abort(1);
  takeLock(run, () => {
    if (state === "stopping") run.giveUp(`WARNING: ${name} is already stopping`);
    run.fail(`ERROR: ${name} stopped by something else`);
  });
  await awaitOrphan(run);
  if (state === "stopped") {
    messages.warn(`WARNING: ${name} is already stopped`);
    return false;
  }
  run.note("stopping");
  if (!states.isLeaving) {
    const level = [LEVELS.sysinit, LEVELS.boot].find((one) => isInLevel(name, one));
    if (level !== undefined) messages.warn(`WARNING: you are stopping a ${level} service`);
  }
  return true;
}

/** Stops what needs the service, and waits for what is stopping and comes before it. */
async function stopNeeding(run: ServiceRun): Promise<void> {
  const { service: { name, script }, states } = run;
  const dependencies = await ServiceDependencies.load(run);
  const stopped = await stopUp(run, dependencies, dependencies.order("needsme").reverse());
  if (run.isDryRun) return;
  for (const other of stopped) {
    if (states.state(other) === "stopped") continue;
    await dependencies.wait(other);
    if (states.state(other) === "stopped") continue;
    if (states.isLeaving) {
      // A machine that goes down does so, whatever does not stop.
      if (run.runlevel === LEVELS.shutdown || run.runlevel === LEVELS.single) continue;
      states.setMark(name, script, "failed");
    }
    run.fail(`ERROR: cannot stop ${name} as ${other} is still up`);
  }
  for (const other of dependencies.order("needsme", "wantsme", "usesme")) {
    if (states.state(other) !== "stopped") await dependencies.wait(other);
  }
}

/** Stops those of the services that are up, or whose change was abandoned. Gives those for which that was tried. */
async function stopUp(
  run: ServiceRun,
  dependencies: ServiceDependencies,
  services: readonly string[],
): Promise<string[]> {
  const { states } = run;
  const isUp = (service: string) =>
    ["started", "inactive"].includes(states.state(service)) || states.isAbandoned(service);
  const tried: string[] = [], stops: Promise<void>[] = [];
  for (const other of services) {
    if (states.isLeaving && states.is("failed", other) || !isUp(other)) continue;
    if (run.isDryRun) {
      writeAll(1, ` ${other}`);
      continue;
    }
    await dependencies.wait(other);
    if (!isUp(other)) continue;
    tried.push(other);
    const end = runService(run, other, "stop");
    if (run.isParallel) stops.push(end);
    else await end;
  }
  await Promise.all(stops);
  return tried;
}

async function finish(run: ServiceRun): Promise<void> {
  const { service: { name }, environment } = run;
  // What the shell would load for a language may lie on a file system that is to be unmounted.
  if (name === "localmount") environment["LC_ALL"] = "C";
  if (await inBackground(run, () => runByInit(run, "stop")) !== 0) {
    run.fail(`ERROR: ${name} failed to stop`);
  }
  if (!run.isNoted) run.note(run.inBackground ? "inactive" : "stopped");
}
