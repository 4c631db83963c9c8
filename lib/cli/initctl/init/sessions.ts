/** The command list-sessions: the user's sessions, as their inits have recorded them. */

import { Buffer } from "node:buffer";
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Invocation } from "../command.ts";

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The command list-sessions. @throws {Error} where the user has no directory for them. */
export function listSessions(
  { environment: { XDG_RUNTIME_DIR }, say, inform, tell, isTerminal }: Invocation,
): void {
  if (!XDG_RUNTIME_DIR) {
    const why = isTerminal(2) ? ": XDG_RUNTIME_DIR, below which it is, is not set" : "";
    throw new Error(`Unable to query session directory${why}`);
  }
  const directory = join(XDG_RUNTIME_DIR, "upstart", "sessions");
  let files: string[] = [];
  try {
    files = readdirSync(directory);
  } catch {
    // There is no such directory before the first session.
  }
  const sessions: Array<{ pid: number; address: string }> = [];
  for (const file of files) {
    const pid = /^(\d+)\.session$/.exec(file)?.[1];
    if (pid === undefined) continue;
    const path = join(directory, file);
    if (!isRunning(Number(pid))) {
      inform(`Ignoring stale session file: ${path}`);
      continue;
    }
    const text = readOwn(path);
    if (text === undefined) inform(`Ignoring foreign session file: ${path}`);
    const address = /^UPSTART_SESSION=(.+)/.exec(text ?? "")?.[1];
    if (address === undefined) continue;
    say(`${Number(pid)} ${address}`);
    sessions.push({ pid: Number(pid), address });
  }
  tell({ sessions });
}

/** The longest file that is read, in bytes. */
const LONGEST = 4096;

/** The text of a file that belongs to the caller. Undefined for anything else, such as a link. Never blocks on a pipe. */
function readOwn(path: string): string | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const status = fstatSync(descriptor);
    if (!status.isFile() || status.uid !== process.geteuid?.()) return undefined;
    const bytes = Buffer.alloc(LONGEST);
    return bytes.toString("utf8", 0, readSync(descriptor, bytes));
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
