/** The programs `init` and `run`: the command line, and what is done about it. */

import process from "node:process";
import { writeAll } from "../sys/io/write_all.ts";
import { printable } from "../model/text/printable.ts";
import { UsageError, usageMessage } from "../model/command_line/usage_error.ts";
import { versionText } from "../model/version.ts";
import { isGivenDescriptor } from "./host/ready_descriptor.ts";
import { type Role, roleOf } from "./host/role.ts";
import { sysvWanted } from "./host/sysv.ts";
import { SignalTable } from "./host/signal_actions.ts";
import { InitProgram } from "./init_program.ts";
import {
  bootFlags,
  EVAL_FAILURE,
  helpText,
  type InitOptions,
  type Operands,
  overruled,
  parseCommandLine,
  readOptions,
  usageOf,
  ValueError,
} from "./options.ts";

/**
 * Runs init.
 *
 * @param name The name that the program was called by; with `run`, init runs a command as its job `main`.
 * @returns The exit status, when init is to exit.
 */
export async function main(args: string[], name: string): Promise<number> {
  const operands: Operands = name === "run" ? "command" : process.pid === 1 ? "ignored" : "none";
  let options: InitOptions, warnings: string[];
  try {
    const parsed = parseCommandLine(args, operands);
    if (parsed.options.has("help")) return print(helpText(operands));
    if (parsed.options.has("version")) return print(versionText("init"));
    options = readOptions(parsed, operands);
    warnings = overruled(parsed);
    if (operands === "ignored") options.boot = bootFlags(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const usage = usageOf(operands), message = printable(error.message);
    process.stderr.write(
      error instanceof ValueError ? `${usage}: ${message}\n` : usageMessage(usage, message),
    );
    if (operands !== "command" && args.includes("--daemon")) print(EVAL_FAILURE);
    return 1;
  }
  if (options.daemon) {
    const { startInBackground } = await import("./host/background.ts");
    return await startInBackground(args, options, name);
  }
  return await run(options, roleOf(options.user), warnings);
}

function print(text: string): number {
  writeAll(1, text);
  return 0;
}

async function run(options: InitOptions, role: Role, warnings: readonly string[]): Promise<number> {
  // First of all, so that signals that arrive while init starts are handled.
  const isSysv = sysvWanted(options, role);
  const signals = new SignalTable({ role, runsCommand: options.command !== undefined, isSysv });
  const { readyDescriptor } = options;
  const isMisnamed = readyDescriptor !== undefined && !isGivenDescriptor(readyDescriptor);
  if (isMisnamed) delete options.readyDescriptor;
  const http = options.http && await import("./ops/http_service.ts");
  const sysv = isSysv ? await import("./inittab/inittab.ts") : undefined;
  const program = new InitProgram(options, role, http, sysv);
  for (const warning of warnings) program.warn(warning);
  if (isMisnamed) program.warn(`Ignoring --ready-fd: descriptor ${readyDescriptor} is not open`);
  return await program.run(signals);
}
