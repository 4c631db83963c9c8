/** execve(2): another program in this process, or this one's own executable anew. */

import { Buffer } from "node:buffer";
import { close, O_RDONLY, open, readToEnd } from "../io/descriptors.ts";
import { ENOEXEC, SystemError } from "../call/errno.ts";
import { call, kernel } from "../call/kernel.ts";
import { ROW_SIZE, RowField } from "../call/stub.ts";
import { raiseDescriptorLimit, restoreDescriptorLimit } from "./limits.ts";
import { defaultAction } from "./signals.ts";

/** The signal that the runtimes ignore, and no program expects to be ignored. */
const SIGPIPE = 13;

/**
 * Executes a program in place of this one, with these arguments, of which the first names the file, this environment
 * (`KEY=VALUE`) and the standard streams. A file without a known format is run by the shell, as execvp(3) does.
 * @returns only when it fails: the error.
 * @throws {SystemError} where there is no room for the arguments.
 */
export function executeProgram(argv: readonly string[], environment: readonly string[]): SystemError {
  const SHELL = "/bin/sh", [path = ""] = argv;
  keepDescriptors([]);
  restoreDescriptorLimit();
  defaultAction(SIGPIPE);
  const error = execute(path, nullTerminated(argv), nullTerminated(environment));
  if (error.errno !== ENOEXEC || path === SHELL) return error;
  return execute(SHELL, nullTerminated([SHELL, ...argv]), nullTerminated(environment));
}

function nullTerminated(strings: readonly string[]): Buffer {
  return Buffer.from(strings.map((string) => `${string}\0`).join(""));
}

/**
 * Starts this executable anew, as the same process, with the same arguments and the environment that it was given. Of the
 * descriptors it keeps the standard streams and those that are named: the runtime has set all but a few to be closed.
 * @param variables Variables to add, as `KEY=VALUE`
 * @param descriptors The descriptors to keep. Numbers that are not open are ignored
 * @returns only when it fails: the error, e.g. when /proc is not mounted.
 */
export function executeSelf(variables: readonly string[], descriptors: readonly number[]): unknown {
  try {
    const more = variables.map((variable) => `${variable}\0`).join("");
    const environment = Buffer.concat([readFile("/proc/self/environ"), Buffer.from(more)]);
    keepDescriptors(descriptors);
    // This is the file that the process runs, even if it was renamed or replaced since (proc(5)).
    return execute("/proc/self/exe", readFile("/proc/self/cmdline"), environment);
  } catch (error) {
    return error;
  }
}

/**
 * The arguments of this process, each with a null byte behind it, until a title is written over them.
 * @throws {SystemError} when /proc is not mounted.
 */
export function ownArguments(): Uint8Array {
  return readFile("/proc/self/cmdline");
}

/**
 * Executes another executable of this kind, as the same process, with the environment that this one was given. Variables of
 * the same names are replaced.
 * @param argv As {@link ownArguments} gives them
 * @param descriptors The descriptors that it keeps beside the standard streams
 * @returns only when it fails: the error. No descriptor is kept by other programs then.
 */
export function executeSuccessor(
  path: string,
  argv: Uint8Array,
  variables: readonly string[],
  descriptors: readonly number[],
): Error {
  try {
    const names = variables.map((variable) => variable.slice(0, variable.indexOf("=") + 1));
    const given = readFile("/proc/self/environ").toString("latin1").split("\0").slice(0, -1);
    const kept = given.filter((variable) => !names.some((name) => variable.startsWith(name)));
    const environment = Buffer.from([...kept, ...variables].map((one) => `${one}\0`).join(""), "latin1");
    restoreDescriptorLimit();
    keepDescriptors(descriptors);
    return execute(path, Buffer.from(argv), environment);
  } catch (error) {
    return error as Error;
  } finally {
    keepDescriptors([]);
    raiseDescriptorLimit();
  }
}

/** The first descriptor behind the standard streams. */
const FIRST_OTHER = 3;

/** Sets close-on-exec on all descriptors but the standard streams and these. */
function keepDescriptors(kept: readonly number[]): void {
  const CLOSE_RANGE_CLOEXEC = 4, LAST = 2 ** 32 - 1, F_SETFD = 2;
  call("close_range", FIRST_OTHER, LAST, CLOSE_RANGE_CLOEXEC);
  for (const descriptor of kept) call("fcntl", descriptor, F_SETFD, 0);
}

/** All bytes of a file. */
function readFile(path: string): Buffer {
  const fd = open(path, O_RDONLY);
  try {
    return readToEnd(fd);
  } finally {
    close(fd);
  }
}

/**
 * execve(2), with lists of strings that each end with a null byte. Returns only when it has failed.
 * @throws {SystemError} E2BIG when there is no room for them.
 */
function execute(path: string, argv: Buffer, environment: Buffer): SystemError {
  const memory = kernel();
  const row = memory.begin(2 * ROW_SIZE), end = row + ROW_SIZE;
  memory.row(row, "execve", [path, vector(argv), vector(environment)], { failure: end });
  memory.endRow(end);
  memory.run(row);
  return new SystemError(`execute ${path}`, -memory.word(row + 8 * RowField.result));
}

/** Copies strings that each end with a null byte, and gives the address of a list of their addresses. */
function vector(strings: Buffer): number {
  const memory = kernel();
  const ends: number[] = [];
  for (let end = -1; (end = strings.indexOf(0, end + 1)) >= 0;) ends.push(end);
  const first = memory.copy(strings), list = memory.room(8 * (ends.length + 1));
  ends.forEach((_, index) => memory.setWord(list + 8 * index, first + (ends[index - 1] ?? -1) + 1));
  memory.setWord(list + 8 * ends.length, 0);
  return list;
}
