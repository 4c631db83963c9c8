/** The action `restart`. */

import { hasJob } from "../init_jobs/by_init.ts";
import type { ServiceRun } from "./service_run.ts";
import { startAgain } from "./other_services.ts";
import { runActions } from "./shell.ts";
import { awaitOrphan, inBackground, start, takeLock } from "./start.ts";
import { stop } from "./stop.ts";

/** Stops a service, and starts it again with all that had to stop with it. @throws {Abort} where that fails. */
export async function restart(run: ServiceRun): Promise<void> {
  const { states, messages } = run;
  // Init would lose a daemon that is replaced behind its back.
  const isJob = !run.isDryRun && await hasJob(run);
  if (run.hasOwnRestart && isUp(run) && !run.isDryRun && !isJob) return await restartByScript(run);
  if (!run.withDependencies && isJob) {
    if (isUp(run)) await stop(run);
    return await start(run);
  }
  if (!run.withDependencies) {
    await runActions(run, ...isUp(run) ? ["stop", "start"] : ["start"]);
    return;
  }
  if (run.state !== "stopped") {
    run.restarted = [...states.services("started"), ...states.services("inactive")];
    await stop(run);
    if (run.isDryRun) messages.warn("Cannot calculate restart start dependencies on a dry-run");
  }
  await start(run);
  await startAgain(run);
}

function isUp({ state }: ServiceRun): boolean {
  return state === "started" || state === "inactive";
}

/** Has the script restart the service by its own function. The service is up all along, and so is what needs it. */
async function restartByScript(run: ServiceRun): Promise<void> {
  const { service: { name } } = run;
  takeLock(run, () => run.fail(`ERROR: ${name} is started or stopped by something else`));
  await awaitOrphan(run);
  const status = await inBackground(run, () => runActions(run, "restart"));
  if (status !== 0) run.fail(`ERROR: ${name} failed to restart`);
  run.lock.release();
}
