/** The command line of init: how it is read, and its help. */

import process from "node:process";
import { type CommandDescription, commandHelp } from "../../model/command_line/help.ts";
import { type ParsedOptions, parseOptions, type ParseRules } from "../../model/command_line/options.ts";
import { UsageError } from "../../model/command_line/usage_error.ts";
import { type InitOptions, type Operands, OPTIONS, optionsFor } from "./option_table.ts";

/** The shell command that is printed for `eval` when no init could be started in the background. */
export const EVAL_FAILURE = "false\n";

/** Told of what is wrong with a command line. */
type OnProblem = (problem: UsageError) => void;

const RULES: Record<Operands, ParseRules> = {
  none: {},
  ignored: { ignoreUnknown: true },
  command: { stopAtArgument: true },
};

/**
 * Takes a command line apart.
 *
 * @param onProblem Told of what is wrong, which is passed over then. Absent: it is thrown.
 * @throws {UsageError} when an option is unknown, or lacks its argument.
 */
export function parseCommandLine(
  args: readonly string[],
  operands: Operands,
  onProblem?: OnProblem,
): ParsedOptions {
  return parseOptions(args, optionsFor(operands), { ...RULES[operands], ...(onProblem && { onProblem }) });
}

/** What is to be said of options that were given with several values, of which the last one counts. */
export function overruled({ options }: ParsedOptions): string[] {
  return OPTIONS.filter(({ argument, apply, isList }) => argument !== undefined && apply && !isList).flatMap(
    ({ long }) => {
      const values = options.get(long) ?? [], last = values.at(-1);
      const others = [...new Set(values)].filter((value) => value !== last);
      return others.length === 0
        ? []
        : [`Ignoring --${long} ${others.join(", ")}: --${long} ${last} follows`];
    },
  );
}

/**
 * Reads a command line, and the variables of the environment that stand in for options.
 *
 * @param onProblem Told of what is wrong, which is passed over then. Absent: it is thrown.
 * @throws {UsageError} when an option does not go with another, or the operands are wrong.
 * @throws {ValueError} when an option does not accept its argument.
 */
export function readOptions(
  { options: given, args, rest }: ParsedOptions,
  operands: Operands,
  environment = process.env,
  onProblem: OnProblem = (problem) => {
    throw problem;
  },
): InitOptions {
  const options: InitOptions = {
    user: false,
    confdir: [],
    prependConfdir: [],
    appendConfdir: [],
    log: true,
    inheritEnvironment: true,
    controlGroups: true,
    exitWith: [],
    startupEvent: "startup",
    priority: "message",
    boot: {},
  };
  for (const [name, values] of given) {
    const { apply } = OPTIONS.find(({ long }) => long === name)!;
    for (const value of values) {
      try {
        apply?.(options, value);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        onProblem(error);
      }
    }
  }
  // The init of a user's session reads no variables, as in Upstart.
  if (!options.user) {
    const { UPSTART_CONFDIR, UPSTART_LOGDIR } = environment;
    if (UPSTART_CONFDIR && options.confdir.length === 0) options.confdir.push(UPSTART_CONFDIR);
    if (UPSTART_LOGDIR) options.logdir ??= UPSTART_LOGDIR;
  }
  makeAbsolute(options);
  if (options.daemon && !options.user) onProblem(new UsageError("--daemon given without --user"));
  if (operands === "command") {
    if (args.length === 0) onProblem(new UsageError("missing command"));
    else options.command = [...args, ...rest];
  } else if (options.daemon && args.length > 0) {
    // Without --daemon operands are ignored, as in Upstart.
    onProblem(new UsageError(`unexpected argument: ${args[0]}`));
  }
  return options;
}

/**
 * Init's children run elsewhere, and who reads a path in a message may be anywhere: so paths are absolute from the start.
 * They stay as they are written otherwise, as in Upstart's messages.
 */
function makeAbsolute(options: InitOptions): void {
  for (const list of ["confdir", "prependConfdir", "appendConfdir"] as const) {
    options[list] = options[list].map(absolute);
  }
  if (options.logdir !== undefined) options.logdir = absolute(options.logdir);
}

function absolute(path: string): string {
  return path.startsWith("/") ? path : `${process.cwd()}/${path}`;
}

/** How a program of this file is called, for its help and its messages. */
const DESCRIPTIONS: Record<"init" | "run", CommandDescription> = {
  init: {
    name: "init",
    summary: "Process management daemon.",
    examples: ["init --user --confdir ~/jobs", "init --confdir /etc/shop --exit-with web"],
  },
  run: {
    name: "rouse run",
    arguments: "[--] COMMAND [ARGUMENT]...",
    summary: "Run COMMAND as the job main beside all others, and exit with its exit status.",
    examples: ["rouse run -- /usr/bin/shop", "rouse run --http 9000 -- /usr/bin/shop --port 80"],
  },
};

function descriptionOf(operands: Operands): CommandDescription {
  return DESCRIPTIONS[operands === "command" ? "run" : "init"];
}

/** What help, manual and completion tell of `init`, and of `rouse run`. */
export function describe(program: "init" | "run"): CommandDescription {
  const operands = program === "run" ? "command" : "none";
  return { ...descriptionOf(operands), options: optionsFor(operands) };
}

/** The words by which the program is called. */
export function usageOf(operands: Operands): string {
  return descriptionOf(operands).name;
}

/** The text of `init --help` and `rouse run --help`. */
export function helpText(operands: Operands): string {
  return commandHelp(usageOf(operands), descriptionOf(operands), optionsFor(operands));
}
