/** Tools: programs of the executable that are called by a word, `rouse WORD …`, and need no init. */

import process from "node:process";
import { commandHelp } from "./help.ts";
import { type Option, type Parsed, parseOptions, UsageError } from "./options.ts";

/** One tool. */
export interface Tool {
  name: string;
  /** Its arguments as the usage line shows them. */
  arguments: string;
  summary: string;
  /** Paragraphs, one a line. */
  help?: string;
  options: Option[];
  /**
   * Gives the exit status. Throws {@link UsageError} for wrong arguments, and an error that is told to the user
   * when it could not do its work.
   */
  run(parsed: Parsed): number | Promise<number>;
}

const HELP: Option = { long: "help", help: "display this help and exit" };

/** Runs a tool. Gives the exit status: the tool's own, 1 when it fails, 2 for wrong arguments. */
export async function runTool(tool: Tool, args: string[]): Promise<number> {
  const options = [...tool.options, HELP];
  try {
    const parsed = parseOptions(args, options);
    if (!parsed.options.has("help")) return await tool.run(parsed);
    process.stdout.write(commandHelp(`rouse ${tool.name}`, tool, options));
    return 0;
  } catch (error) {
    complain((error as Error).message);
    if (!(error instanceof UsageError)) return 1;
    process.stderr.write(`Try \`rouse ${tool.name} --help' for more information.\n`);
    return 2;
  }
}

/** Tells the user what went wrong. */
export function complain(message: string): void {
  process.stderr.write(`rouse: ${message}\n`);
}

/** The value of an option, the last if there are several. */
export function valueOf(parsed: Parsed, option: string): string | undefined {
  return parsed.options.get(option)?.at(-1);
}
