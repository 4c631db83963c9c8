/** Replacing this process's program by its own executable, started anew. */

import { Buffer } from "node:buffer";
import { close, O_RDONLY, open, read } from "./descriptors.ts";
import { SystemError } from "./errno.ts";
import { kernel } from "./kernel.ts";
import { ROW_SIZE, Word } from "./stub.ts";

/**
 * Starts the executable of this process again, as the same process, with the same arguments and the environment that
 * it was given, and these variables more (`KEY=VALUE`). Returns only when that fails, with the reason, such as a /proc
 * that is not mounted.
 */
export function executeSelf(variables: readonly string[]): unknown {
  try {
    const more = variables.map((variable) => `${variable}\0`).join("");
    const environment = Buffer.concat([readFile("/proc/self/environ"), Buffer.from(more)]);
    // The file that this process runs, also when it has been renamed or replaced since (proc(5)).
    return execute("/proc/self/exe", readFile("/proc/self/cmdline"), environment);
  } catch (error) {
    return error;
  }
}

/** All bytes of a file. */
function readFile(path: string): Buffer {
  const fd = open(path, O_RDONLY);
  const pieces: Uint8Array[] = [];
  for (let piece; (piece = read(fd)) instanceof Uint8Array && piece.length > 0;) pieces.push(piece);
  close(fd);
  return Buffer.concat(pieces);
}

/**
 * execve(2), with strings that a null byte ends each. Returns only when it has failed. Throws SystemError (E2BIG) for
 * more than there is room for.
 */
function execute(path: string, argv: Buffer, environment: Buffer): SystemError {
  const memory = kernel();
  const row = memory.begin(2 * ROW_SIZE), end = row + ROW_SIZE;
  memory.row(row, "execve", [path, vector(argv), vector(environment)], { failure: end });
  memory.endRow(end);
  memory.run(row);
  return new SystemError(`execute ${path}`, -memory.word(row + 8 * Word.result));
}

/** The address of a list of strings that follow each other. */
function vector(strings: Buffer): number {
  const memory = kernel();
  const ends: number[] = [];
  for (let end = -1; (end = strings.indexOf(0, end + 1)) >= 0;) ends.push(end);
  const first = memory.copy(strings), list = memory.room(8 * (ends.length + 1));
  ends.forEach((_, index) => memory.setWord(list + 8 * index, first + (ends[index - 1] ?? -1) + 1));
  memory.setWord(list + 8 * ends.length, 0);
  return list;
}
