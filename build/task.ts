/** The developers' tasks of deno.json: their command lines, numbers in these, and how they end. */

import process from "node:process";
import { failureMessage } from "../lib/config/files.ts";
import { type ParsedOptions, valueOf } from "../lib/model/command_line/options.ts";
import { followCommandLine, type Tool } from "../lib/model/command_line/tool.ts";
import { UsageError } from "../lib/model/command_line/usage_error.ts";
import { writeAll } from "../lib/sys/io/write_all.ts";

/**
 * Does what the command line of a task says, and ends this process: with the task's own exit status, 1 when it fails, 2 for a
 * wrong command line. The file of a task calls it only where that is run as a program (`import.meta.main`).
 */
export async function runTask(tool: Tool): Promise<never> {
  let status = 1;
  try {
    status = await followCommandLine(tool, `deno task ${tool.name}`, Deno.args, writeAll);
  } catch (error) {
    console.error(`${tool.name}: ${messageOf(error)}`);
  }
  process.exit(status);
}

/** The message of an error; with its stack where it is a fault of the task, or tells what the task has found. */
function messageOf(error: unknown): string {
  const isPlain = error instanceof Error && error.constructor === Error;
  return isPlain ? failureMessage(error) : error instanceof Error ? error.stack ?? error.message : `${error}`;
}

/** What numbers of command lines are. */
const NUMBERS = {
  count: {
    what: "a whole number above 0",
    isOne: (value: number) => Number.isSafeInteger(value) && value > 0,
  },
  index: { what: "a whole number", isOne: (value: number) => Number.isSafeInteger(value) && value >= 0 },
  amount: { what: "a number above 0", isOne: (value: number) => Number.isFinite(value) && value > 0 },
};

/**
 * The number that a word of the command line is.
 * @param of What has this value, such as `--seed`
 * @throws {UsageError} when it is none of that kind.
 */
export function numberIn(word: string, of: string, kind: keyof typeof NUMBERS): number {
  const value = Number(word), { what, isOne } = NUMBERS[kind];
  if (/^[\d.]+$/.test(word) && isOne(value)) return value;
  throw new UsageError(`${of} has to be ${what}: ${word}`);
}

/**
 * The value of an option that takes a number.
 * @throws {UsageError} when it was given another value.
 */
export function numberOf(
  parsed: ParsedOptions,
  option: string,
  kind: keyof typeof NUMBERS,
): number | undefined {
  const word = valueOf(parsed, option);
  return word === undefined ? undefined : numberIn(word, `--${option}`, kind);
}

/**
 * An entry of a table, by its name on the command line.
 * @param what The entry, for the message
 * @throws {UsageError} when there is none of that name.
 */
export function entryIn<T>(table: Readonly<Record<string, T>>, name: string, what: string): T {
  if (Object.hasOwn(table, name)) return table[name]!;
  throw new UsageError(`unknown ${what}: ${name}; it is one of ${Object.keys(table).join(", ")}`);
}

/** Makes sure that a task was given no arguments. @throws {UsageError} when it was. */
export function demandNoArguments({ args: [extra] }: ParsedOptions): void {
  if (extra !== undefined) throw new UsageError(`unexpected argument: ${extra}`);
}
