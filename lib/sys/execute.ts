/** Replacing this process's program by its own executable, started anew. */

import { readFileSync } from "node:fs";
import { decodeBytes } from "../model/bytes.ts";
import { SystemError } from "./errno.ts";
import { kernel } from "./kernel.ts";
import { ROW_SIZE, Word } from "./stub.ts";

/** The file that this process runs, also when it has been renamed or replaced since (proc(5)). */
const SELF = "/proc/self/exe";

/**
 * Starts the executable of this process again, as the same process, with the same arguments and the environment that
 * it was given, and these variables more. Returns only when that fails, with the reason, such as a /proc that is not
 * mounted.
 */
export function executeSelf(more: Readonly<Record<string, string>>): Error {
  try {
    const argv = stringsOf("/proc/self/cmdline");
    const environment = stringsOf("/proc/self/environ");
    for (const [name, value] of Object.entries(more)) environment.push(`${name}=${value}`);
    return execute(SELF, argv, environment);
  } catch (error) {
    return error as Error;
  }
}

/** The strings that a file of proc(5) holds, each of which a null byte ends. */
function stringsOf(path: string): string[] {
  return decodeBytes(readFileSync(path, "latin1")).split("\0").slice(0, -1);
}

/** execve(2). Returns only when it has failed. Throws SystemError (E2BIG) for more than there is room for. */
function execute(path: string, argv: string[], environment: string[]): SystemError {
  const memory = kernel();
  const row = memory.begin(2 * ROW_SIZE), end = row + ROW_SIZE;
  const vector = (strings: string[]) => {
    const pointers = [...strings.map((text) => memory.copy(text)), 0];
    const address = memory.room(8 * pointers.length);
    pointers.forEach((pointer, index) => memory.setWord(address + 8 * index, pointer));
    return address;
  };
  memory.row(row, "execve", [path, vector(argv), vector(environment)], { failure: end });
  memory.endRow(end);
  memory.run(row);
  return new SystemError(`execute ${path}`, -memory.word(row + 8 * Word.result));
}
