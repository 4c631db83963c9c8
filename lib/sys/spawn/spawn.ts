/** The start of a child process: a description becomes a table of system calls, which the child runs until execve(2). */

import { ChildTable, type FailedRow } from "./child_table.ts";
import type { SpawnDescription, SpawnFailure, SpawnResult, SpawnStep } from "./description.ts";
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
} from "../call/errno.ts";
import { CloneTable } from "../call/clone_table.ts";
import { call, type MemoryRegion } from "../call/kernel.ts";
import { causeOf, ProgramFile } from "./refusals.ts";
import { addSteps, subjectOf } from "./steps.ts";

export type { SpawnDescription, SpawnFailure, SpawnResult, SpawnStep } from "./description.ts";

/**
 * Starts a process. Blocks until the child executes its program, or has failed to. Nothing is left of a failed child.
 * {@link SpawnQueue} does it without blocking.
 */
export function spawn(description: SpawnDescription): SpawnResult {
  for (let next: SpawnDescription = description;;) {
    try {
      child ??= new PreparedChild();
      child.describe(next);
      const outcome = child.outcome(runNow(child));
      if (!("next" in outcome)) return outcome;
      next = outcome.next;
    } catch (error) {
      return failureOf(error);
    }
  }
}

/** The child that {@link spawn} starts. */
let child: PreparedChild | undefined;

/** The result for an error that was thrown while a child was prepared. */
export function failureOf(error: unknown): SpawnResult {
  if (!(error instanceof SystemError)) {
    return {
      failed: { step: "fork", errno: 0, code: "", message: "internal error", subject: "", fault: error },
    };
  }
  return failure(error.errno === E2BIG ? "execute" : "fork", error.errno);
}

function failure(step: SpawnStep, errno: number, subject = "", cause = causeOf(step, errno)): SpawnResult {
  const message = `unable to ${step}: ${errnoMessage(errno)}`;
  return { failed: { step, errno, code: errnoName(errno), message, subject, ...(cause && { cause }) } };
}

const SIGCHLD = 17, CLONE_VM = 0x100, CLONE_VFORK = 0x4000;

/** Errors after which execvp(3) tries the next directory of PATH. */
const PASSED_OVER = [ENOENT, EACCES, ENOTDIR, ENODEV];

/** The outcome of an attempt. `next`: the file has no known format, and is to be run by the shell, as execvp(3) does. */
export type SpawnOutcome = SpawnResult | { next: SpawnDescription };

/** A child with its table. It can be used for one child after another. */
export class PreparedChild {
  readonly #table: ChildTable;
  #description: SpawnDescription | undefined;
  #paths: string[] = [];

  /**
   * @param region Memory for passing data; without it, the child must be started before the next system call
   * @param inPlace There is no child: this process is to become the program
   */
  constructor(region?: MemoryRegion, inPlace = false) {
    this.#table = new ChildTable(region, inPlace);
  }

  /**
   * Makes the table. A child with memory of its own writes its results into the pipe when it fails.
   * @param done See {@link addSteps}
   * @throws {SystemError} E2BIG when there is no room.
   */
  describe(description: SpawnDescription, pipe = NO_PIPE, done?: keyof SpawnDescription): void {
    const table = this.#table;
    this.#description = description;
    this.#paths = candidates(description);
    table.fill(pipe, () => {
      addSteps(table, description, done);
      table.step = "execute";
      const argv = table.vector(description.argv), environment = table.vector(description.environment);
      for (const path of this.#paths) {
        table.add("execve", [path, argv, environment], { tolerated: PASSED_OVER });
      }
    });
  }

  /** Prepares the table for another child of the same description. The region must hold the passing data still. */
  repeat(pipe: number): void {
    this.#table.refill(pipe);
  }

  /** The address of the table's first row. */
  get entry(): number {
    return this.#table.entry;
  }

  /** The same without the rows that set all signals to their defaults. */
  get first(): number {
    return this.#table.first;
  }

  /** The flags of clone(2) for a child that is waited for. */
  get waitFlags(): number {
    return this.#description?.stopped ? SIGCHLD : CLONE_VM | CLONE_VFORK | SIGCHLD;
  }

  /** The flags of clone(2) for a child that is not waited for. */
  get flags(): number {
    return this.#hasOwnMemory ? SIGCHLD : CLONE_VM | SIGCHLD;
  }

  /** Processes that share memory have the same oom score, except for a child of vfork(2) (proc_pid_oom_score_adj(5)). */
  get #hasOwnMemory(): boolean {
    return this.#description?.stopped || this.#description?.oomScore !== undefined;
  }

  /**
   * The outcome. Call this when the child has executed its program, or has ended.
   * @param pid The result of clone(2); 0 where there was no child
   * @param pipe The reading end of the pipe that {@link describe} was given
   */
  outcome(pid: number, pipe = NO_PIPE): SpawnOutcome {
    if (pid < 0) return failure("fork", -pid);
    if (pipe !== NO_PIPE && this.#hasOwnMemory && !this.#description?.stopped) this.#table.receive(pipe);
    const failed = decisive(this.#table.failed());
    if (!failed) return { pid };
    if (pid > 0) discard(pid);
    const description = this.#description!;
    if (failed.step !== "execute") {
      return failure(failed.step, failed.errno, subjectOf(failed.step, description));
    }
    const { errno, index } = failed, name = programOf(description), [, ...rest] = description.argv;
    const files = this.#paths.map((path) => new ProgramFile(path, description));
    // A file that exists may lack its interpreter. If there is none, the last path is as good as any other.
    const file = errno === ENOENT && files.find((file) => file.exists) || files[index]!;
    if (errno === ENOEXEC && file.path !== SHELL && !file.isBinary) {
      return { next: { ...description, program: SHELL, argv: [SHELL, file.path, ...rest] } };
    }
    if (errno === ENOENT && file.path !== name && !file.exists) {
      return failure(
        "execute",
        errno,
        ` ${name}`,
        `it is in no directory of PATH, ${searchPath(description)}`,
      );
    }
    return failure("execute", errno, ` ${file.path}`, file.refusal(errno));
  }
}

const SHELL = "/bin/sh", NO_PIPE = -1;

/** The table that {@link spawn} makes its child by. */
let cloneTable: CloneTable | undefined;

/** Makes the child and blocks until it has executed its program, or has ended. Gives its pid, or −errno. */
function runNow({ entry, waitFlags }: PreparedChild): number {
  cloneTable ??= new CloneTable();
  cloneTable.clone(waitFlags, entry);
  return cloneTable.result;
}

function programOf({ argv: [first = ""], program }: SpawnDescription): string {
  return program ?? first;
}

/** The paths to try, in order: the program itself, or its name in each directory of PATH (execvp(3)). */
function candidates(description: SpawnDescription): string[] {
  const { environment } = description, name = programOf(description);
  if (name.includes("/") || name === "") return [name];
  return searchPath({ environment }).split(":")
    .map((directory) => directory === "" ? name : `${directory}/${name}`);
}

function searchPath({ environment }: Pick<SpawnDescription, "environment">): string {
  return environment.findLast((pair) => pair.startsWith("PATH="))?.slice("PATH=".length) ?? "/bin:/usr/bin";
}

/** The message of a failure with the step's object and the reason; {@link SpawnFailure.message} has Upstart's words alone. */
export function explain({ step, errno, message, subject, cause }: SpawnFailure): string {
  if (errno === 0) return message;
  return `unable to ${step}${subject}: ${errnoMessage(errno)}${cause ? ` (${cause})` : ""}`;
}

/**
 * The failure to report. Of several paths in PATH, one that must not be executed counts more than those that do not
 * exist.
 */
function decisive(failed: FailedRow[]): FailedRow | undefined {
  const last = failed.at(-1);
  const forbidden = last?.tolerated &&
    failed.find(({ step, errno }) => step === "execute" && errno === EACCES);
  return forbidden || last;
}

/** Reaps a child that has failed and is exiting. Does nothing when it was reaped already. */
function discard(pid: number): void {
  const P_PID = 1, WEXITED = 4;
  call("waitid", P_PID, pid, 0, WEXITED);
}
