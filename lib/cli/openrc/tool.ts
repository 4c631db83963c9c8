/** What OpenRC's tools share: their common options, their help, and how they say that something is wrong. */

import process from "node:process";
import {
  type Option,
  type ParsedOptions,
  parseOptions,
  type ParseRules,
} from "../../model/command_line/options.ts";
import { UsageError } from "../../model/command_line/usage_error.ts";
import { VERSION } from "../../model/version.ts";
import { failureMessage } from "../../config/files.ts";
import { isKernelError } from "../../sys/call/refused.ts";
import { write } from "../output.ts";
import { OpenrcMessages } from "./messages.ts";

/** A tool of OpenRC's. */
export interface OpenrcTool {
  /** Its forms, a line each, without `usage:` and its name. */
  forms: readonly string[];
  options: readonly Option[];
  rules?: ParseRules;
  /**
   * Returns the exit status.
   * @throws {ToolError} when it fails, or the kernel's error.
   */
  run(parsed: ParsedOptions, call: ToolCall): number | Promise<number>;
}

/** How a tool was called. */
export interface ToolCall {
  /** The name by which it was called. */
  name: string;
  messages: OpenrcMessages;
  /** The environment, as the common options change it. */
  environment: Record<string, string | undefined>;
}

/** The error that ends a tool: the message is for the user. */
export class ToolError extends Error {
  override name = "ToolError";
}

/** The options of all tools. */
const COMMON: readonly Option[] = [
  { short: "h", long: "help", help: "show this help" },
  { short: "C", long: "nocolor", help: "without colours" },
  { short: "V", long: "version", help: "show the version" },
  { short: "v", long: "verbose", help: "say more" },
  { short: "q", long: "quiet", help: "say less; twice: not even errors" },
];

/** Runs a tool. Returns the exit status: the tool's own; 1 where it fails, and for a wrong command line. */
export async function runOpenrcTool(tool: OpenrcTool, args: string[], name: string): Promise<number> {
  const options = [...tool.options, ...COMMON];
  try {
    const parsed = parseOptions(args, options, tool.rules);
    if (parsed.options.has("help")) return print(1, helpText(tool, options, name), 0);
    if (parsed.options.has("version")) return print(1, `${name} (OpenRC), rouse ${VERSION}\n`, 0);
    const environment = environmentFor(parsed);
    const messages = new OpenrcMessages(environment);
    try {
      return await tool.run(parsed, { name, messages, environment });
    } catch (error) {
      if (error instanceof ToolError) messages.error(error.message);
      else if (isKernelError(error)) messages.error(`${name}: ${failureMessage(error)}`);
      else throw error;
      return 1;
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return print(2, `${name}: ${error.message}\n${helpText(tool, options, name)}`, 1);
  }
}

/** What the common options make of this process's environment. */
function environmentFor({ options }: ParsedOptions): Record<string, string | undefined> {
  const times = options.get("quiet")?.length ?? 0;
  return {
    ...process.env,
    ...options.has("nocolor") && { EINFO_COLOR: "NO" },
    ...options.has("verbose") && { EINFO_VERBOSE: "YES" },
    ...times > 0 && { EINFO_QUIET: "YES" },
    ...times > 1 && { EERROR_QUIET: "YES" },
  };
}

function helpText({ forms }: OpenrcTool, options: readonly Option[], name: string): string {
  const usage = forms.map((form, index) => `${index === 0 ? "Usage:" : "   or:"} ${name} ${form}`.trimEnd());
  const rows = options.filter(({ help }) => help !== undefined).map(({ short, long, argument, help }) => {
    const value = argument === undefined ? "" : ` ${argument}`;
    return `  ${short === undefined ? "   " : `-${short},`} --${`${long}${value}`.padEnd(22)} ${help}`;
  });
  return `${usage.join("\n")}\n\nOptions:\n${rows.join("\n")}\n`;
}

function print(descriptor: 1 | 2, text: string, status: number): number {
  write(descriptor, text);
  return status;
}
