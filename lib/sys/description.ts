/** A child process to start, described as data. */

import type { Limit, Resource } from "../model/job.ts";

/**
 * A child to start. What is absent stays as it is in this process, except for signals: their dispositions
 * are always the default and none is blocked.
 */
export interface SpawnDescription {
  /** The program and its arguments. A first word without a slash is looked up in the `PATH` of `environment`. */
  argv: string[];
  /** `KEY=VALUE` strings: all that the child gets. */
  environment: string[];
  /**
   * Which of this process's descriptors the child gets, by the child's number: `{ 0: nullFd, 1: logFd, 2: logFd }`.
   * All others are closed. They stay open in this process.
   */
  descriptors: Record<number, number>;
  /** Makes the child the leader of a new session and process group (setsid(2)). */
  newSession?: boolean;
  /** Takes the terminal at the child's descriptor 0 as its controlling terminal; needs `newSession`. */
  controllingTerminal?: boolean;
  /**
   * Makes the child the leader of a process group in this process's session, and that group the one that the terminal
   * at the child's descriptor 0, which is this session's, belongs to (tcsetpgrp(3)). Not with `newSession`.
   */
  foreground?: boolean;
  /** Paths of `cgroup.procs` (or `tasks`) files that the child enters. */
  cgroups?: string[];
  /** −1000 to 1000 (proc(5), `oom_score_adj`). */
  oomScore?: number;
  /** Name of the AppArmor profile to change to at exec. */
  apparmorSwitch?: string;
  /** −20 to 19 (setpriority(2)). */
  nice?: number;
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
  uid?: number;
  noNewPrivileges?: boolean;
  /**
   * The child stops itself before execve (init(5), `debug`). It is then forked, not vforked, so that this process
   * can go on; failures are no longer reported: the child just exits with status 127.
   */
  stopped?: boolean;
}

/**
 * The steps between this process and the program's first instruction, in their order. Failures name them, and
 * scripts read what failures say, so the words are Upstart's where it has the step.
 */
export const STEPS = [
  "fork",
  "create session",
  "join control group",
  "set oom adjustment",
  "switch security profile",
  "place descriptors",
  "set controlling terminal",
  "take the terminal",
  "set priority",
  "set resource limit",
  "set umask",
  "change root directory",
  "change working directory",
  "initgroups",
  "setgid",
  "setuid",
  "set no new privileges",
  "stop",
  "execute",
] as const;

/** The name of a step. */
export type SpawnStep = (typeof STEPS)[number] | `set "${Resource}" resource limit`;

/** Why a child could not be started; it never ran the program and has been reaped. */
export interface SpawnFailure {
  step: SpawnStep;
  errno: number;
  /** The error's name, e.g. `ENOENT`. */
  code: string;
  /** `unable to change working directory: No such file or directory`. */
  message: string;
}

/** The child's pid, or what failed. */
export type SpawnResult = { pid: number; failed?: undefined } | { failed: SpawnFailure; pid?: undefined };
