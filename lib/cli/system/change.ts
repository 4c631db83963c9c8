/** Changing the runlevel: the event that tells everybody (runlevel(7)). */

import process from "node:process";
import { MANAGER_INTERFACE, MANAGER_PATH } from "../../control/names.ts";
import { connectToSystem } from "../../control/system.ts";
import { recordRunlevel } from "./accounting.ts";
import { recordedRunlevel, runlevelOfEnvironment } from "./records.ts";

/** Calls a method of the system's init that takes these values. */
export async function callSystem(member: string, signature = "", values: unknown[] = []): Promise<void> {
  const client = await connectToSystem(process.env);
  try {
    await client.call(MANAGER_PATH, MANAGER_INTERFACE, member, signature, values);
  } finally {
    client.close();
  }
}

/** The present runlevel, `N` when it is not known. */
export function presentRunlevel(environment: Record<string, string | undefined>): string {
  try {
    return (runlevelOfEnvironment(environment) ?? recordedRunlevel())?.runlevel ?? "N";
  } catch {
    return "N"; // There are no records yet, or never.
  }
}

/**
 * Records the change, and emits `runlevel RUNLEVEL=… PREVLEVEL=…`, with more variables behind. Nobody has ever waited for what follows:
 * whoever changes the runlevel is often stopped by it.
 */
export async function changeRunlevel(
  runlevel: string,
  environment: Record<string, string | undefined>,
  more: string[] = [],
): Promise<void> {
  const previous = presentRunlevel(environment);
  const variables = [`RUNLEVEL=${runlevel}`, `PREVLEVEL=${previous}`, ...more];
  // First: with the event, the system may go down.
  recordRunlevel(runlevel, previous);
  await callSystem("EmitEvent", "sasb", ["runlevel", variables, false]);
}
