/**
 * Services that are jobs of the running init: the work of a script is done by a process of init's then, for whoever asks. So
 * init knows what becomes of the service, and follows its daemon.
 */

import { existsSync } from "node:fs";
import { socketPath, SYSTEM_FILE_ADDRESS } from "../../../control/names.ts";
import type { ServiceRun } from "../run/service_run.ts";
import { runActions } from "../run/shell.ts";

/** What changes a service. */
export type ServiceChange = "start" | "stop";

/** The module that asks init. It is loaded only where one listens. */
type Asking = typeof import("./ask_init.ts");

/** True where a system's init listens that is ours, as far as can be told at once. */
export function hasInit(): boolean {
  return existsSync(socketPath(SYSTEM_FILE_ADDRESS));
}

/** That module, where init may have the service as a job; not for init's own processes. */
async function asking({ isForInit }: ServiceRun): Promise<Asking | undefined> {
  if (isForInit || !hasInit()) return undefined;
  return await import("./ask_init.ts");
}

/**
 * Has the script start or stop the service: by init, where it is a job of init's, else in a shell of this process.
 * @returns the exit status.
 */
export async function runByInit(run: ServiceRun, action: ServiceChange): Promise<number> {
  const init = await asking(run);
  run.isNoted = false;
  return await init?.change(run, action) ?? await runActions(run, action);
}

/** True where one of these services is a job of init's. */
export async function haveJobs(services: readonly ServiceRun["service"][]): Promise<boolean> {
  if (!hasInit()) return false;
  const { areJobs } = await import("./ask_init.ts");
  return await areJobs(services);
}

/** True where the service is a job of init's. */
export async function hasJob(run: ServiceRun): Promise<boolean> {
  const init = await asking(run);
  return await init?.isJob(run) ?? false;
}

/** The service counts as stopped from now on: for init, too. What runs of it goes on. */
export async function forgetJob(run: ServiceRun): Promise<void> {
  const init = await asking(run);
  await init?.forget(run);
}
