/** Tools: programs that are called by `rouse WORD …` and need no init. */

import process from "node:process";
import { failureMessage } from "../config/files.ts";
import { followCommandLine, type Tool } from "../model/command_line/tool.ts";
import { writeAll } from "../sys/io/write_all.ts";

/** Runs a tool. Returns the exit status: the tool's own, 1 when it fails, 2 for a wrong command line. */
export async function runTool(tool: Tool, args: string[]): Promise<number> {
  try {
    return await followCommandLine(tool, `rouse ${tool.name}`, args, writeAll);
  } catch (error) {
    complain(failureMessage(error));
    return 1;
  }
}

/** Writes an error message. */
export function complain(message: string): void {
  process.stderr.write(`rouse: ${message}\n`);
}
