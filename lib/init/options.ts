/** The command line of init (init(8)). */

import process from "node:process";
import { CONSOLES } from "../model/fields.ts";
import type { Console } from "../model/job.ts";
import { readRotation, type Rotation, SettingError } from "../model/logs/settings.ts";
import type { LogPriority } from "../control/supervisor.ts";
import { LOG_FORMATS, type LogFormat } from "./logs/line_format.ts";
import { type HttpAddress, parseHttpAddress } from "../control/http_address.ts";
import { type CommandDescription, commandHelp } from "../model/command_line/help.ts";
import {
  HELP,
  HELP_LETTER,
  type Option,
  type ParsedOptions,
  parseOptions,
  type ParseRules,
  QUIET,
  VERSION,
} from "../model/command_line/options.ts";
import { UsageError } from "../model/command_line/usage_error.ts";
import { isFault } from "../sys/call/fault.ts";

/** The options of the command line and the environment. */
export interface InitOptions {
  user: boolean;
  confdir: string[];
  prependConfdir: string[];
  appendConfdir: string[];
  /** The directory of the jobs' logs. Absent: the role's default. */
  logdir?: string;
  log: boolean;
  /** The console of jobs that name none. Absent: the role's default. */
  defaultConsole?: Console;
  /** The format of lines on init's own output. Absent: the role's default. */
  logFormat?: LogFormat;
  /** How the logs of jobs are rotated that do not say it. Absent: as their semantics has it. */
  logRotate?: Rotation | "none";
  /** True: each line of a log begins with the time. */
  logTime?: boolean;
  inheritEnvironment: boolean;
  /** False: `cgroup` stanzas are ignored. */
  controlGroups: boolean;
  /** The jobs of which the first that ends ends init. */
  exitWith: string[];
  /** After how many seconds of the teardown the remaining processes are killed. Absent: the role's default. */
  shutdownTimeout?: number;
  /** The address that HTTP is served on. Absent: none. */
  http?: HttpAddress;
  /** The event that is emitted first. Absent with `--no-startup-event`. */
  startupEvent?: string;
  priority: LogPriority;
  /** Init is started in the background. */
  daemon?: boolean;
  /** The descriptor that init's address is written to when it is ready. */
  readyDescriptor?: number;
  /** The command of the job `main`, for `rouse run`. */
  command?: string[];
  /** Init is SysV's process 1, or is not. Absent: where it runs decides (host/sysv.ts). */
  sysv?: boolean;
  /** OpenRC's scripts are jobs, or are not. Absent: likewise. */
  openrc?: boolean;
  /** What process 1 was told as SysV's init is (init(8), "BOOTFLAGS"). */
  boot: BootFlags;
}

/** What the kernel, or the boot loader, tells SysV's init by its arguments. */
export interface BootFlags {
  /** The runlevel to boot to, `0` to `9` or `S`. Absent: that of inittab's `initdefault`. */
  runlevel?: string;
  /** A shell comes before anything else. */
  emergency?: true;
  /** Processes get AUTOBOOT=YES. */
  auto?: true;
}

/** The shell command that is printed for `eval` when no init could be started in the background. */
export const EVAL_FAILURE = "false\n";

/** A value that an option does not accept. The message says all, so the user is not pointed to `--help`. */
export class ValueError extends UsageError {}

/** An option of init. */
interface InitOption extends Option {
  /** Absent: the option does nothing by itself. */
  apply?(options: InitOptions, value: string): void;
  /** All its values count. */
  isList?: true;
}

/** The options. `--help` prints this table, and the parser reads it. */
const OPTIONS: InitOption[] = [
  {
    long: "append-confdir",
    argument: "DIR",
    help: "also read configuration files from DIR, after the others",
    isList: true,
    apply: (options, value) => options.appendConfdir.push(value),
  },
  { long: "chroot-sessions", help: "accepted for compatibility: there are no chroot sessions" },
  {
    long: "confdir",
    argument: "DIR",
    help: "read configuration files from DIR instead of the default",
    isList: true,
    apply: (options, value) => options.confdir.push(value),
  },
  {
    long: "daemon",
    help: "with --user: start in the background, and print what tells initctl where",
    apply: (options) => options.daemon = true,
  },
  { long: "debug", help: "print all messages", apply: (options) => options.priority = "debug" },
  {
    long: "default-console",
    argument: "VALUE",
    help: `console of jobs that name none: ${CONSOLES.join(", ")}`,
    apply(options, value) {
      if (!(CONSOLES as readonly string[]).includes(value)) {
        throw new ValueError(`invalid console type specified: ${value}`);
      }
      options.defaultConsole = value as Console;
    },
  },
  {
    long: "exit-with",
    argument: "JOB",
    help: "end when JOB ends, with its exit status; of several, with the first",
    isList: true,
    apply: (options, value) => void options.exitWith.push(value),
  },
  {
    long: "http",
    argument: "ADDRESS",
    help: "serve /healthz, /readyz and /metrics on this port or address:port",
    apply(options, value) {
      try {
        options.http = parseHttpAddress(value);
      } catch (error) {
        if (isFault(error)) throw error;
        throw new ValueError((error as Error).message);
      }
    },
  },
  {
    long: "log-format",
    argument: "FORMAT",
    help: `how lines on init's own output look: ${LOG_FORMATS.join(", ")}`,
    apply(options, value) {
      if (!(LOG_FORMATS as readonly string[]).includes(value)) {
        throw new ValueError(`invalid log format: ${value}; it is one of ${LOG_FORMATS.join(", ")}`);
      }
      options.logFormat = value as LogFormat;
    },
  },
  {
    long: "log-rotate",
    argument: "WORDS",
    help:
      "rotate the logs of jobs that do not say how, e.g. 'size 10MB age 86400 keep 5 compress gzip'; none",
    apply(options, value) {
      try {
        options.logRotate = readRotation(value.trim().split(/\s+/));
      } catch (error) {
        if (!(error instanceof SettingError)) throw error;
        throw new ValueError(`invalid log rotation: ${error.message}`);
      }
    },
  },
  {
    long: "log-time",
    help: "begin each line of a job's log with the time",
    apply: (options) => options.logTime = true,
  },
  {
    long: "logdir",
    argument: "DIR",
    help: "write the logs of jobs to DIR",
    apply: (options, value) => options.logdir = value,
  },
  {
    long: "no-cgroups",
    help: "pass over the cgroup stanzas of jobs",
    apply: (options) => options.controlGroups = false,
  },
  { long: "no-dbus", help: "accepted for compatibility: no bus is ever connected to" },
  {
    long: "no-inherit-env",
    help: "jobs do not inherit the environment of init",
    apply: (options) => options.inheritEnvironment = false,
  },
  { long: "no-log", help: "do not log the output of jobs", apply: (options) => options.log = false },
  { long: "no-sessions", help: "accepted for compatibility: there are no chroot sessions" },
  {
    long: "no-startup-event",
    help: "emit no startup event",
    apply: (options) => delete options.startupEvent,
  },
  {
    long: "openrc",
    help: "the same as --sysv, with OpenRC's scripts as jobs",
    apply: (options) => options.openrc = true,
  },
  {
    long: "no-openrc",
    help: "without them, also where the machine is set up for OpenRC",
    apply: (options) => options.openrc = false,
  },
  {
    long: "prepend-confdir",
    argument: "DIR",
    help: "also read configuration files from DIR, before the others",
    isList: true,
    apply: (options, value) => options.prependConfdir.push(value),
  },
  { ...QUIET, apply: (options) => options.priority = "error" },
  {
    long: "ready-fd",
    argument: "FD",
    help: "write the address of init to descriptor FD when init is ready",
    apply(options, value) {
      if (!/^\d+$/.test(value)) throw new ValueError(`invalid descriptor: ${value}`);
      options.readyDescriptor = Number(value);
    },
  },
  { long: "restart", help: "accepted for compatibility: init does not pass its state on" },
  { long: "session", help: "accepted for compatibility: no bus is ever connected to" },
  {
    long: "shutdown-timeout",
    argument: "SECONDS",
    help: "in a shutdown, kill what has not ended after SECONDS (8 in a container, 90 on a machine)",
    apply(options, value) {
      const seconds = value.trim() === "" ? NaN : Number(value);
      if (!(seconds >= 0)) throw new ValueError(`invalid number of seconds: ${value}`);
      options.shutdownTimeout = seconds;
    },
  },
  {
    long: "sysv",
    help: "read inittab, init scripts and runlevels, as SysV's init does",
    apply: (options) => options.sysv = true,
  },
  {
    long: "no-sysv",
    help: "do not, also where process 1 of a machine finds them",
    apply: (options) => options.sysv = false,
  },
  {
    long: "startup-event",
    argument: "NAME",
    help: "emit NAME instead of startup",
    apply: (options, value) => options.startupEvent = value,
  },
  { long: "state-fd", argument: "FD", help: "accepted for compatibility, as --restart" },
  { long: "user", help: "supervise the session of a user", apply: (options) => options.user = true },
  {
    long: "verbose",
    short: "v",
    help: "also print what jobs do",
    apply: (options) => options.priority = "info",
  },
  { long: "write-state-file", help: "accepted for compatibility, as --restart" },
  { ...HELP, help: "print this help" },
  { ...VERSION, help: "print the version" },
];

/**
 * What is done with operands, the words that are not options. `none`: there may be none. `ignored`: they are, and so are
 * unknown options, for the kernel passes process 1 all the words that it does not know itself. `command`: the first one
 * begins a command.
 */
export type Operands = "none" | "ignored" | "command";

/** An init that ends with its command, whose output is its own, does not run in the background. */
function optionsFor(operands: Operands): InitOption[] {
  // Process 1 is given words by the kernel that are not meant for it.
  if (operands === "ignored") return OPTIONS;
  const options = operands === "command" ? OPTIONS.filter(({ long }) => long !== "daemon") : OPTIONS;
  return [...options, HELP_LETTER];
}

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

/** The words of SysV's init by what they mean. Of those that name a runlevel the last counts. */
const BOOT_WORDS: ReadonlyArray<[word: RegExp, flags: (word: string) => BootFlags]> = [
  [/^(?:single|-s)$/, () => ({ runlevel: "S" })],
  [/^[0-9Ss]$/, (word) => ({ runlevel: word.toUpperCase() })],
  [/^(?:auto|-a)$/, () => ({ auto: true })],
  [/^(?:emergency|-b)$/, () => ({ emergency: true })],
];

/** An option of SysV's init that does nothing, with a value: it makes room for the title of the process. */
const PADDING = "-z";

/**
 * Reads the arguments of process 1 as SysV's init does. Words that it does not know are ignored: the kernel passes on all that
 * it does not know itself.
 */
export function bootFlags(args: readonly string[]): BootFlags {
  const flags: BootFlags = {};
  for (let at = 0; at < args.length; at++) {
    const word = args[at]!;
    if (word === PADDING || takesNext(word)) at++;
    else Object.assign(flags, BOOT_WORDS.find(([pattern]) => pattern.test(word))?.[1](word));
  }
  return flags;
}

/** True for an option of ours whose value is the next word. */
function takesNext(word: string): boolean {
  return OPTIONS.some(({ long, argument }) => argument !== undefined && word === `--${long}`);
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
