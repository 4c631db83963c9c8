/** Fault injection: one system call of an action fails as it does when memory or descriptors are short. */

import { type CallName, callNumber } from "../call/numbers.ts";
import { ENOMEM } from "../call/errno.ts";
import { type CallArgument, kernel } from "../call/kernel.ts";
import { ROW_SIZE, RowField } from "../call/stub.ts";

/** Calls that need memory, processes or descriptors. Others, such as close(2), have no such reason to fail. */
const FALLIBLE: readonly CallName[] = [
  "clone",
  "epoll_create1",
  "epoll_ctl",
  "fchmod",
  "fcntl",
  "ioctl",
  "memfd_create",
  "mmap",
  "openat",
  "pipe2",
];

/** Runs an action in which the nth such call (from 1) fails. Gives its name; undefined when there were fewer. */
export function withFault(number: number, action: () => void): CallName | undefined {
  const memory = kernel(), { call, run } = memory;
  let count = 0;
  let failed: CallName | undefined;
  const fails = (name: CallName | undefined) => {
    if (!name || !FALLIBLE.includes(name) || ++count !== number) return false;
    failed = name;
    return true;
  };
  memory.call = (name: CallName, ...args: CallArgument[]) =>
    fails(name) ? -ENOMEM : call.call(memory, name, ...args);
  memory.run = (first: number) => {
    const rows: Array<{ row: number; name: CallName | undefined }> = [];
    for (let row = first; memory.word(row) >= 0; row += ROW_SIZE) {
      rows.push({ row, name: FALLIBLE.find((name) => callNumber(name) === memory.word(row)) });
    }
    const unlucky = rows.find(({ name }) => fails(name));
    if (!unlucky) return run.call(memory, first);
    // The kernel answers ENOSYS to a number that no call has. The other rows are run.
    memory.setWord(unlucky.row, NO_CALL);
    run.call(memory, first);
    memory.setWord(unlucky.row, callNumber(unlucky.name!));
    memory.setWord(unlucky.row + 8 * RowField.result, -ENOMEM);
  };
  try {
    action();
  } finally {
    memory.call = call;
    memory.run = run;
  }
  return failed;
}

const NO_CALL = 100_000;
