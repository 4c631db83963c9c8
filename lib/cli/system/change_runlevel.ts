/** The change of the runlevel: its record and its event (runlevel(7)). */

import process from "node:process";
import { MANAGER_INTERFACE, MANAGER_PATH } from "../../control/names.ts";
import { connectToSystem } from "../../control/client/system.ts";
import { RUNLEVEL_EVENT } from "../../model/init_events.ts";
import { recordRunlevel } from "../../sys/utmp/accounting.ts";
import { recordedRunlevel, runlevelOfEnvironment } from "../../sys/utmp/records.ts";

/** Calls a method of the system's init. */
export async function callSystem(member: string, signature = "", values: unknown[] = []): Promise<void> {
  const client = await connectToSystem(process.env);
  try {
    await client.call(MANAGER_PATH, MANAGER_INTERFACE, member, signature, values);
  } finally {
    client.close();
  }
}

/** The present runlevel. `N` when it is not known. */
export function presentRunlevel(environment: Record<string, string | undefined>): string {
  try {
    return (runlevelOfEnvironment(environment) ?? recordedRunlevel())?.runlevel ?? "N";
  } catch {
    return "N"; // There are no records.
  }
}

/**
 * Records the change, and emits `runlevel RUNLEVEL=… PREVLEVEL=…` with more variables behind. Does not wait for the jobs
 * that this starts and stops, because the caller is often among those.
 */
export async function changeRunlevel(
  runlevel: string,
  environment: Record<string, string | undefined>,
  more: string[] = [],
): Promise<void> {
  const previous = presentRunlevel(environment);
  const variables = [`RUNLEVEL=${runlevel}`, `PREVLEVEL=${previous}`, ...more];
  // Recorded first: the event may bring the system down.
  recordRunlevel(runlevel, previous);
  await callSystem("EmitEvent", "sasb", [RUNLEVEL_EVENT, variables, false]);
}
