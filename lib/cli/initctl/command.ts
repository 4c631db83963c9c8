/** The commands of initctl: the type of their table's rows, and what a running command can use. */

import type { Client } from "../../control/client/client.ts";
import type { CommandDescription } from "../../model/command_line/help.ts";
import type { CliInvocation } from "../invocation.ts";
import type { Option } from "../../model/command_line/options.ts";

/** A command of initctl. */
export interface InitctlCommand extends CommandDescription {
  /** True: what it prints may be long, and goes through the pager on a terminal. */
  isListing?: true;
  /**
   * Returns the exit status, or nothing for 0.
   * @throws {UsageError} when the arguments are wrong.
   * @throws {Error} with a message for the user, when the command fails.
   */
  run(invocation: Invocation): Promise<number | void> | number | void;
}

/** The commands under one heading of `initctl help`. */
export interface CommandGroup {
  title: string;
  commands: InitctlCommand[];
}

/** A command being run. `environment` is that of initctl itself. */
export interface Invocation extends CliInvocation {
  /** The connection to init, which is made by the first call. */
  client(): Promise<Client>;
  /** True where standard output (1) or the error output (2) is a terminal. */
  isTerminal(descriptor: 1 | 2): boolean;
  /** Writes lines to standard output that may have colours, unless `--quiet` was given. What others have chosen is escaped in them. */
  show(lines: readonly string[]): void;
  /** Writes bytes to standard output at once, and as they are. False where nobody reads them any more. */
  put(bytes: Uint8Array): boolean;
  /** True: the command is to answer with JSON alone. */
  isJson: boolean;
  /** With `--json`, writes objects, a line each. What a command would say else is left out. */
  tell(...answers: object[]): void;
}

/** What is said where init does not have what rouse tells beyond Upstart. */
export const OTHER_INIT =
  "this init is Upstart, or an older rouse (see initctl version), and does not tell enough";

/** The option that chooses several jobs. No old command line has it. */
export const JOBS: Option = {
  long: "jobs",
  argument: "PATTERN",
  help: "these jobs, such as 'web*'; arguments are further names and patterns",
};

/** The option with which a command does not wait. @param what names what it does not wait for. */
export function noWait(what: string): Option {
  return { short: "n", long: "no-wait", help: `return at once, without waiting for the ${what}` };
}

/** The option that shows without a terminal, too, what is shown on one. */
export const LONG: Option = {
  short: "l",
  long: "long",
  help: "show all that is known, also without a terminal",
};
