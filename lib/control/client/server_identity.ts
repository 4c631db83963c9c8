/** The check of a server's identity: nobody but an init must get to know what clients say. */

import process from "node:process";
import { close, peerCredentials } from "../../sys/io/descriptors.ts";

/** Somebody listens at the address who is no init that this user may believe. */
export class UntrustedError extends Error {}

/**
 * Checks that who listens at the other end of a socket is root, this user, or the user of process 1. The kernel tells
 * who called listen(2).
 *
 * @returns the process's number, as this process's namespace has it; 0 where it has none.
 * @throws {UntrustedError} when it is somebody else; the socket is closed then.
 */
export async function verifyServer(socket: number, path: string): Promise<number> {
  const { pid, uid } = peerCredentials(socket);
  if (uid === 0 || uid === process.geteuid?.() || uid === await userOfFirstProcess()) return pid;
  close(socket);
  throw new UntrustedError(
    `Failed to connect to socket ${path.replace("\0", "")}: process ${pid} of user ${uid} listens there, ` +
      "who is neither root nor you, so it is not asked",
  );
}

async function userOfFirstProcess(): Promise<number | undefined> {
  // Loaded here, for hardly ever is it somebody else.
  const { statSync } = await import("node:fs");
  try {
    return statSync("/proc/1").uid;
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return undefined; // No /proc, or one that hides others' processes.
  }
}

/** True for a process of this process's PID namespace. One below has a number here, too; who cannot be looked at counts as one. */
export async function isOfThisNamespace(pid: number | undefined): Promise<boolean> {
  const { readlinkSync } = await import("node:fs");
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`) === readlinkSync("/proc/self/ns/pid");
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return true;
  }
}

/** True where process 1 is another process of this program, as far as this user can see: the init that is to listen. */
export async function isFirstProcessOfThisProgram(): Promise<boolean> {
  if (process.pid === 1) return false;
  const { statSync } = await import("node:fs");
  try {
    const [first, own] = ["1", "self"].map((name) => statSync(`/proc/${name}/exe`));
    return first!.dev === own!.dev && first!.ino === own!.ino;
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return false; // It is somebody else's, or there is no /proc.
  }
}
