/** The sessions of a user, as their inits have recorded them. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Invocation } from "./command.ts";

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The command list-sessions. Gives the exit status. */
export function listSessions(
  { environment: { XDG_RUNTIME_DIR }, say, inform, complain }: Invocation,
): number {
  if (!XDG_RUNTIME_DIR) {
    complain("Unable to query session directory");
    return 1;
  }
  const directory = join(XDG_RUNTIME_DIR, "upstart", "sessions");
  let files: string[] = [];
  try {
    files = readdirSync(directory);
  } catch {
    // No session was ever there.
  }
  for (const file of files) {
    const pid = /^(\d+)\.session$/.exec(file)?.[1];
    if (pid === undefined) continue;
    const path = join(directory, file);
    if (!isRunning(Number(pid))) {
      inform(`Ignoring stale session file: ${path}`);
      continue;
    }
    const address = /^UPSTART_SESSION=(.+)/.exec(readSession(path))?.[1];
    if (address !== undefined) say(`${Number(pid)} ${address}`);
  }
  return 0;
}

function readSession(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
