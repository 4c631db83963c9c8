/** What goes into the engine and what comes out of it, as data. */

import type { FailureName } from "../model/failure.ts";
import type { Exit } from "../model/exit.ts";
import type { InstanceProcess, JobDefinition } from "../model/job.ts";

/** What a client asks for. Environments are `KEY=VALUE` strings, not checked yet. */
export type Request =
  | { kind: "start" | "stop" | "restart"; job: string; environment: string[]; wait: boolean }
  | { kind: "start" | "stop" | "restart"; job: string; instance: string; wait: boolean }
  /** Sends the job's reload signal to the main process of an instance. */
  | { kind: "reload"; job: string; instance: string }
  | { kind: "emit"; event: string; environment: string[]; wait: boolean };

/** A job's new definition; without one the job is removed. */
export interface DefinitionChange {
  name: string;
  definition: JobDefinition | undefined;
}

/** The descendant that lives on in place of a main process, and how many forks lie between the two. */
export interface Successor {
  pid: number;
  forks: number;
}

/** Something that has happened outside. */
export type Input =
  | { kind: "definitions"; changes: DefinitionChange[] }
  /** `request` is a number of the caller's choice that comes back in the `answer`. */
  | { kind: "request"; request: number; what: Request }
  /** An event of init's own, such as startup. */
  | { kind: "event"; event: string; environment: string[] }
  | { kind: "spawned"; spawn: number; pid: number }
  /** The process is not needed here: the instance goes on without it. */
  | { kind: "spawn-skipped"; spawn: number }
  /**
   * `reason` reads on behind "Failed to spawn web main process: "; `status` is what a shell's exit status would be,
   * 126 when absent.
   */
  | { kind: "spawn-failed"; spawn: number; reason: string; status?: number }
  /** `successor`: the process that lives on in its place, looked for when {@link Engine.follows} says so. */
  | { kind: "exited"; pid: number; exit: Exit; successor?: Successor }
  | { kind: "stopped"; pid: number; signal: number }
  | { kind: "timer"; timer: number }
  /**
   * No job is respawned any more, and every instance is stopped, at once or in the order that the conditions imply.
   */
  | { kind: "stop-all"; inOrder?: boolean };

/** Something to be done outside, in the order given. */
export type Effect =
  /** Spawn a process and tell how it went with `spawned` or `spawn-failed` of the same number. */
  | {
    kind: "spawn";
    spawn: number;
    definition: JobDefinition;
    instance: string;
    process: InstanceProcess;
    environment: string[];
  }
  /** Send a signal to a process, or to its whole process group. */
  | { kind: "kill"; pid: number; signal: number; group: boolean }
  /** `delay` in ms; 0: as soon as all effects so far have been done. */
  | { kind: "set-timer"; timer: number; delay: number }
  | { kind: "clear-timer"; timer: number }
  /** `instance`: the name of the instance that the request was about, empty for emit. */
  | { kind: "answer"; request: number; instance: string; error?: { name: FailureName; message: string } }
  | { kind: "log"; priority: "info" | "warn"; message: string }
  | { kind: "notice"; notice: Notice };

/** Something that clients may want to know. */
export type Notice =
  | { kind: "job-added" | "job-removed"; job: string }
  | { kind: "instance-added"; job: string; instance: string }
  /** `exit` is how its last run ended: see {@link Instance.result}. */
  | { kind: "instance-removed"; job: string; instance: string; exit: Exit }
  | { kind: "goal-changed"; job: string; instance: string; goal: string }
  | { kind: "state-changed"; job: string; instance: string; state: string }
  /** `status` is the exit status of the process that failed, its signal times 256, or −1 if it could not be run. */
  | { kind: "failed"; job: string; instance: string; status: number }
  | { kind: "event-emitted"; event: string; environment: string[] };

/** What is told only where somebody wants to know: messages of the priority info, and notices by their kinds. */
export type Telling = "info" | Notice["kind"];

/** All of it. */
export const TELLINGS: readonly Telling[] = [
  "info",
  "job-added",
  "job-removed",
  "instance-added",
  "instance-removed",
  "goal-changed",
  "state-changed",
  "failed",
  "event-emitted",
];
