/** The answers of SysV's programs to a wrong command line: getopt(3)'s words, the usage, and exit status 1. */

import { type CommandDescription, commandHelp } from "../../../model/command_line/help.ts";
import { type Option, type ParsedOptions, parseOptions } from "../../../model/command_line/options.ts";
import { UsageError } from "../../../model/command_line/usage_error.ts";
import { write } from "../../output.ts";

/** A program of SysV's, as its usage text describes it. */
export interface ClassicProgram extends CommandDescription {
  options: readonly Option[];
}

/** Parses a command line. Undefined when it is wrong, which is told then. */
export function parseClassic(
  program: ClassicProgram,
  name: string,
  args: readonly string[],
): ParsedOptions | undefined {
  try {
    return parseOptions(args, program.options, { valuesInClusters: true });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    refuseUsage(program, name, getoptMessage(error.message));
    return undefined;
  }
}

/** Tells what is wrong, if anything in particular, and how the program is called. Returns the exit status. */
export function refuseUsage(program: ClassicProgram, name: string, reason?: string): 1 {
  const first = reason === undefined ? "" : `${name}: ${reason}\n`;
  write(2, first + commandHelp(name, program, program.options));
  return 1;
}

/** Has a program do its work. What keeps it from that is told. Returns the exit status. */
export async function reportFailure(name: string, work: () => number | Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    write(2, `${name}: ${error instanceof Error ? error.message : error}\n`);
    return 1;
  }
}

/** How getopt(3) puts what our parser says. */
export function getoptMessage(message: string): string {
  const [, what, letter] = /^(invalid option|missing argument|unexpected argument): -(.)/.exec(message) ?? [];
  if (letter === undefined) return message;
  return what === "missing argument"
    ? `option requires an argument -- '${letter}'`
    : `invalid option -- '${letter}'`;
}
