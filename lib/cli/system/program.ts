/** What `telinit`, `shutdown`, `reboot` and their kin have in common. */

import { statSync } from "node:fs";
import process from "node:process";
import { versionText } from "../../model/version.ts";
import type { Command } from "../command.ts";
import { commandHelp } from "../help.ts";
import { type Option, parseOptions, UsageError } from "../options.ts";
import { write } from "../output.ts";

/** A program that deals with the system as a whole. */
export interface SystemProgram extends Omit<Command, "run"> {
  /** Gives the exit status. Throws {@link UsageError} for a wrong command line, and errors for the user. */
  run(call: Call): number | Promise<number>;
}

/** A program being run. */
export interface Call {
  args: string[];
  environment: Record<string, string | undefined>;
  has(option: string): boolean;
  /** The values that were given to an option. */
  values(option: string): string[];
  /** Which of these options was given last. */
  last(...options: string[]): string | undefined;
  /** Writes a line, unless `--quiet`. */
  say(line: string): void;
  /** Writes a line if `--verbose`. */
  inform(line: string): void;
  /** Writes an error. */
  complain(line: string): void;
}

const COMMON: Option[] = [
  { short: "q", long: "quiet", help: "print errors only" },
  { short: "v", long: "verbose", help: "print more" },
  { long: "help", help: "display this help and exit" },
  { long: "version", help: "output version information and exit" },
];

/** Runs a program under the name that it was called by. Gives the exit status. */
export async function runProgram(program: SystemProgram, args: string[], name: string): Promise<number> {
  const complain = (line: string) => print(2, `${name}: ${line}\n`);
  const options = [...program.options ?? [], ...COMMON];
  try {
    const parsed = parseOptions(args, options);
    const given = [...parsed.options.keys()];
    const has = (option: string) => parsed.options.has(option);
    if (has("help")) return print(1, commandHelp(name, program, options));
    if (has("version")) return print(1, versionText(name));
    return await program.run({
      args: parsed.args,
      environment: process.env,
      has,
      values: (option) => parsed.options.get(option) ?? [],
      last: (...wanted) => given.findLast((option) => wanted.includes(option)),
      say: (line) => has("quiet") || print(1, `${line}\n`),
      inform: (line) => has("verbose") && print(1, `${line}\n`),
      complain,
    });
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
    if (error instanceof UsageError) print(2, `Try \`${name} --help' for more information.\n`);
    return 1;
  }
}

function print(descriptor: 1 | 2, text: string): number {
  write(descriptor, text);
  return 0;
}

/** Throws unless the caller is root, or whoever process 1 belongs to: a container's may be any user. */
export function requireRoot(): void {
  const user = process.geteuid?.() ?? 0;
  if (user === 0 || user === statSync("/proc/1", { throwIfNoEntry: false })?.uid) return;
  throw new Error("Need to be root");
}
