/** The command line of init (init(8)). */

import { homedir } from "node:os";
import process from "node:process";
import { type Console, CONSOLES } from "../model/job.ts";
import type { LogPriority } from "../control/supervisor.ts";
import { LOG_FORMATS, type LogFormat } from "./output/format.ts";
import type { Place } from "./place.ts";
import { type HttpAddress, parseHttpAddress } from "./http/address.ts";

/** What the command line and the environment say. */
export interface Options {
  user: boolean;
  confdir: string[];
  prependConfdir: string[];
  appendConfdir: string[];
  /** Absent: the mode's default. */
  logdir?: string;
  log: boolean;
  /** Absent: the place's default. */
  defaultConsole?: Console;
  /** Absent: the place's default. */
  logFormat?: LogFormat;
  /** Lines of logs begin with the time. */
  logTime?: boolean;
  inheritEnvironment: boolean;
  /** False: `cgroup` stanzas are passed over. */
  controlGroups: boolean;
  /** The job whose end is init's. */
  exitWith?: string;
  /** Seconds until what has not ended is killed; absent: the place's default. */
  shutdownTimeout?: number;
  /** Where HTTP is served; absent: nowhere. */
  http?: HttpAddress;
  /** The event that is emitted first; absent with `--no-startup-event`. */
  startupEvent?: string;
  priority: LogPriority;
  /** The command of the job `main`, for `rouse run`. */
  command?: string[];
}

/** A command line that cannot be followed; the message is for the user. */
export class UsageError extends Error {}

interface Flag {
  /** The argument's name in the help; absent for a flag without one. */
  argument?: string;
  short?: string;
  help: string;
  apply(options: Options, value: string): void;
}

const ignored = () => {};

/** The flags, as data: `--help` prints this table and the parser follows it. */
const FLAGS: Record<string, Flag> = {
  "append-confdir": {
    argument: "DIR",
    help: "also read configuration files from DIR, after the others",
    apply: (options, value) => options.appendConfdir.push(value),
  },
  "chroot-sessions": { help: "accepted for compatibility: there are no chroot sessions", apply: ignored },
  "confdir": {
    argument: "DIR",
    help: "read configuration files from DIR instead of the default",
    apply: (options, value) => options.confdir.push(value),
  },
  "debug": { help: "print all messages", apply: (options) => options.priority = "debug" },
  "default-console": {
    argument: "VALUE",
    help: `console of jobs that name none: ${CONSOLES.join(", ")}`,
    apply(options, value) {
      if (!(CONSOLES as readonly string[]).includes(value)) {
        throw new UsageError(`invalid console type specified: ${value}`);
      }
      options.defaultConsole = value as Console;
    },
  },
  "exit-with": {
    argument: "JOB",
    help: "end when JOB ends, with its exit status",
    apply: (options, value) => options.exitWith = value,
  },
  "http": {
    argument: "ADDRESS",
    help: "serve /healthz, /readyz and /metrics on this port or address:port",
    apply(options, value) {
      try {
        options.http = parseHttpAddress(value);
      } catch (error) {
        throw new UsageError((error as Error).message);
      }
    },
  },
  "log-format": {
    argument: "FORMAT",
    help: `how lines on init's own output look: ${LOG_FORMATS.join(", ")}`,
    apply(options, value) {
      if (!(LOG_FORMATS as readonly string[]).includes(value)) {
        throw new UsageError(`invalid log format: ${value}; it is one of ${LOG_FORMATS.join(", ")}`);
      }
      options.logFormat = value as LogFormat;
    },
  },
  "log-time": {
    help: "begin each line of a job's log with the time",
    apply: (options) => options.logTime = true,
  },
  "logdir": {
    argument: "DIR",
    help: "write the logs of jobs to DIR",
    apply: (options, value) => options.logdir = value,
  },
  "no-cgroups": {
    help: "pass over the cgroup stanzas of jobs",
    apply: (options) => options.controlGroups = false,
  },
  "no-dbus": { help: "accepted for compatibility: no bus is ever connected to", apply: ignored },
  "no-inherit-env": {
    help: "jobs do not inherit the environment of init",
    apply: (options) => options.inheritEnvironment = false,
  },
  "no-log": { help: "do not log the output of jobs", apply: (options) => options.log = false },
  "no-sessions": { help: "accepted for compatibility: there are no chroot sessions", apply: ignored },
  "no-startup-event": { help: "emit no startup event", apply: (options) => delete options.startupEvent },
  "prepend-confdir": {
    argument: "DIR",
    help: "also read configuration files from DIR, before the others",
    apply: (options, value) => options.prependConfdir.push(value),
  },
  "quiet": { short: "q", help: "print errors only", apply: (options) => options.priority = "error" },
  "shutdown-timeout": {
    argument: "SECONDS",
    help: "on the way down, kill what has not ended after SECONDS (8 in a container)",
    apply(options, value) {
      const seconds = value.trim() === "" ? NaN : Number(value);
      if (!(seconds >= 0)) throw new UsageError(`invalid number of seconds: ${value}`);
      options.shutdownTimeout = seconds;
    },
  },
  "restart": { help: "accepted for compatibility: init does not pass its state on", apply: ignored },
  "session": { help: "accepted for compatibility: no bus is ever connected to", apply: ignored },
  "state-fd": { argument: "FD", help: "accepted for compatibility, as --restart", apply: ignored },
  "startup-event": {
    argument: "NAME",
    help: "emit NAME instead of startup",
    apply: (options, value) => options.startupEvent = value,
  },
  "user": { help: "supervise the session of a user", apply: (options) => options.user = true },
  "write-state-file": { help: "accepted for compatibility, as --restart", apply: ignored },
  "verbose": { short: "v", help: "also print what jobs do", apply: (options) => options.priority = "info" },
};

const SHORT = new Map(
  Object.entries(FLAGS).flatMap(([name, { short }]) => short === undefined ? [] : [[short, name] as const]),
);

/**
 * What the words are that are no options: `none` are expected; they are `ignored`, as are unknown options, for the
 * kernel hands process 1 all that it does not know itself; or the first one begins a `command`.
 */
export type Words = "none" | "ignored" | "command";

/**
 * Reads a command line.
 *
 * @throws {UsageError}
 */
export function parseOptions(args: string[], words: Words): Options {
  const options: Options = {
    user: false,
    confdir: [],
    prependConfdir: [],
    appendConfdir: [],
    log: true,
    inheritEnvironment: true,
    controlGroups: true,
    startupEvent: "startup",
    priority: "message",
  };
  const left = [...args];
  while (left.length > 0) {
    left.unshift(...splitShort(left.shift()!));
    const word = left.shift()!;
    if (words === "command" && (word === "--" || !word.startsWith("-"))) {
      options.command = word === "--" ? left.splice(0) : [word, ...left.splice(0)];
      break;
    }
    const [, name = "", inline] = /^--?([^=]+)(?:=([^]*))?$/.exec(word) ?? [];
    const flag = word.startsWith("--") ? lookUp(name) : lookUp(SHORT.get(name) ?? "");
    if (!flag) {
      if (words === "ignored" || !word.startsWith("-")) continue;
      throw new UsageError(`invalid option: ${word}`);
    }
    if (flag.argument === undefined && inline !== undefined) {
      throw new UsageError(`unexpected argument: ${word}`);
    }
    const value = flag.argument === undefined ? "" : inline ?? left.shift();
    if (value === undefined) throw new UsageError(`missing argument: ${word}`);
    flag.apply(options, value);
  }
  if (words === "command" && (options.command ?? []).length === 0) throw new UsageError("missing command");
  return options;
}

function lookUp(name: string): Flag | undefined {
  return Object.hasOwn(FLAGS, name) ? FLAGS[name] : undefined;
}

/** `-qv` → `-q`, `-v`. */
function splitShort(word: string): string[] {
  return /^-[a-z]{2,}$/i.test(word) ? Array.from(word.slice(1), (letter) => `-${letter}`) : [word];
}

/** What `init --help` and `rouse run --help` print. */
export function usage(words: Words): string {
  const rows = Object.entries({
    ...FLAGS,
    help: { help: "print this help" },
    version: { help: "print the version" },
  })
    .map(([name, flag]: [string, Partial<Flag>]) => {
      const short = flag.short ? `-${flag.short}, ` : "    ";
      return `  ${short}--${name}${flag.argument ? `=${flag.argument}` : ""}`.padEnd(31) + ` ${flag.help}`;
    });
  const what = words === "command"
    ? "rouse run [OPTION]... [--] COMMAND [ARGUMENT]...\nRun COMMAND as the job main beside all others, and exit " +
      "with its exit status."
    : "init [OPTION]...\nProcess management daemon.";
  return `Usage: ${what}\n\nOptions:\n${rows.join("\n")}\n`;
}

/** The configuration directories in the order of their precedence. */
export function configurationDirectories(options: Options): string[] {
  const base = options.confdir.length > 0
    ? options.confdir
    : options.user
    ? userDirectories(process.env)
    : ["/etc/init"];
  return [...options.prependConfdir, ...base, ...options.appendConfdir];
}

/** init(5), "User Session Mode". */
function userDirectories(env: NodeJS.ProcessEnv): string[] {
  const configHome = env.XDG_CONFIG_HOME || `${home()}/.config`;
  const configDirectories = (env.XDG_CONFIG_DIRS || "/etc/xdg").split(":").filter((path) => path !== "");
  return [
    `${configHome}/upstart`,
    `${home()}/.init`,
    ...configDirectories.map((path) => `${path}/upstart`),
    "/usr/share/upstart/sessions",
  ];
}

/** Where job logs go; undefined with `--no-log`. */
export function logDirectory(options: Options): string | undefined {
  if (!options.log) return undefined;
  if (options.logdir !== undefined) return options.logdir;
  if (!options.user) return "/var/log/upstart";
  return `${process.env.XDG_CACHE_HOME || `${home()}/.cache`}/upstart`;
}

/** The user's home directory; `/` for one without an entry in passwd(5). */
function home(): string {
  try {
    return homedir();
  } catch {
    return "/";
  }
}

/** The console of jobs that name none: in a container their lines are init's, unless logs were asked for. */
export function defaultConsole(options: Options, place: Place): Console {
  return options.defaultConsole ?? (place === "container" && options.logdir === undefined ? "output" : "log");
}

/** What is done where no option says otherwise, by place. */
export const PLACE_DEFAULTS: Readonly<Record<Place, PlaceDefaults>> = {
  machine: { ownStreams: false, inheritEnvironment: false, shutdownTimeout: 90 },
  container: { ownStreams: true, inheritEnvironment: true, shutdownTimeout: 8 },
  session: { ownStreams: false, inheritEnvironment: true },
};

interface PlaceDefaults {
  /** Init's own standard streams stand for the system's console. */
  ownStreams: boolean;
  /** Jobs begin with all of init's environment, not with PATH and TERM alone. */
  inheritEnvironment: boolean;
  /** Seconds; a session goes by its jobs' kill timeouts. */
  shutdownTimeout?: number;
}
