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
  const sessions = runningSessions(XDG_RUNTIME_DIR, inform);
  for (const { pid, address } of sessions) say(`${pid} ${address}`);
  tell({ sessions });
}

/** What helps who has asked for an init where none answers: each line with a newline in front of it. */
export function whereInitsAre(
  { XDG_RUNTIME_DIR, UPSTART_SESSION }: Record<string, string | undefined>,
): string {
  const sessions = XDG_RUNTIME_DIR ? runningSessions(XDG_RUNTIME_DIR) : [];
  let lines = "";
  for (const { pid, address } of sessions) {
    if (address === UPSTART_SESSION) continue;
    lines += `\nAn init of yours runs as process ${pid}: export UPSTART_SESSION=${address}`;
  }
  if (lines !== "") return lines;
  return UPSTART_SESSION
    ? "\nUPSTART_SESSION names it; without that, the system's is asked"
    : '\nOne of your own is started by: eval "$(init --user --daemon)"';
}

/** An init of a user's session. */
interface Session {
  pid: number;
  address: string;
}

/** The user's sessions whose inits run. @param inform Is told of the files of others. */
function runningSessions(runtimeDirectory: string, inform: (line: string) => void = () => {}): Session[] {
  const directory = join(runtimeDirectory, "upstart", "sessions");
  let files: string[] = [];
  try {
    files = readdirSync(directory);
  } catch {
    // There is no such directory before the first session.
  }
  const sessions: Session[] = [];
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
    if (address !== undefined) sessions.push({ pid: Number(pid), address });
  }
  return sessions;
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
