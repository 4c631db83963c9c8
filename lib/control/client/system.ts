/** The search for the system's init. */

import process from "node:process";
import { BusyError, type Client, connect as connectTo } from "./client.ts";
import {
  socketPath,
  spareAddresses,
  SYSTEM_ADDRESS,
  SYSTEM_FILE_ADDRESS,
  SYSTEM_PRIVATE_ADDRESS,
} from "../names.ts";
import { isFault } from "../../sys/call/fault.ts";
import { UntrustedError } from "./server_identity.ts";

/**
 * Connects to the system's init, wherever it listens.
 *
 * @param warn Is given a line about each address where somebody listens who is not to be believed.
 * @throws {Error} with the reason why there is no connection to the usual address.
 */
export async function connectToSystem(
  environment: Record<string, string | undefined>,
  connect = connectTo,
  warn: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
): Promise<Client> {
  const uid = process.geteuid?.() ?? 0, isRoot = uid === 0;
  try {
    // Others may crowd at the usual address; root has one of its own.
    return await connect(SYSTEM_ADDRESS, undefined, isRoot ? 0 : undefined);
  } catch (error) {
    const untrusted = error instanceof UntrustedError ? [error.message] : [];
    const others = [
      ...isRoot ? [SYSTEM_PRIVATE_ADDRESS] : [],
      SYSTEM_FILE_ADDRESS,
      ...spareAddresses(environment, uid),
    ];
    for (const address of others) {
      const client = await attempt(address, connect, untrusted);
      if (!client) continue;
      untrusted.forEach(warn);
      return client;
    }
    if (error instanceof BusyError) return await connect(SYSTEM_ADDRESS);
    const { message } = error as Error;
    throw new Error([message, ...untrusted.filter((other) => other !== message)].join("; "));
  }
}

/** The same; undefined where no init answers, or none that is to be believed. */
export async function connectIfThere(
  environment: Record<string, string | undefined>,
  warn?: (line: string) => void,
): Promise<Client | undefined> {
  try {
    return await connectToSystem(environment, connectTo, warn);
  } catch (error) {
    if (isFault(error)) throw error;
    return undefined;
  }
}

/** Connects to a socket file, if there is one and it is an init's; what is somebody else's is added to `untrusted`. */
async function attempt(
  address: string,
  connect: typeof connectTo,
  untrusted: string[],
): Promise<Client | undefined> {
  // Loaded here, for hardly ever does a client look at files.
  const { untrustedWriterAt } = await import("../../sys/access/trust.ts");
  const path = socketPath(address);
  try {
    const whose = untrustedWriterAt(path.slice(0, path.lastIndexOf("/")));
    if (whose === undefined) return await connect(address);
    untrusted.push(`Failed to connect to socket ${path}: ${whose}`);
  } catch (error) {
    if (error instanceof UntrustedError) untrusted.push(error.message);
  }
}
