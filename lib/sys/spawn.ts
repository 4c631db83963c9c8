/** Starting processes: a child described as data, compiled to a table of system calls and run between vfork and execve. */

import { ChildTable, type FailedRow } from "./child_table.ts";
import type { SpawnDescription, SpawnResult, SpawnStep } from "./description.ts";
import {
  E2BIG,
  EACCES,
  ENODEV,
  ENOENT,
  ENOEXEC,
  ENOTDIR,
  errnoMessage,
  errnoName,
  SystemError,
} from "./errno.ts";
import { call } from "./kernel.ts";
import { PLAN } from "./steps.ts";

export type { SpawnDescription, SpawnFailure, SpawnResult, SpawnStep } from "./description.ts";

/** Starts a process. It returns once the child executes its program, or has failed to. Nothing is left of a failed child. */
export function spawn(description: SpawnDescription): SpawnResult {
  try {
    const result = attempt(description);
    if (!("unrecognized" in result)) return result;
    // As execvp(3) does: a file of no known format is a script for the shell.
    const argv = ["/bin/sh", result.unrecognized, ...description.argv.slice(1)];
    const second = attempt({ ...description, argv });
    return "unrecognized" in second ? failure("execute", ENOEXEC) : second;
  } catch (error) {
    if (error instanceof SystemError && error.errno === E2BIG) return failure("execute", E2BIG);
    throw error;
  }
}

function failure(step: SpawnStep, errno: number): SpawnResult {
  const message = `unable to ${step}: ${errnoMessage(errno)}`;
  return { failed: { step, errno, code: errnoName(errno), message } };
}

const SIGCHLD = 17, CLONE_VM = 0x100, CLONE_VFORK = 0x4000;

/** Errors after which execvp(3) tries the next directory of PATH. */
const PASSED_OVER = [ENOENT, EACCES, ENOTDIR, ENODEV];

/** One attempt to run the first of the program's paths that can be run. Names the file that has no known format. */
function attempt(description: SpawnDescription): SpawnResult | { unrecognized: string } {
  const table = new ChildTable();
  for (const [step, add] of PLAN) {
    table.step = step;
    add(table, description);
  }
  table.step = "execute";
  const argv = table.vector(description.argv), environment = table.vector(description.environment);
  const paths = candidates(description);
  for (const path of paths) table.add("execve", [path, argv, environment], { tolerated: PASSED_OVER });

  const pid = table.run(description.stopped ? SIGCHLD : CLONE_VM | CLONE_VFORK | SIGCHLD);
  if (pid < 0) return failure("fork", -pid);
  const failed = decisive(table.failed());
  if (!failed) return { pid };
  discard(pid);
  if (failed.errno === ENOEXEC) return { unrecognized: paths[failed.index]! };
  return failure(failed.step, failed.errno);
}

/** The paths to try, in order: the program itself, or its name in each directory of PATH (execvp(3)). */
function candidates({ argv: [name = ""], environment }: SpawnDescription): string[] {
  if (name.includes("/") || name === "") return [name];
  const path = environment.findLast((pair) => pair.startsWith("PATH="))?.slice("PATH=".length) ??
    "/bin:/usr/bin";
  return path.split(":").map((directory) => directory === "" ? name : `${directory}/${name}`);
}

/**
 * The failure to report. When none of several paths would do, one that must not be executed counts more than
 * those that do not exist.
 */
function decisive(failed: FailedRow[]): FailedRow | undefined {
  const last = failed.at(-1);
  const forbidden = last?.tolerated &&
    failed.find(({ step, errno }) => step === "execute" && errno === EACCES);
  return forbidden || last;
}

/** Reaps a child that failed before execve and is exiting. */
function discard(pid: number): void {
  const P_PID = 1, WEXITED = 4;
  call("waitid", P_PID, pid, 0, WEXITED);
}
