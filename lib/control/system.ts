/** Finding the system's init. */

import process from "node:process";
import { type Client, connect as connectTo } from "./client.ts";
import { socketPath, spareAddresses, SYSTEM_ADDRESS, SYSTEM_FILE_ADDRESS } from "./names.ts";

/**
 * Connects to the system's init, wherever it listens. Rejects with the reason why there is no connection to its
 * usual address.
 */
export async function connectToSystem(
  environment: Record<string, string | undefined>,
  connect = connectTo,
): Promise<Client> {
  try {
    return await connect(SYSTEM_ADDRESS);
  } catch (error) {
    for (const address of [SYSTEM_FILE_ADDRESS, ...spareAddresses(environment, process.geteuid?.() ?? 0)]) {
      if (!await isOwn(address)) continue;
      const client = await connect(address).catch(() => undefined);
      if (client) return client;
    }
    throw error;
  }
}

/** True when nobody but this user and root can have put a socket file there. */
async function isOwn(address: string): Promise<boolean> {
  // Loaded here, for hardly ever does a client look at files.
  const { statSync } = await import("node:fs");
  const path = socketPath(address);
  const directory = statSync(path.slice(0, path.lastIndexOf("/")), { throwIfNoEntry: false });
  return directory !== undefined && [0, process.geteuid?.()].includes(directory.uid);
}
