/** Processes as /proc shows them. */

import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import process from "node:process";

/**
 * Words before a command that begins namespaces: it is killed when the thread that has started it ends, however that
 * comes about, and with it all that is in the namespaces (`unshare --kill-child`).
 */
export const WITH_PARENT: readonly string[] = ["setpriv", "--pdeathsig", "KILL"];

/** The numbers of all processes. */
export function allProcesses(): number[] {
  return numbersIn("/proc");
}

/** The entries of a folder that are numbers; none when it is not there. */
export function numbersIn(folder: string): number[] {
  try {
    return readdirSync(folder).filter((name) => /^\d+$/.test(name)).map(Number);
  } catch {
    return [];
  }
}

/** A file of a process below /proc; empty when the process has gone or is someone else's. */
export function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}

/** The letter of proc(5)'s process state, e.g. `Z` for a zombie; undefined when there is no such process. */
export function stateOf(pid: number): string | undefined {
  return /^State:\s+(\w)/m.exec(procFile(pid, "status"))?.[1];
}

/**
 * True once a process runs another program than unshare, which has begun it, or the shell that prepares what unshare has
 * made. Before that it may still have the root and the file systems of outside, and whoever enters them is outside.
 */
export function hasBegun(pid: number, isShell = false): boolean {
  try {
    const program = readlinkSync(`/proc/${pid}/exe`);
    return !(isShell ? /\/unshare$/ : /\/(unshare|\w*sh)$/).test(program);
  } catch {
    return false;
  }
}

/** The parent of a process; NaN when there is no such process. */
export function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)/m.exec(procFile(pid, "status"))?.[1]);
}

/** True while a process runs or sleeps; a zombie is not alive. */
export function isAlive(pid: number): boolean {
  const state = stateOf(pid);
  return state !== undefined && state !== "Z" && state !== "X";
}

/** The children of a process. */
export function childrenOf(pid: number): number[] {
  return numbersIn(`/proc/${pid}/task`)
    .flatMap((thread) => procFile(pid, `task/${thread}/children`).split(" ")).filter(Boolean).map(Number);
}

/** The children of a process, their children, and so on. */
export function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

/** Live processes, other than this one, with the text in their environment or in their command line. */
export function processesNaming(text: string): number[] {
  return allProcesses().filter((pid) => isNaming(pid, text));
}

function isNaming(pid: number, text: string): boolean {
  // What costs the kernel most is asked last: there are many processes, and few that are named.
  return pid !== process.pid &&
    (procFile(pid, "environ").includes(text) || procFile(pid, "cmdline").includes(text)) &&
    isAlive(pid);
}

/** True for a child that has been started and has not ended: until then its number is no other's. */
export function isRunning(child: ChildProcess | undefined): child is ChildProcess & { pid: number } {
  return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/**
 * Sends a signal; that the process has gone already is no error.
 * @throws {Error} when the number is not a process's: 0, as of a pid file that is empty, would be this process and its group.
 */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  if (!(pid > 0)) throw new Error(`unable to send ${signal}: ${pid} is not the number of a process`);
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/**
 * Kills a process and all that descends from it, and waits for their ends: none makes a file in a directory that is then
 * removed. It is halted first, so that it starts nothing meanwhile.
 */
export function killTree(pid: number): void {
  sendSignal(pid, "SIGSTOP");
  const all = [pid, ...descendantsOf(pid)];
  for (const one of all) sendSignal(one, "SIGKILL");
  waitUntil(() => !all.some(isAlive));
}

/** Kills all processes with the text in their environment or command line, until there are none. */
export function killNaming(text: string): void {
  waitUntil(() => {
    let isFound = false;
    for (const pid of allProcesses()) {
      if (!isNaming(pid, text)) continue;
      // At once: the number of a process that has ended meanwhile would be another's.
      sendSignal(pid, "SIGKILL");
      isFound = true;
    }
    return !isFound;
  });
}

/** Has this thread sleep until something is true, for 10 s at most: whoever cleans up need not tell of what is not. */
function waitUntil(isTrue: () => boolean): void {
  const deadline = performance.now() + 10_000, sleeper = new Int32Array(new SharedArrayBuffer(4));
  while (!isTrue() && performance.now() < deadline) Atomics.wait(sleeper, 0, 0, 2);
}

/** What ps(1) would show of some processes, a line each, for messages of failed tests. */
export function describe(pids: number[]): string {
  return pids.map((pid) => `${pid} ${stateOf(pid)} ${procFile(pid, "cmdline").replaceAll("\0", " ")}`).join(
    "\n",
  );
}
