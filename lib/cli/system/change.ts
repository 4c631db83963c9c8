/** Changing the runlevel: the event that tells everybody (runlevel(7)). */

import { type Client, connect } from "../../control/client.ts";
import { MANAGER_INTERFACE, MANAGER_PATH, SYSTEM_ADDRESS, SYSTEM_FILE_ADDRESS } from "../../control/names.ts";
import { recordedRunlevel, runlevelOfEnvironment } from "./records.ts";

/** Connects to the system's init. Rejects with the reason why there is no connection. */
export async function connectToSystem(): Promise<Client> {
  try {
    return await connect(SYSTEM_ADDRESS);
  } catch (error) {
    return await connect(SYSTEM_FILE_ADDRESS).catch(() => Promise.reject(error));
  }
}

/** Calls a method of the system's init that takes these values. */
export async function callSystem(member: string, signature = "", values: unknown[] = []): Promise<void> {
  const client = await connectToSystem();
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
 * Emits `runlevel RUNLEVEL=… PREVLEVEL=…`, with more variables behind. Nobody has ever waited for what follows:
 * whoever changes the runlevel is often stopped by it.
 */
export async function changeRunlevel(
  runlevel: string,
  environment: Record<string, string | undefined>,
  more: string[] = [],
): Promise<void> {
  const variables = [`RUNLEVEL=${runlevel}`, `PREVLEVEL=${presentRunlevel(environment)}`, ...more];
  await callSystem("EmitEvent", "sasb", ["runlevel", variables, false]);
}
