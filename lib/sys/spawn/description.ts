/** The description of a child process to start, as data. */

import type { IoPriority } from "../../model/fields.ts";
import type { Limit, Resource } from "../../model/job.ts";

/** A file that a child appends to. */
interface AppendedFile {
  path: string;
  /** The mode of a file that is made, less the umask. */
  mode: number;
  /** True: a symbolic link in its place is not followed. */
  noLink?: boolean;
}

/** How the kernel shares out the processors. */
export interface Scheduler {
  /** The number of the policy; undefined: that of this process. */
  policy?: number;
  priority: number;
}

/** Sets of capabilities, by their numbers (capabilities(7)). */
export interface Capabilities {
  /** Kept when a program is executed whose file allows it. */
  inheritable: readonly number[];
  /** Kept whatever program is executed. They must be inheritable, too. */
  ambient: readonly number[];
  /** Those that no program gets any more. */
  forbidden: readonly number[];
  /** Those that this process has. */
  permitted: readonly number[];
}

/**
 * A child to start. What is absent stays as in this process, except for signals: all have their default dispositions, and
 * none is blocked.
 */
export interface SpawnDescription {
  /** The program and its arguments. A first word without a slash is looked up in the `PATH` of `environment`. */
  argv: string[];
  /** The program, where the first of the arguments does not name it. */
  program?: string;
  /** The child's whole environment, as `KEY=VALUE`. */
  environment: string[];
  /**
   * The child's descriptors: this process's by the child's numbers, e.g. `{ 0: nullFd, 1: logFd, 2: logFd }`. All others
   * are closed in the child; all stay open in this process.
   */
  descriptors: Record<number, number>;
  /** Further descriptors: files that the child opens to append to them, as its user, and makes if they are not there. */
  appended?: Readonly<Record<number, AppendedFile>>;
  /**
   * The child begins when something is written to this pipe, or its writing end is closed everywhere but in the child: until
   * then its number can be noted.
   */
  gate?: { reader: number; writer: number };
  /** Makes the child the leader of a new session and process group (setsid(2)). */
  newSession?: boolean;
  /** Takes the terminal at the child's descriptor 0 as its controlling terminal; needs `newSession`. */
  controllingTerminal?: boolean;
  /**
   * Makes the child the leader of a new process group, and that group the foreground process group of the session's
   * terminal, which is the child's descriptor 0 (tcsetpgrp(3)). Not with `newSession`.
   */
  foreground?: boolean;
  /** Paths of `cgroup.procs` (or `tasks`) files: the child enters these control groups. */
  cgroups?: string[];
  /** −1000 to 1000 (proc(5), `oom_score_adj`). */
  oomScore?: number;
  /** Name of the AppArmor profile to change to at exec. */
  apparmorSwitch?: string;
  /** −20 to 19 (setpriority(2)). */
  nice?: number;
  /** ioprio_set(2). */
  ioPriority?: IoPriority;
  /** sched_setscheduler(2). */
  scheduler?: Scheduler;
  /** setrlimit(2). */
  limit?: Partial<Record<Resource, Limit>>;
  /** File mode creation mask. */
  umask?: number;
  chroot?: string;
  /** Within `chroot`, if there is one. */
  chdir?: string;
  /** Supplementary groups, set with setgroups(2). */
  groups?: number[];
  gid?: number;
  /** The securebits flags (capabilities(7)). */
  securebits?: number;
  uid?: number;
  /** The capabilities of the program, whatever its user. */
  capabilities?: Capabilities;
  /** The program and its descendants gain no privileges by execve(2) (prctl(2), PR_SET_NO_NEW_PRIVS). */
  noNewPrivileges?: boolean;
  /**
   * Confines the child and its descendants (confinement.ts): they stay in the child's process group, which `newSession`
   * makes, they gain no privileges, and they are killed when this process ends. The number is that of the child's
   * descriptor of the reading end of a pipe; only this process may have the writing end.
   */
  confinementPipe?: number;
  /** The child, but not its descendants, is killed when this process ends: for where the confinement pipe cannot do it. */
  diesWithParent?: boolean;
  /**
   * The child stops itself before execve(2) (init(5), `debug`). It is then forked with a copy of the memory, so that this
   * process can go on. Failures are not reported: the child exits with status 127.
   */
  stopped?: boolean;
}

/**
 * The steps until the child executes its program, in their order. The names are part of messages that scripts read, so
 * they are Upstart's where Upstart has the step.
 */
const STEPS = [
  "fork",
  "wait for its number",
  "create session",
  "join control group",
  "set oom adjustment",
  "switch security profile",
  "place descriptors",
  "tie to its parent",
  "set controlling terminal",
  "take the terminal",
  "set priority",
  "set I/O priority",
  "set scheduler",
  "set resource limit",
  "set umask",
  "change root directory",
  "change working directory",
  "initgroups",
  "setgid",
  "set securebits",
  "keep capabilities",
  "setuid",
  "set capabilities",
  "forbid new privileges",
  "open its output",
  "confine to its process group",
  "stop",
  "execute",
] as const;

/** The name of a step. */
export type SpawnStep = (typeof STEPS)[number] | `set "${Resource}" resource limit`;

/** The failure to start a child. The child has not executed its program, and has been reaped. */
export interface SpawnFailure {
  step: SpawnStep;
  errno: number;
  /** The error's name, e.g. `ENOENT`. */
  code: string;
  /** `unable to change working directory: No such file or directory`, as Upstart has it. */
  message: string;
  /** The object of the step, to be put behind its name: ` to /nowhere`. */
  subject: string;
  /** The exception, where one of our own code kept the child from being made. */
  fault?: unknown;
  /** The reason for the error, where it is known: `it is not executable`. */
  cause?: string;
}

/** The result of starting a child: its pid, or the failure. */
export type SpawnResult = { pid: number; failed?: undefined } | { failed: SpawnFailure; pid?: undefined };
