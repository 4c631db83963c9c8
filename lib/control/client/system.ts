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
import { isFirstProcessOfThisProgram, isOfThisNamespace, UntrustedError } from "./server_identity.ts";

/**
 * Connects to the system's init, wherever it listens: the init of this process's PID namespace goes first. Containers may
 * share the network, where the usual address is one for all of them, and directories such as /tmp, where others listen
 * that have no other place. An init outside of the namespace is taken at the addresses of a system alone, and not where
 * process 1 is an init that does not listen yet: what is said to it must not get to another one.
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
  const untrusted: string[] = [], failures: Error[] = [];
  let outside: Client | undefined;
  try {
    // Others may crowd at the usual address; root has one of its own.
    const client = await connect(SYSTEM_ADDRESS, undefined, isRoot ? 0 : undefined);
    if (!isOutside(client)) return client;
    outside = client;
  } catch (error) {
    failures.push(error as Error);
    if (error instanceof UntrustedError) untrusted.push(error.message);
  }
  const files = [...isRoot ? [SYSTEM_PRIVATE_ADDRESS] : [], SYSTEM_FILE_ADDRESS];
  for (const address of [...files, ...spareAddresses(environment, uid)]) {
    const client = await attempt(address, connect, untrusted);
    if (!client) continue;
    const isSystems = files.includes(address);
    if (!isOutside(client) && (isSystems || await isOfThisNamespace(client.server))) {
      outside?.close();
      untrusted.forEach(warn);
      return client;
    }
    if (!outside && isSystems) outside = client;
    else client.close();
  }
  const [failure] = failures;
  if (failure instanceof BusyError) outside ??= await connect(SYSTEM_ADDRESS);
  if (outside && (!isOutside(outside) || !await isFirstProcessOfThisProgram())) {
    untrusted.forEach(warn);
    return outside;
  }
  outside?.close();
  const message = failure?.message ?? `Failed to connect to socket ${usualPath()}: ${NOT_YET}`;
  throw new Error([message, ...untrusted.filter((other) => other !== message)].join("; "));
}

/** Why an init that answers is not asked. */
const NOT_YET = "the init of another container listens there, and this one's does not listen yet";

const usualPath = () => socketPath(SYSTEM_ADDRESS).replace("\0", "");

/** True for an init that has no process number in this process's PID namespace. */
function isOutside({ server }: Client): boolean {
  return server === 0;
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
