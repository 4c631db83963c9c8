/** System programs: the common part of telinit, shutdown, reboot, runlevel. */

import { statSync } from "node:fs";
import process from "node:process";
import { versionText } from "../../model/version.ts";
import { type CommandDescription, commandHelp } from "../../model/command_line/help.ts";
import type { CliInvocation } from "../invocation.ts";
import {
  HELP,
  HELP_LETTER,
  lastGiven,
  type Option,
  parseOptions,
  QUIET,
  VERBOSE,
  VERSION,
} from "../../model/command_line/options.ts";
import { UsageError, usageMessage } from "../../model/command_line/usage_error.ts";
import { write } from "../output.ts";

/** A program that deals with the system as a whole. */
export interface SystemProgram extends CommandDescription {
  /**
   * Returns the exit status.
   * @throws {UsageError} when the command line is wrong.
   * @throws {Error} with a message for the user, when the program fails.
   */
  run(invocation: SystemInvocation): number | Promise<number>;
}

/** A system program being run. */
export interface SystemInvocation extends CliInvocation {
  /** The one of these options that was given last. */
  last(...options: string[]): string | undefined;
}

const COMMON: Option[] = [QUIET, VERBOSE, HELP, HELP_LETTER, VERSION];

/** Runs a program under the name by which it was called. Returns the exit status. */
export async function runProgram(program: SystemProgram, args: string[], name: string): Promise<number> {
  const complain = (line: string) => print(2, `${name}: ${line}\n`);
  const options = [...program.options ?? [], ...COMMON];
  try {
    const parsed = parseOptions(args, options);
    const has = (option: string) => parsed.options.has(option);
    if (has("help")) return print(1, commandHelp(name, program, options));
    if (has("version")) return print(1, versionText(name));
    return await program.run({
      args: parsed.args,
      environment: process.env,
      has,
      values: (option) => parsed.options.get(option) ?? [],
      last: (...wanted) => lastGiven(parsed.options, wanted),
      say: (line) => has("quiet") || print(1, `${line}\n`),
      inform: (line) => has("verbose") && print(1, `${line}\n`),
      complain,
    });
  } catch (error) {
    if (error instanceof UsageError) print(2, usageMessage(name, error.message));
    else complain(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

function print(descriptor: 1 | 2, text: string): number {
  write(descriptor, text);
  return 0;
}

/** True for root, and for the owner of process 1: in a container that may be any user. */
export function isPrivileged(): boolean {
  const user = process.geteuid?.() ?? 0;
  return user === 0 || user === statSync("/proc/1", { throwIfNoEntry: false })?.uid;
}

/** @throws {Error} unless the caller may end the system. */
export function requireRoot(): void {
  if (!isPrivileged()) throw new Error("Need to be root");
}
