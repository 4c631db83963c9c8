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
import { call, kernel, type Region } from "./kernel.ts";
import { addSteps } from "./steps.ts";
import { ROW_SIZE, Word } from "./stub.ts";

export type { SpawnDescription, SpawnFailure, SpawnResult, SpawnStep } from "./description.ts";

/**
 * Starts a process. It returns once the child executes its program, or has failed to. Nothing is left of a failed child.
 * Where this is not to be waited for, there is {@link Spawner}.
 */
export function spawn(description: SpawnDescription): SpawnResult {
  for (let next: SpawnDescription = description;;) {
    try {
      child ??= new Child();
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
let child: Child | undefined;

/** The failure that an error thrown while a child was prepared means. Throws what is no error of the system. */
export function failureOf(error: unknown): SpawnResult {
  if (!(error instanceof SystemError)) throw error;
  return failure(error.errno === E2BIG ? "execute" : "fork", error.errno);
}

function failure(step: SpawnStep, errno: number): SpawnResult {
  const message = `unable to ${step}: ${errnoMessage(errno)}`;
  return { failed: { step, errno, code: errnoName(errno), message } };
}

const SIGCHLD = 17, CLONE_VM = 0x100, CLONE_VFORK = 0x4000;

/** Errors after which execvp(3) tries the next directory of PATH. */
const PASSED_OVER = [ENOENT, EACCES, ENOTDIR, ENODEV];

/** How an attempt went. A file of no known format is to be given to the shell, as execvp(3) does: `next`. */
export type Outcome = SpawnResult | { next: SpawnDescription };

/** A child that is being started, one after the other. */
export class Child {
  readonly #table: ChildTable;
  #description: SpawnDescription | undefined;
  #paths: string[] = [];

  /** What the child is passed lies in the region; without one it is to be started at once. */
  constructor(region?: Region) {
    this.#table = new ChildTable(region);
  }

  /**
   * Makes its table. One with memory of its own writes into the pipe what it failed at. Throws SystemError (E2BIG) for
   * more than there is room for.
   */
  describe(description: SpawnDescription, pipe = NO_PIPE): void {
    const table = this.#table;
    this.#description = description;
    this.#paths = candidates(description);
    table.fill(pipe, () => {
      addSteps(table, description);
      table.step = "execute";
      const argv = table.vector(description.argv), environment = table.vector(description.environment);
      for (const path of this.#paths) {
        table.add("execve", [path, argv, environment], { tolerated: PASSED_OVER });
      }
    });
  }

  /** Makes its table ready for another child of the same description, where nothing else was passed meanwhile. */
  repeat(pipe: number): void {
    this.#table.refill(pipe);
  }

  /** The address of its first row. */
  get entry(): number {
    return this.#table.entry;
  }

  /** What clone(2) is to be told where the child is waited for. */
  get waitFlags(): number {
    return this.#description?.stopped ? SIGCHLD : CLONE_VM | CLONE_VFORK | SIGCHLD;
  }

  /** What clone(2) is to be told where it is not. */
  get flags(): number {
    return this.#hasOwnMemory ? SIGCHLD : CLONE_VM | SIGCHLD;
  }

  /** All processes that share memory have the same oom score, but for a child that is waited for (proc(5)). */
  get #hasOwnMemory(): boolean {
    return this.#description?.stopped || this.#description?.oomScore !== undefined;
  }

  /**
   * What has come of it; `pid` is what clone(2) returned, and `pipe` where it has written into a pipe. To be asked once
   * it is past execve, or has ended.
   */
  outcome(pid: number, pipe = NO_PIPE): Outcome {
    if (pid < 0) return failure("fork", -pid);
    if (pipe !== NO_PIPE && this.#hasOwnMemory && !this.#description?.stopped) this.#table.receive(pipe);
    const failed = decisive(this.#table.failed());
    if (!failed) return { pid };
    discard(pid);
    const { argv: [, ...rest], ...description } = this.#description!;
    const path = this.#paths[failed.index]!;
    if (failed.errno === ENOEXEC && path !== SHELL) {
      return { next: { ...description, argv: [SHELL, path, ...rest] } };
    }
    return failure(failed.step, failed.errno);
  }
}

const SHELL = "/bin/sh", NO_PIPE = -1;

/**
 * Makes the child and waits until it is past execve. Its pid, or −errno. Signals are blocked meanwhile, so that no
 * handler of this process runs in the child.
 */
function runNow({ entry, waitFlags }: Child): number {
  const SIG_SETMASK = 2, SIGNAL_SET_SIZE = 8;
  const memory = kernel();
  // What the child is passed must not be forgotten yet.
  const first = memory.room(4 * ROW_SIZE), all = memory.room(8), old = memory.room(8);
  const [block, clone, unblock, end] = [0, 1, 2, 3].map((place) => first + place * ROW_SIZE);
  memory.setWord(all, -1);
  memory.row(block!, "rt_sigprocmask", [SIG_SETMASK, all, old, SIGNAL_SET_SIZE]);
  memory.row(clone!, "clone", [waitFlags], { zero: entry });
  memory.row(unblock!, "rt_sigprocmask", [SIG_SETMASK, old, 0, SIGNAL_SET_SIZE]);
  memory.endRow(end!);
  memory.run(block!);
  return memory.word(clone! + 8 * Word.result);
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

/** Reaps a child that failed before execve and is exiting. Does nothing when somebody has. */
function discard(pid: number): void {
  const P_PID = 1, WEXITED = 4;
  call("waitid", P_PID, pid, 0, WEXITED);
}
