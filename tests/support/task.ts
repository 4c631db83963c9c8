/** The command lines of the tasks of deno.json: each answers `--help`, and tells what is wrong before it begins. */

import process from "node:process";
import type { CommandDescription } from "../../lib/model/command_line/help.ts";
import { type Option, type ParsedOptions, valueOf } from "../../lib/model/command_line/options.ts";
import { followCommandLine } from "../../lib/model/command_line/tool.ts";
import { UsageError, usageMessage } from "../../lib/model/command_line/usage_error.ts";
import { writeAll } from "../../lib/sys/io/write_all.ts";

/** A task. Without `arguments` it takes none. */
export type Task = CommandDescription & { options: readonly Option[] };

/** The words by which a task is called. */
const usageOf = ({ name }: Task) => `deno task ${name}`;

/** Reads the command line of a task. For `--help`, and for a wrong line, it says so and ends this process. */
export async function commandLineOf(task: Task): Promise<ParsedOptions> {
  let line: ParsedOptions | undefined;
  const run = (parsed: ParsedOptions) => {
    const [extra] = parsed.args;
    if (task.arguments === undefined && extra !== undefined) {
      throw new UsageError(`unexpected argument: ${extra}`);
    }
    line = parsed;
    return 0;
  };
  const status = await followCommandLine({ ...task, run }, usageOf(task), Deno.args, writeAll);
  return line ?? process.exit(status);
}

/** Ends this process: the command line is wrong. */
export function refuse(task: Task, problem: string): never {
  writeAll(2, usageMessage(usageOf(task), problem));
  process.exit(2);
}

/** An option that is a number greater than 0, or its usual value. What is none ends this process. */
export function numberOf(task: Task, line: ParsedOptions, option: string, usual: number): number {
  const text = valueOf(line, option);
  return text === undefined ? usual : positive(task, `--${option}`, text);
}

/** The same, of a whole number that is no less than `least`. A seed may be 0. */
export function wholeNumberOf(
  task: Task,
  line: ParsedOptions,
  option: string,
  usual: number,
  least = 0,
): number {
  const text = valueOf(line, option);
  if (text === undefined) return usual;
  if (/^\d+$/.test(text) && Number(text) >= least) return Number(text);
  refuse(task, `--${option} is to be a whole number from ${least} on, and is ${text}`);
}

/** A number greater than 0. What is none ends this process. */
export function positive(task: Task, what: string, text: string): number {
  if (Number(text) > 0) return Number(text);
  refuse(task, `${what} is to be a number greater than 0, and is ${text}`);
}
