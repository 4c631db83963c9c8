/** Finding the system's init. */

import { statSync } from "node:fs";
import { dirname } from "node:path";
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
      if (!isOwn(address)) continue;
      const client = await connect(address).catch(() => undefined);
      if (client) return client;
    }
    throw error;
  }
}

/** True when nobody but this user and root can have put a socket file there. */
function isOwn(address: string): boolean {
  const directory = statSync(dirname(socketPath(address)), { throwIfNoEntry: false });
  return directory !== undefined && [0, process.geteuid?.()].includes(directory.uid);
}
