/** What a command of initctl is, and what it has at hand. */

import type { Client } from "../control/client.ts";
import type { Option } from "./options.ts";

/** One command. */
export interface Command {
  name: string;
  /** Its arguments as the usage line shows them. */
  arguments?: string;
  summary: string;
  /** Paragraphs, one a line. */
  help?: string;
  options?: Option[];
  /** Gives the exit status, 0 when there is none. Rejects with the error that is told to the user. */
  run(invocation: Invocation): Promise<number | void> | number | void;
}

/** Commands under one heading of `initctl help`. */
export interface CommandGroup {
  title: string;
  commands: Command[];
}

/** A command being run. */
export interface Invocation {
  args: string[];
  /** True when the option was given, by its long name. */
  has(option: string): boolean;
  /** The values that were given to an option. */
  values(option: string): string[];
  /** The environment of initctl itself. */
  environment: Record<string, string | undefined>;
  /** Writes a line, unless `--quiet`. */
  say(line: string): void;
  /** Writes a line if `--verbose`. */
  inform(line: string): void;
  /** Writes an error. */
  complain(line: string): void;
  /** The connection to init; made at the first call. */
  client(): Promise<Client>;
}

/** The option that has a command return at once. `what` names what is not waited for. */
export function noWait(what: string): Option {
  return { short: "n", long: "no-wait", help: `return at once, without waiting for the ${what}` };
}
