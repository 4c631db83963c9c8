/**
 * The job definition: plain data that every format (TypeScript modules, `.conf`, init scripts) is turned
 * into, and all that the engine knows of a job. It survives JSON, so evaluator children can print it.
 */

import type { Condition } from "./condition.ts";
import type { Exit } from "./exit.ts";

/** The processes that a job may have, by the names of init(5). */
export const PROCESS_NAMES = ["main", "pre-start", "post-start", "pre-stop", "post-stop"] as const;

/** The name of one of a job's processes. */
export type ProcessName = (typeof PROCESS_NAMES)[number];

/** The processes that an instance may have: the job's own, and the one that loads its AppArmor profile. */
export const INSTANCE_PROCESSES = [...PROCESS_NAMES, "security"] as const;

/** The name of one of an instance's processes. */
export type InstanceProcess = (typeof INSTANCE_PROCESSES)[number];

/** What one process of a job runs. */
export type Program =
  /** `exec COMMAND`: split at blanks, or given to the shell when it holds a character special to it. */
  | { kind: "exec"; command: string }
  /** `script … end script`: given to `/bin/sh -e`. */
  | { kind: "script"; text: string }
  /** Words passed on as they are, but for `$VAR` and `${VAR}`, which are expanded without a shell. */
  | { kind: "arguments"; words: string[] }
  /** A function of a job module, run in a child of its own. */
  | { kind: "function"; module: string; job: string };

/** Where a job's standard streams go (init(5), `console`). `pipe` is `log` with a pipe in the terminal's place. */
export const CONSOLES = ["none", "log", "pipe", "output", "owner"] as const;
export type Console = (typeof CONSOLES)[number];

/** How the main process tells that it is ready (init(5), `expect`). */
export const EXPECTATIONS = ["none", "stop", "fork", "daemon"] as const;
export type Expectation = (typeof EXPECTATIONS)[number];

/** The resources of init(5)'s `limit` stanza, named as in setrlimit(2) without `RLIMIT_`, in lower case. */
export const RESOURCES = [
  "as",
  "core",
  "cpu",
  "data",
  "fsize",
  "memlock",
  "msgqueue",
  "nice",
  "nofile",
  "nproc",
  "rss",
  "rtprio",
  "sigpending",
  "stack",
] as const;
export type Resource = (typeof RESOURCES)[number];

/** A resource limit in the resource's own unit (setrlimit(2)). */
export interface Limit {
  soft: number | "unlimited";
  hard: number | "unlimited";
}

/** `respawn limit COUNT INTERVAL`: more than `count` respawns within `interval` seconds end the job. */
export interface RespawnLimit {
  count: number;
  /** Seconds. */
  interval: number;
}

/** A `cgroup CONTROLLER [NAME] [KEY VALUE]` stanza. */
export interface Cgroup {
  controller: string;
  name?: string;
  key?: string;
  value?: string;
}

/** A job, in full. Fields bear the names of init(5)'s stanzas; what is absent has the stanza's default. */
export interface JobDefinition {
  /** The file's path below the configuration directory without its ending, e.g. `network/bridge`. */
  name: string;
  /** The file that defines the job, or `compiled-in`. */
  source: string;
  description?: string;
  author?: string;
  version?: string;
  usage?: string;
  startOn?: Condition;
  stopOn?: Condition;
  /** Events that the job's own processes emit, for tools that check configurations. */
  emits: string[];
  /** The name of each instance, with `$VAR`s in it; empty for a job with a single instance. */
  instance: string;
  /** `KEY=VALUE`, or a bare `KEY` whose value is taken from init's own environment. In order; the last wins. */
  env: string[];
  /** Names of variables added to the job's own events. */
  export: string[];
  /** A task is done when its main process ends; a service is up when it runs. */
  task: boolean;
  respawn: boolean;
  /** `"unlimited"`, or the limit; see {@link DEFAULT_RESPAWN_LIMIT}. */
  respawnLimit: RespawnLimit | "unlimited";
  /** Ways for the main process to end that are no failure and lead to no respawn. */
  normalExit: Exit[];
  expect: Expectation;
  /** Seconds between {@link killSignal} and SIGKILL. */
  killTimeout: number;
  /** Signal number. */
  killSignal: number;
  /** Signal number. */
  reloadSignal: number;
  /** Absent: init's `--default-console`. */
  console?: Console;
  /** File mode creation mask, e.g. 0o022; absent: init's own. */
  umask?: number;
  /** −20 to 19; absent: init's own. */
  nice?: number;
  /** −999 to 1000 or `"never"` (−1000); absent: init's own. */
  oomScore?: number | "never";
  chroot?: string;
  chdir?: string;
  limit: Partial<Record<Resource, Limit>>;
  setuid?: string;
  setgid?: string;
  cgroups: Cgroup[];
  /** Path of a profile to load before the first process starts. */
  apparmorLoad?: string;
  /** Name of the profile that the main process runs under. */
  apparmorSwitch?: string;
  /** Init ends when the job does, with its exit status (`--exit-with`); no stanza says so. */
  endsInit?: boolean;
  /** The `debug` stanza: the main process stops itself before exec. */
  debug: boolean;
  processes: Partial<Record<ProcessName, Program>>;
  /**
   * The texts of the module whose functions the processes run and of those that it imports, by their paths:
   * functions are what they were when the job was defined. Absent: they are read when a function runs.
   */
  sources?: Readonly<Record<string, string>>;
}

/** The limit of a job that says nothing of its own: ten times in five seconds (init(5)). */
export const DEFAULT_RESPAWN_LIMIT: Readonly<RespawnLimit> = { count: 10, interval: 5 };

/** A definition of which nothing but name and source is known; parsers fill in the rest. */
export function emptyJob(name: string, source: string): JobDefinition {
  return {
    name,
    source,
    emits: [],
    instance: "",
    env: [],
    export: [],
    task: false,
    respawn: false,
    respawnLimit: { ...DEFAULT_RESPAWN_LIMIT },
    normalExit: [],
    expect: "none",
    killTimeout: 5,
    killSignal: 15,
    reloadSignal: 1,
    limit: {},
    cgroups: [],
    debug: false,
    processes: {},
  };
}
