/** The action `start`. */

import { LEVELS } from "../../../model/openrc/paths.ts";
import { unlessRefused } from "../../../sys/call/refused.ts";
import { writeAll } from "../../../sys/io/write_all.ts";
import { ServiceDependencies, WAIT_LIMIT } from "./dependencies.ts";
import { runService } from "./other_services.ts";
import { runByInit } from "../init_jobs/by_init.ts";
import { Abort, type ServiceRun } from "./service_run.ts";
import { requireTrust, tellCarriageReturns } from "./shell.ts";

/** Starts a service behind those that it depends on. @throws {Abort} where it does not start. */
export async function start(run: ServiceRun): Promise<void> {
  const { service: { name }, messages } = run;
  requireTrust(run, "start");
  tellCarriageReturns(run);
  if (run.isDryRun) messages.openInfo("start:");
  else await begin(run);
  const dependencies = run.withDependencies ? await ServiceDependencies.load(run) : undefined;
  if (dependencies) await startNeeded(run, dependencies);
  if (run.isDryRun) writeAll(1, ` ${name}\n`);
  else await finish(run, dependencies);
}

/** Takes the service for this process, and notes that it is starting. */
async function begin(run: ServiceRun): Promise<void> {
  const { states, service: { name, script }, state, inBackground } = run;
  if (inBackground) {
    if (state !== "inactive" && state !== "stopped") throw new Abort(1);
    if (run.says("IN_HOTPLUG")) states.setMark(name, script, "hotplugged");
    if (run.runlevel === LEVELS.sysinit) {
      run.giveUp(`WARNING: ${name} will be started in the next runlevel`);
    }
  }
  takeLock(
    run,
    () =>
      run.giveUp(
        state === "stopping" ? `WARNING: ${name} is stopping` : `WARNING: ${name} is already starting`,
      ),
  );
  await awaitOrphan(run);
  if (state === "started") run.giveUp(`WARNING: ${name} has already been started`, 0);
  if (state === "inactive" && !inBackground) {
    run.giveUp(`WARNING: ${name} has already started, but is inactive`);
  }
  run.note("starting");
}

/** Takes the lock. @param onHeld Called where another process has it */
export function takeLock(run: ServiceRun, onHeld: () => never): void {
  const { lock, service: { name } } = run;
  const isTaken = unlessRefused(() => lock.take(), (error) => {
    if (["EACCES", "EPERM", "EROFS"].includes(error.code)) run.fail(`${name}: superuser access required`);
    run.fail(`${name}: ${error.message}`);
  });
  if (!isTaken) onHeld();
}

/** Waits for the script of a caller that was killed: another action beside it would meet it half-way. */
export async function awaitOrphan(run: ServiceRun): Promise<void> {
  const { lock, messages, service: { name } } = run, orphan = lock.script;
  if (orphan === undefined) return;
  messages.warn(`${name}: waiting for its script, whose caller was killed: process ${orphan}`);
  if (await lock.awaitOrphan(WAIT_LIMIT)) return;
  // What state the service is in, nobody knows.
  lock.release();
  run.fail(`ERROR: ${name}: its script still runs, whose caller was killed: end process ${orphan} first`);
}

/** Starts what the service depends on, and waits for it. */
async function startNeeded(run: ServiceRun, dependencies: ServiceDependencies): Promise<void> {
  const { service: { name }, states, messages } = run;
  if (dependencies.broken.length > 0) {
    run.fail(`ERROR: ${name} needs service(s) ${dependencies.broken.join(", ")}`);
  }
  // Openrc has each of them fail at once, for it starts none on behalf of another.
  const circle = states.isEntering ? undefined : dependencies.circle;
  if (circle !== undefined) run.fail(`ERROR: ${name} cannot start. ${circle}`);
  const [needed = [], wanted = [], used = []] = dependencies.orders(
    ["ineed"],
    ["ineed", "iwant"],
    ["ineed", "iwant", "iuse"],
  );
  if (!states.isEntering) await startStopped(run, used);
  if (run.isDryRun) return;
  const inactive: string[] = [];
  for (const other of dependencies.order("ineed", "iwant", "iuse", "iafter")) {
    if (states.state(other) === "started") continue;
    const isAsked = [needed, wanted, used].some((services) => services.includes(other));
    // One that was inactive, and comes up again, is none of this service's business.
    if (states.state(other) === "starting" && states.is("wasinactive", other) && !isAsked) continue;
    if (await dependencies.wait(other) === "takes long") {
      messages.error(`${name}: timed out waiting for ${other}`);
    }
    const state = states.state(other);
    if (state === "started" || !needed.includes(other)) continue;
    if (state === "inactive" || states.is("wasinactive", other)) inactive.push(other);
    else if (inactive.length === 0) {
      run.fail(`ERROR: cannot start ${name} as ${other} would not start`);
    }
  }
  if (inactive.length > 0) startLater(run, dependencies, inactive);
}

/** Starts those of the services that are stopped, or whose change was abandoned: one after another, or all at once. */
async function startStopped(run: ServiceRun, services: readonly string[]): Promise<void> {
  const starts: Promise<void>[] = [];
  for (const other of services) {
    if (run.states.state(other) !== "stopped" && !run.states.isAbandoned(other)) continue;
    if (run.isDryRun) writeAll(1, ` ${other}`);
    else if (run.isParallel) starts.push(runService(run, other, "start"));
    else await runService(run, other, "start");
  }
  await Promise.all(starts);
}

/** Has the service start when others have that are inactive for now. */
function startLater(run: ServiceRun, { tree }: ServiceDependencies, inactive: readonly string[]): never {
  const { states, service: { name, script } } = run;
  run.note("stopped");
  for (const other of inactive) {
    for (const one of [other, ...tree.related(other, "iprovide")]) states.schedule(name, script, one);
  }
  run.giveUp(`WARNING: ${name} will start when ${inactive.join(", ")} has started`);
}

/** Runs the script, and what waits for the service. */
async function finish(run: ServiceRun, dependencies: ServiceDependencies | undefined): Promise<void> {
  const { service: { name }, states } = run;
  const status = await inBackground(run, () => runByInit(run, "start"));
  if (run.state === "inactive") run.giveUp(`WARNING: ${name} has started, but is inactive`);
  if (status !== 0) run.fail(`ERROR: ${name} failed to start`);
  if (!run.isNoted) run.note("started");
  else if (run.state === "stopped") run.fail(`ERROR: ${name} was set to stopped while it was starting`);
  run.lock.release();
  for (const one of [name, ...dependencies?.provided ?? []]) {
    for (const other of states.scheduledBy(one)) {
      if (states.state(other) === "stopped") await runService(run, other, "start");
    }
  }
}

/** Does something with the script, which alone is told that it is called from the background. */
export async function inBackground<Result>(run: ServiceRun, action: () => Promise<Result>): Promise<Result> {
  const { environment, background } = run;
  if (background !== undefined) environment["IN_BACKGROUND"] = background;
  try {
    return await action();
  } finally {
    delete environment["IN_BACKGROUND"];
  }
}
