/** The course of a tool: its options, its help, and its answer to a wrong command line. */

import { type CommandDescription, commandHelp } from "./help.ts";
import {
  HELP,
  HELP_LETTER,
  type Option,
  type ParsedOptions,
  parseOptions,
  type ParseRules,
} from "./options.ts";
import { UsageError, usageMessage } from "./usage_error.ts";

/** A program that is over when its work is done. It has the option `--help` besides its own. */
export interface Tool extends CommandDescription {
  options: readonly Option[];
  rules?: ParseRules;
  /**
   * Returns the exit status.
   * @throws {UsageError} when the arguments are wrong.
   * @throws {Error} with a message for the user, when the tool fails.
   */
  run(parsed: ParsedOptions): number | Promise<number>;
}

/** The exit status for a wrong command line. */
const WRONG_USAGE = 2;

/**
 * Runs a tool. Returns the exit status: the tool's own, or 2 for a wrong command line.
 * @param usage The words by which it was called, such as `rouse check`
 * @param print Writes a text to standard output (1) or the error output (2)
 * @throws {Error} when the tool fails.
 */
export async function followCommandLine(
  tool: Tool,
  usage: string,
  args: readonly string[],
  print: (descriptor: 1 | 2, text: string) => void,
): Promise<number> {
  const isOwn = tool.options.some(({ long }) => long === HELP.long);
  const options = isOwn ? tool.options : [...tool.options, HELP, HELP_LETTER];
  try {
    const parsed = parseOptions(args, options, tool.rules);
    if (!parsed.options.has(HELP.long)) return await tool.run(parsed);
    print(1, commandHelp(usage, tool, options));
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    print(2, usageMessage(usage, error.message));
    return WRONG_USAGE;
  }
}

/**
 * The only argument of a command.
 * @param what The argument, for the message
 * @throws {UsageError} when there is none, or another beside it.
 */
export function onlyArgument({ args: [argument, another] }: ParsedOptions, what: string): string {
  if (argument === undefined) throw new UsageError(`missing ${what}`);
  if (another !== undefined) throw new UsageError(`unexpected argument: ${another}`);
  return argument;
}
