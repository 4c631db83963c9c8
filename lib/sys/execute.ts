/** Replacing this process's program. */

import { SystemError } from "./errno.ts";
import { kernel } from "./kernel.ts";
import { ROW_SIZE, Word } from "./stub.ts";

/** execve(2): returns only when it has failed, with the reason. `environment` holds `KEY=VALUE` strings. */
export function execute(path: string, argv: string[], environment: string[]): SystemError {
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
