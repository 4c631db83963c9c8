/**
 * The table of a job's fields: for each its stanza, its kind of value and its default. From it derive the definition
 * (job.ts), its validation, how job modules and `.conf` files are read and written, and what the tests ask of the manual.
 *
 * A field whose kind is here already needs a row and nothing else. A new kind needs an entry in the table of kinds of each
 * format, which the type checker asks for. The order of the rows is the one in which fields are written.
 */

import type { Ceilings, CheckDefinition, CheckUse } from "./checks/check.ts";
import type { JobCondition } from "./condition.ts";
import type { Exit } from "./exit.ts";
import type { LogLimit, LogTarget, Rotation } from "./logs/settings.ts";
import type { Backoff, Cgroup, Limit, ProcessName, Resource, RespawnLimit } from "./job.ts";

/** The two sets of defaults: Upstart's, and those of job modules. */
export const SEMANTICS = ["upstart", "rouse"] as const;

/** Where a job's standard streams go (init(5), `console`). `pipe` is `log` with a pipe in the terminal's place. */
export const CONSOLES = ["none", "log", "pipe", "output", "owner"] as const;

/**
 * How the main process shows that it is ready (init(5), `expect`). `children`: it ends, and leaves processes behind, which
 * are the service as long as one of them lives. `script`: likewise, as an init script's `start` does it, which need not leave
 * any behind.
 */
export const EXPECTATIONS = ["none", "stop", "fork", "daemon", "children", "script"] as const;

const LEVELS = [0, 1, 2, 3, 4, 5, 6, 7] as const;

/** I/O priorities (ioprio_set(2)): a class, and behind it a level, of which 0 is the most urgent and 4 the usual one. */
const IO_PRIORITIES = [
  "realtime",
  ...LEVELS.map((level) => `realtime ${level}` as const),
  "best-effort",
  ...LEVELS.map((level) => `best-effort ${level}` as const),
  "idle",
] as const;

/** An I/O priority. */
export type IoPriority = (typeof IO_PRIORITIES)[number];

/** The back-off of a job that says nothing else, or just a part of it. */
export const USUAL_BACKOFF: Readonly<Backoff> = {
  delay: 0.1,
  factor: 2,
  max: 30,
  jitter: 0.1,
  resetAfter: 60,
};

/** The limit where respawns are delayed, of a job that must not be respawned for ever. */
export const SLOW_RESPAWN_LIMIT: Readonly<RespawnLimit> = { count: 10, interval: 300 };

/** The kinds of values, and what a definition holds for each. */
export interface FieldValues {
  /** Any text without a NUL. */
  text: string;
  /** True when the stanza is there. */
  flag: boolean;
  /** One of the row's choices. A choice may be several words; a field that no stanza says may be true or false, too. */
  choice: string | boolean;
  /** A whole number within the row's bounds. */
  integer: number;
  /** A length of time in seconds. */
  seconds: number;
  /** Seconds that something may take, more than none. Absent: as long as it likes. */
  timeLimit: number;
  /** A signal's number. */
  signal: number;
  /** A file mode creation mask. */
  mask: number;
  /** A user or group: the name, or the number in digits. */
  account: string;
  /** Words, which add up when the stanza is repeated. */
  words: string[];
  /** Names of variables, likewise. */
  variables: string[];
  /** `KEY=VALUE`, or a bare `KEY` whose value is taken from init's own environment. In order; the last wins. */
  environment: string[];
  /** Names of jobs, or names that jobs provide; where the row says so, `completed(NAME)`, too. They add up likewise. */
  references: string[];
  condition: JobCondition;
  exits: Exit[];
  respawnLimit: RespawnLimit | "unlimited";
  /** Absent: there is no delay. */
  backoff: Backoff;
  /** −1000 to 1000; `"never"` is −1000. */
  oomScore: number | "never";
  limits: Partial<Record<Resource, Limit>>;
  cgroups: Cgroup[];
  /** A check, of a kind that the row's use allows. */
  check: CheckDefinition;
  ceilings: Ceilings;
  rotation: Rotation | "none";
  logLimit: LogLimit;
  logTargets: LogTarget[];
}

/** The name of a kind of values. */
export type FieldKind = keyof FieldValues;

/** What rows of certain kinds say besides. */
interface KindSettings {
  choice: { readonly choices: ReadonlyArray<string | boolean> };
  integer: { readonly lowest: number; readonly highest: number };
  references: { readonly completions: boolean };
  check: { readonly use: CheckUse };
}

/** A row of the table, for a field whose values are of this kind. */
export type FieldRow<Kind extends FieldKind = FieldKind> = Kind extends FieldKind ?
    & {
      readonly kind: Kind;
      /** Fields of one group are written together. */
      readonly group: "about" | "events" | "dependencies" | "environment" | "lifecycle" | "surroundings";
      /** The stanza of `.conf` files that says it. */
      readonly stanza?: string;
      /** The field's name in job modules, where that is another. */
      readonly module?: string;
      /** The field of job modules that says this and more; it has a reader and a writer of its own. */
      readonly within?: "respawn" | "apparmor";
      /** The value of a job that does not say it. Without one, the field may be absent. */
      readonly default?: Readonly<FieldValues[Kind]>;
      /** The default of a job whose `semantics` is `"rouse"`, where that is another one. */
      readonly rouse?: Readonly<FieldValues[Kind]>;
    }
    & (Kind extends keyof KindSettings ? KindSettings[Kind] : unknown)
  : never;

/** The fields, by their names in a definition. Editors show the comments to those who write modules. */
export const FIELDS = {
  /**
   * The set of defaults: `"rouse"`, which is the default of job modules, or `"upstart"`, by which they mean what the stanzas
   * mean in a `.conf` file.
   */
  semantics: { kind: "choice", choices: SEMANTICS, group: "about", stanza: "semantics", default: "upstart" },
  /** What the job is, in a few words. */
  description: { kind: "text", group: "about", stanza: "description" },
  /** Who wrote the job. */
  author: { kind: "text", group: "about", stanza: "author" },
  /** The version of the job's file. */
  version: { kind: "text", group: "about", stanza: "version" },
  /** How to call the job by hand, shown by `initctl usage`. */
  usage: { kind: "text", group: "about", stanza: "usage" },

  /** When to start. Without it the job is only started by hand. */
  startOn: { kind: "condition", group: "events", stanza: "start on" },
  /** When to stop. */
  stopOn: { kind: "condition", group: "events", stanza: "stop on" },
  /** Events that the job emits itself, for tools that check configurations. */
  emits: { kind: "words", group: "events", stanza: "emits", default: [] },

  /**
   * Jobs that it cannot do without: they are started first, it waits until they are up, and it is down while one of them
   * is. `completed(job)` is a task that has to succeed once. One that fails makes this job fail.
   */
  needs: { kind: "references", completions: true, group: "dependencies", stanza: "needs", default: [] },
  /** Jobs that are started first and waited for; this job starts even if they fail. */
  wants: { kind: "references", completions: true, group: "dependencies", stanza: "wants", default: [] },
  /** Jobs that it waits for when they are on their way up anyway. They are not started. */
  uses: { kind: "references", completions: false, group: "dependencies", stanza: "uses", default: [] },
  /** Jobs that are up before it is, and stopped after it, where both are started or stopped. */
  after: { kind: "references", completions: false, group: "dependencies", stanza: "after", default: [] },
  /** Jobs that are started after it, and stopped before it, where both are. */
  before: { kind: "references", completions: false, group: "dependencies", stanza: "before", default: [] },
  /** Further names by which other jobs may refer to this one. Several jobs may stand for one name. */
  provides: { kind: "words", group: "dependencies", stanza: "provides", default: [] },
  /** Jobs that cannot run at the same time: the one that is started stops the other. */
  conflicts: {
    kind: "references",
    completions: false,
    group: "dependencies",
    stanza: "conflicts",
    default: [],
  },

  /** The name of each instance, with `$VAR`s in it; empty for a job with a single instance. */
  instance: { kind: "text", group: "environment", stanza: "instance", default: "" },
  /** Variables for all processes. */
  env: { kind: "environment", group: "environment", stanza: "env", default: [] },
  /** Names of variables that are added to the job's own events. */
  export: { kind: "variables", group: "environment", stanza: "export", default: [] },

  /** True: the job is done when its main process ends. Otherwise it is up as long as that runs. */
  task: { kind: "flag", group: "lifecycle", stanza: "task", default: false },
  /** True: the main process is started again when it ends on its own. */
  respawn: { kind: "flag", group: "lifecycle", stanza: "respawn", within: "respawn", default: false },
  /** More respawns than this end the job. */
  respawnLimit: {
    kind: "respawnLimit",
    group: "lifecycle",
    stanza: "respawn limit",
    within: "respawn",
    default: { count: 10, interval: 5 },
    rouse: "unlimited",
  },
  /** How long respawns are delayed. */
  respawnDelay: {
    kind: "backoff",
    group: "lifecycle",
    stanza: "respawn delay",
    within: "respawn",
    rouse: USUAL_BACKOFF,
  },
  /**
   * What happens when the respawn limit is reached, once the job is stopped: nothing else (`"stop"`, the default), the event
   * `gave-up`, or the end of init (`"exit"`).
   */
  onGiveUp: {
    kind: "choice",
    choices: ["stop", "event", "exit"],
    group: "lifecycle",
    stanza: "give up",
    default: "stop",
  },
  /**
   * Exit statuses and signals that are no failure and cause no respawn (`normal exit`). Numbers are statuses. A signal
   * without a name is given as its number times 256.
   */
  normalExit: { kind: "exits", group: "lifecycle", stanza: "normal exit", default: [] },
  /** How the main process tells that it is ready. The default is `"none"`. */
  expect: { kind: "choice", choices: EXPECTATIONS, group: "lifecycle", stanza: "expect", default: "none" },
  /**
   * The path of a file in which the job's daemon tells its process number. What the job runs forks and ends; the process
   * that the file names is the main process then.
   */
  pidFile: { kind: "text", group: "lifecycle", stanza: "pid file" },
  /**
   * The check that tells when the job is up: until it passes, the job is starting, and who waits for it goes on waiting.
   * `http(…)`, `tcp(…)`, `unix(…)`, `command(…)` or `file(…)`.
   */
  ready: { kind: "check", use: "ready", group: "lifecycle", stanza: "ready" },
  /**
   * The check of the running job. When it fails several times in a row, the job is unhealthy and is started again, or what
   * the check says with `then`. `http(…)`, `tcp(…)`, `unix(…)`, `command(…)` or `file(…)`.
   */
  alive: { kind: "check", use: "alive", group: "lifecycle", stanza: "alive" },
  /**
   * The running job has to give a sign of life at least so often: `WATCHDOG=1` over `NOTIFY_SOCKET` (sd_notify(3)). One
   * that does not gets SIGABRT, and what follows is what follows from the end of its main process. 0: none is expected.
   */
  watchdog: { kind: "seconds", group: "lifecycle", stanza: "watchdog" },
  /** The job is started again when it uses more than this: `{ memory: "512MB" }`. */
  restartAbove: { kind: "ceilings", group: "lifecycle", stanza: "restart above" },
  /** How long a start may take once its event `starting` is done, until the job is up. The default is 90 seconds; or `"none"`. */
  startTimeout: { kind: "timeLimit", group: "lifecycle", stanza: "start timeout", rouse: 90 },
  /** The signal that tells the main process to end. The default is `"TERM"`. */
  killSignal: { kind: "signal", group: "lifecycle", stanza: "kill signal", default: 15 },
  /** The time between `killSignal` and SIGKILL. The default is 5 seconds. */
  killTimeout: { kind: "seconds", group: "lifecycle", stanza: "kill timeout", default: 5 },
  /**
   * What goes when the main process has ended, or the job is stopped: all that is left of its processes (`"group"`, the
   * default), or the main process and its process group alone (`"main"`).
   */
  killMode: {
    kind: "choice",
    choices: ["main", "group"],
    group: "lifecycle",
    stanza: "kill mode",
    default: "main",
    rouse: "group",
  },
  /** The signal that `initctl reload` sends. The default is `"HUP"`. */
  reloadSignal: { kind: "signal", group: "lifecycle", stanza: "reload signal", default: 1 },
  /** True: the main process stops itself before it runs its command, for a debugger. */
  debug: { kind: "flag", group: "lifecycle", stanza: "debug", default: false },
  /**
   * True: init ends when the job does, with its exit status, as with `--exit-with`. `"failure"`, `"success"`: when it ends
   * like that. There is no such stanza.
   */
  endsInit: { kind: "choice", choices: [true, false, "failure", "success"], group: "lifecycle" },

  /**
   * Where output goes. The default is init's `--default-console`, which is `"log"` by default: a log, written through a
   * terminal, so that programs print line by line. `"pipe"` is a log, too, for programs that print much.
   */
  console: { kind: "choice", choices: CONSOLES, group: "surroundings", stanza: "console" },
  /**
   * When the log file is rotated, and what is kept of it: `{ size: "10MB", age: "7d", keep: 5, compress: "gzip" }`, or
   * `"none"`. The default is init's `--log-rotate`, and without that `{ size: "10MB", keep: 5, compress: "gzip" }`; of a
   * `.conf` file it is none then.
   */
  logRotate: { kind: "rotation", group: "surroundings", stanza: "log rotate" },
  /**
   * How much the job may print: `{ lines: 10000, bytes: "1MB", per: "30s" }`, or one of the two. What is beyond is left out,
   * and the log says how much. The default is no limit.
   */
  logLimit: { kind: "logLimit", group: "surroundings", stanza: "log limit" },
  /**
   * Where output goes: `"file"` (the default), `"syslog"` or `"syslog:local3.notice"`, `"journald"`, `"stdout"` of init, or
   * `"otlp:http://collector:4318/v1/logs"`; or several of them.
   */
  logTo: { kind: "logTargets", group: "surroundings", stanza: "log to" },
  /** File mode creation mask, as a number (`0o022`) or in octal digits (`"022"`). The default is init's own. */
  umask: { kind: "mask", group: "surroundings", stanza: "umask" },
  /** Scheduling priority, −20 (most urgent) to 19. The default is init's own. */
  nice: { kind: "integer", lowest: -20, highest: 19, group: "surroundings", stanza: "nice" },
  /**
   * I/O priority: a class, with a level from 0 (most urgent) to 7 behind it if it is not 4, e.g. `"best-effort 7"`; or
   * `"idle"`. The default is init's own.
   */
  ioPriority: { kind: "choice", choices: IO_PRIORITIES, group: "surroundings", stanza: "ioprio" },
  /** −999 (least likely to be killed when memory runs out) to 1000, or `"never"` (`oom score`). */
  oomScore: { kind: "oomScore", group: "surroundings", stanza: "oom score" },
  /** Resource limits, in the units of setrlimit(2). */
  limit: { kind: "limits", group: "surroundings", stanza: "limit", default: {} },
  /** Root directory. */
  chroot: { kind: "text", group: "surroundings", stanza: "chroot" },
  /** Working directory. The default is `/`. */
  chdir: { kind: "text", group: "surroundings", stanza: "chdir" },
  /** The user to run as. */
  setuid: { kind: "account", group: "surroundings", stanza: "setuid", module: "user" },
  /** The group to run as. */
  setgid: { kind: "account", group: "surroundings", stanza: "setgid", module: "group" },
  /** Control groups to run in, and their settings. */
  cgroups: { kind: "cgroups", group: "surroundings", stanza: "cgroup", module: "cgroup", default: [] },
  /** Path of an AppArmor profile to load before the first process starts. */
  apparmorLoad: { kind: "text", group: "surroundings", stanza: "apparmor load", within: "apparmor" },
  /** Name of the AppArmor profile that the main process runs under. */
  apparmorSwitch: { kind: "text", group: "surroundings", stanza: "apparmor switch", within: "apparmor" },
} as const satisfies Record<string, FieldRow>;

/** The table's type. */
export type Fields = typeof FIELDS;

/** The name of a field in a definition. */
export type FieldName = keyof Fields;

/** The names of the fields whose values are of this kind. */
export type FieldOfKind<Kind extends FieldKind> = {
  [Name in FieldName]: Fields[Name] extends { kind: Kind } ? Name : never;
}[FieldName];

/** The fields, with their rows, in the order in which they are written. */
export const FIELD_ROWS = Object.entries(FIELDS) as ReadonlyArray<readonly [FieldName, FieldRow]>;

/** The name of a field of dependencies. */
export type DependencyField = {
  [Name in FieldName]: Fields[Name] extends { group: "dependencies" } ? Name : never;
}[FieldName];

/** The fields of dependencies. Each is a list of words, and its stanza has its name. */
export const DEPENDENCY_FIELDS = FIELD_ROWS.flatMap(([name, { group }]) =>
  group === "dependencies" ? [name as DependencyField] : []
);

/** The name of the field of job modules that says what a field of the definition holds. */
export function moduleField(name: FieldName): string {
  const { within, module }: FieldRow = FIELDS[name];
  return within ?? module ?? name;
}

/** The fields of job modules that hold a process, by that process's name, which is its stanza's, too. */
export const PROCESS_FIELDS = {
  main: "main",
  "pre-start": "preStart",
  "post-start": "postStart",
  "pre-stop": "preStop",
  "post-stop": "postStop",
} as const satisfies Record<ProcessName, string>;
