/** The options of init (init(8)), and what they become. */

import { CONSOLES } from "../../model/fields.ts";
import type { Console } from "../../model/job.ts";
import { readRotation, type Rotation, SettingError } from "../../model/logs/settings.ts";
import type { LogPriority } from "../../control/supervisor.ts";
import { LOG_FORMATS, type LogFormat } from "../logs/line_format.ts";
import { type HttpAddress, parseHttpAddress } from "../../control/http_address.ts";
import { HELP, HELP_LETTER, type Option, QUIET, VERSION } from "../../model/command_line/options.ts";
import { UsageError } from "../../model/command_line/usage_error.ts";
import { isFault } from "../../sys/call/fault.ts";

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
export const OPTIONS: InitOption[] = [
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

/** The options beside such operands. An init that ends with its command, whose output is its own, does not run in the background. */
export function optionsFor(operands: Operands): InitOption[] {
  // Process 1 is given words by the kernel that are not meant for it.
  if (operands === "ignored") return OPTIONS;
  const options = operands === "command" ? OPTIONS.filter(({ long }) => long !== "daemon") : OPTIONS;
  return [...options, HELP_LETTER];
}
