/** A slot: the memory for one child that is started while this process goes on. */

import { dirname } from "node:path";
import { AT_FDCWD, close, O_CLOEXEC, pipe, write } from "../io/descriptors.ts";
import type { Epoll } from "../io/epoll.ts";
import { E2BIG, ENOSYS } from "../call/errno.ts";
import { CloneTable } from "../call/clone_table.ts";
import { call, kernel, required } from "../call/kernel.ts";
import { PreparedChild, type SpawnDescription, type SpawnOutcome, type SpawnResult } from "./spawn.ts";

/** A request for a child, and the function to call with the result. */
export interface SpawnRequest {
  description: SpawnDescription;
  done: (result: SpawnResult) => void;
  /** When it was made, in ms. */
  since: number;
  /** Called with the child's pid before the child does anything; again for another child, which a shell runs. */
  onFork?: ((pid: number) => void) | undefined;
}

/** The room for a child's passing data, mostly its environment, in bytes. For more data there is {@link spawn}. */
const PASSED_SIZE = 48 << 10;

/** What opens the gate of a child. */
const OPEN = Uint8Array.of(1);

/** Gates to be opened, by their writing ends. */
let shut: number[] = [];

/** Opens a gate together with those of all that are started at the same time: none of these is ahead of the others. */
function openSoon(gate: number): void {
  if (shut.push(gate) > 1) return;
  setImmediate(() => {
    const gates = shut;
    shut = [];
    for (const one of gates) write(one, OPEN);
    for (const one of gates) close(one);
  });
}

const CLONE_PARENT_SETTID = 0x100000;

/** False once the kernel has said that it cannot make a process in a control group: it can from Linux 5.7 on. */
let hasClone3 = true;

/** True for the errors of a kernel that has no clone3(2), or a shorter one. */
function isTooOld(result: number): boolean {
  return result === -ENOSYS || result === -E2BIG;
}

/** Opens the directory of the control group that a child is to enter; a negative number when there is none, or not just one. */
function openGroup({ cgroups: [file, ...others] = [] }: SpawnDescription): number {
  const O_PATH = 0o10000000;
  if (file === undefined || others.length > 0) return -1;
  return call("openat", AT_FDCWD, dirname(file), O_PATH | O_CLOEXEC);
}

/**
 * Holds one child at a time. The child runs beside this process, in its memory and on its stack, which the table does not
 * touch. It alone has the writing end of a pipe, which is closed by execve(2), or when it ends.
 */
export class SpawnSlot {
  readonly #memory = kernel();
  readonly #child = new PreparedChild(this.#memory.region(PASSED_SIZE));
  /** The address of the child's pid. The result of clone(2) is of no use: the child overwrites it with its own. */
  readonly #pid = this.#memory.keep(8);
  readonly #table = new CloneTable(this.#pid);
  /** The description that the child's table was made from, and whether the child was to be made in its control group. */
  #described: { description: SpawnDescription; isInGroup: boolean } | undefined;
  #reader = -1;
  /** The request for the child; undefined when there is no child. */
  request: SpawnRequest | undefined;
  /** When the child was made, in ms. */
  since = 0;

  /** The reading end of the pipe. It hangs up when the child has executed its program, or has ended. */
  get reader(): number {
    return this.#reader;
  }

  /** The child's pid, or −errno. */
  get pid(): number {
    return this.#memory.word(this.#pid) || this.#table.result;
  }

  /**
   * Makes a child, and adds its pipe to `pipes`.
   * @throws {SystemError} E2BIG, EMFILE, ENOMEM … when there is no child.
   */
  fill(request: SpawnRequest, pipes: Epoll): void {
    const { onFork } = request;
    if (!onFork) return this.#fill(request, request.description, pipes);
    const gate = pipe(), { reader, writer } = gate;
    try {
      this.#fill(request, { ...request.description, gate }, pipes);
      if (this.pid > 0) onFork(this.pid);
    } finally {
      close(reader);
      openSoon(writer);
    }
  }

  #fill(request: SpawnRequest, description: SpawnDescription, pipes: Epoll): void {
    const { reader, writer } = openPipe(description.descriptors);
    try {
      pipes.add(reader);
      this.#memory.setWord(this.#pid, 0);
      if (this.#makeInGroup(description, writer)) close(writer);
      else this.#make(description, writer);
    } catch (error) {
      pipes.remove(reader);
      close(reader);
      close(writer);
      throw error;
    }
    this.#reader = reader;
    this.request = request;
    this.since = performance.now();
  }

  /** Makes the child, and closes the writing end. */
  #make(description: SpawnDescription, writer: number): void {
    this.#describe(description, writer, false);
    this.#table.clone(this.#child.flags | CLONE_PARENT_SETTID, this.#child.entry, writer);
  }

  /**
   * Makes the child in its control group. False where there is none, or that fails, for whatever reason: then the child is to
   * enter the group itself, and tells why it cannot.
   */
  #makeInGroup(description: SpawnDescription, writer: number): boolean {
    const group = hasClone3 ? openGroup(description) : -1;
    if (group < 0) return false;
    try {
      this.#describe(description, writer, true);
    } catch (error) {
      close(group);
      throw error;
    }
    this.#table.cloneInto(group, this.#child.flags | CLONE_PARENT_SETTID, this.#child.entry);
    if (this.pid < 0) hasClone3 = !isTooOld(this.pid);
    return this.pid > 0;
  }

  /** Describes the child. One is often followed by another of the same description, as when it is respawned. */
  #describe(description: SpawnDescription, writer: number, isInGroup: boolean): void {
    const child = this.#child, before = this.#described;
    if (before && before.isInGroup === isInGroup && isSame(before.description, description)) {
      return child.repeat(writer);
    }
    this.#described = undefined;
    child.describe(description, writer, isInGroup ? "cgroups" : undefined);
    this.#described = { description, isInGroup };
  }

  /** Frees the slot and gives the child's outcome. Call this when the pipe has hung up. */
  empty(): SpawnOutcome {
    const outcome = this.#child.outcome(this.pid, this.#reader);
    close(this.#reader);
    this.request = undefined;
    return outcome;
  }
}

function isSame(one: SpawnDescription, other: SpawnDescription): boolean {
  // Most differ in their environments, which are compared faster.
  return one.environment.every((pair, index) => pair === other.environment[index]) &&
    JSON.stringify(one) === JSON.stringify(other);
}

/** A pipe whose writing end has a number that the child has no other use for. */
function openPipe(descriptors: SpawnDescription["descriptors"]): { reader: number; writer: number } {
  const { reader, writer } = pipe();
  if (!(writer in descriptors)) return { reader, writer };
  const F_DUPFD_CLOEXEC = 1030, free = Math.max(...Object.keys(descriptors).map(Number)) + 1;
  const moved = call("fcntl", writer, F_DUPFD_CLOEXEC, free);
  close(writer);
  if (moved < 0) close(reader);
  return { reader, writer: required("move a descriptor", moved) };
}
