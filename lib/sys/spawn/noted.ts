/** Children whose numbers are noted before they do anything, as a pid file must be there when a daemon looks for its own. */

import { SIGKILL } from "../../model/signals.ts";
import { CloneTable } from "../call/clone_table.ts";
import { kernel } from "../call/kernel.ts";
import { close, pipe, write } from "../io/descriptors.ts";
import { awaitDescriptor, POLLIN } from "../io/socket.ts";
import { awaitEnd, kill } from "../process/processes.ts";
import { failureOf, PreparedChild, type SpawnDescription, type SpawnResult } from "./spawn.ts";

/** The room for a child's arguments and environment, in bytes: as much as execve(2) takes of a usual process. */
const PASSED_SIZE = 2 << 20;

const CLONE_PARENT_SETTID = 0x100000;

/**
 * Starts a process. Blocks until the child executes its program, or has failed to.
 * @param note Is told the child's number, before the child does anything. Where the kernel has a file without a known format
 * run by the shell, there are two children, one after the other
 * @throws whatever `note` does: there is no child then.
 */
export function spawnNoted(description: SpawnDescription, note: (pid: number) => void): SpawnResult {
  const child = new PreparedChild(kernel().region(PASSED_SIZE));
  for (let next = description;;) {
    const gate = pipe(), end = pipe();
    try {
      const outcome = startNoted(child, { ...next, gate }, end, note);
      if (!("next" in outcome)) return outcome;
      next = outcome.next;
    } finally {
      for (const fd of [gate.reader, gate.writer, end.reader]) close(fd);
    }
  }
}

function startNoted(
  child: PreparedChild,
  description: SpawnDescription & { gate: { writer: number } },
  end: { reader: number; writer: number },
  note: (pid: number) => void,
): ReturnType<PreparedChild["outcome"]> {
  const memory = kernel(), number = memory.keep(8), table = new CloneTable(number);
  try {
    child.describe(description, end.writer);
  } catch (error) {
    close(end.writer);
    return failureOf(error);
  }
  table.clone(child.flags | CLONE_PARENT_SETTID, child.entry, end.writer);
  const pid = memory.word(number) || table.result;
  if (pid < 0) return child.outcome(pid, end.reader);
  try {
    note(pid);
  } catch (error) {
    kill(pid, SIGKILL);
    awaitEnd(pid);
    throw error;
  }
  write(description.gate.writer, Uint8Array.of(0));
  // It hangs up when the child executes its program, or ends; one that fails writes into it.
  while (!awaitDescriptor(end.reader, POLLIN));
  return child.outcome(pid, end.reader);
}
