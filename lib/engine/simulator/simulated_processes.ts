/** The processes of a simulation. None really runs: each has a behaviour, which says what it does. */

import { displayName } from "../../model/display_name.ts";
import { type Duration, milliseconds } from "../../model/duration.ts";
import { environment } from "../../model/environment.ts";
import type { Exit } from "../../model/exit.ts";
import type { InstanceProcess } from "../../model/job.ts";
import { SIGKILL, type SignalName, signalName, signalNumber } from "../../model/signals.ts";
import type { Effect, Input } from "../effects.ts";

/**
 * What a simulated process does.
 *
 * - `stays`: it runs until it gets a signal, and ends by that.
 * - `stubborn`: it runs until it gets SIGKILL.
 * - An end: it ends by itself, at once or `after` some time.
 * - `spawnFails`: it cannot be spawned, for this reason.
 */
export type Behaviour = "stays" | "stubborn" | (ProcessEnd & { after?: Duration }) | { spawnFails: string };

/** How a process ends: with an exit status, or by a signal (a name without `SIG`, or a number), maybe with a core dump. */
export type ProcessEnd = { status: number } | { signal: SignalName | number; core?: boolean };

/** A simulated process that runs. */
export interface RunningProcess {
  job: string;
  instance: string;
  process: InstanceProcess;
  behaviour: Behaviour;
}

const FIRST_PID = 1000;

/** What follows from the spawn of a process: inputs for now, and one for later. */
interface SpawnResult {
  inputs: Input[];
  later?: { input: Input; delay: number };
}

/** The processes of a simulation. `trace` gets a line for each thing that happens to one. */
export class SimulatedProcesses {
  /** The processes that run, by their numbers. */
  readonly running: Map<number, RunningProcess> = new Map();
  readonly #behaviours = new Map<string, Behaviour[]>();
  readonly #environments = new Map<string, Record<string, string>>();
  /** What the main processes of a job leave behind. */
  readonly #leftovers = new Map<string, { count: number; stubborn: boolean }>();
  readonly #endedLeftovers = new Set<number>();
  #lastPid = FIRST_PID;

  constructor(private readonly trace: string[]) {}

  /** Sets what a job's process does in its next runs, one behaviour a run, the last one for all further runs. */
  behave(job: string, process: InstanceProcess, behaviours: Behaviour[]): void {
    this.#behaviours.set(`${job} ${process}`, behaviours);
  }

  /** The environment with which a job's process was last spawned; empty when it never was. */
  environment(job: string, process: InstanceProcess): Record<string, string> {
    return this.#environments.get(`${job} ${process}`) ?? {};
  }

  /** Spawns a process, as far as its behaviour allows. */
  spawn(effect: Effect & { kind: "spawn" }): SpawnResult {
    const { spawn, instance, process } = effect;
    const job = effect.definition.name;
    this.#environments.set(`${job} ${process}`, Object.fromEntries(environment(effect.environment)));
    const behaviour = this.#nextBehaviour(job, process);
    if (typeof behaviour === "object" && "spawnFails" in behaviour) {
      this.trace.push(`${displayName(job, instance)} ${process} fails to spawn`);
      return { inputs: [{ kind: "spawn-failed", spawn, reason: behaviour.spawnFails }] };
    }
    const pid = ++this.#lastPid;
    this.running.set(pid, { job, instance, process, behaviour });
    this.trace.push(`${displayName(job, instance)} ${process} runs`);
    const spawned: Input = { kind: "spawned", spawn, pid };
    if (typeof behaviour === "string") return { inputs: [spawned] };
    const { after, ...end } = behaviour;
    const exited: Input = { kind: "exited", pid, exit: exitOf(end) };
    if (after === undefined) return { inputs: [spawned, exited] };
    return { inputs: [spawned], later: { input: exited, delay: milliseconds(after) } };
  }

  /** Takes over a process that runs already. It stays, whatever others like it do. */
  adopt(pid: number, process: Omit<RunningProcess, "behaviour">): void {
    this.running.set(pid, { ...process, behaviour: "stays" });
    this.#lastPid = Math.max(this.#lastPid, pid);
  }

  /** Sends a signal to a process. The input that follows when it ends by that. */
  kill(pid: number, signal: number): Input | undefined {
    const running = this.running.get(pid);
    if (!running) throw new Error(`signal ${signal} for process ${pid}, which does not run`);
    const { job, instance, process, behaviour } = running;
    this.trace.push(`${displayName(job, instance)} ${process} gets ${signalName(signal) ?? signal}`);
    const ends = behaviour === "stubborn" ? signal === SIGKILL : signalName(signal) !== "CONT";
    return ends ? { kind: "exited", pid, exit: { signal } } : undefined;
  }

  /** Has each main process of a job leave so many others behind when it ends; `stubborn`: they end by SIGKILL alone. */
  leave(job: string, count: number, stubborn: boolean): void {
    this.#leftovers.set(job, { count, stubborn });
  }

  /** Sends those a signal that main processes have left behind. Their numbers, before it. */
  endLeftovers({ job, instance, leaders, signal }: Effect & { kind: "end-leftovers" }): number[] {
    const { count = 0, stubborn = false } = this.#leftovers.get(job) ?? {};
    const pids = leaders.flatMap((leader) =>
      Array.from({ length: count }, (_, index) => leader * 1000 + index)
    ).filter((pid) => !this.#endedLeftovers.has(pid));
    if (pids.length > 0 && signal !== 0) {
      this.trace.push(`${displayName(job, instance)} leftovers get ${signalName(signal) ?? signal}`);
    }
    const ends = signal === SIGKILL || signal !== 0 && !stubborn;
    if (ends) { for (const pid of pids) this.#endedLeftovers.add(pid); }
    return pids;
  }

  /** Makes a child of a process, with the same behaviour. It runs when it is `tracked`. */
  fork(pid: number, tracked: boolean): number {
    const child = ++this.#lastPid;
    if (tracked) this.running.set(child, this.running.get(pid)!);
    return child;
  }

  /** Removes a process that has ended. */
  ended(pid: number, exit: Exit): void {
    const { job, instance, process } = this.running.get(pid)!;
    this.running.delete(pid);
    this.trace.push(`${displayName(job, instance)} ${process} ends ${inWords(exit)}`);
  }

  #nextBehaviour(job: string, process: InstanceProcess): Behaviour {
    const behaviours = this.#behaviours.get(`${job} ${process}`);
    const next = behaviours && behaviours.length > 1 ? behaviours.shift() : behaviours?.[0];
    return next ?? (process === "main" ? "stays" : { status: 0 });
  }
}

/**
 * The exit that an end stands for.
 * @throws {RangeError} when there is no signal of that name.
 */
export function exitOf(end: ProcessEnd): Exit {
  if ("status" in end) return { status: end.status };
  const signal = typeof end.signal === "number" ? end.signal : signalNumber(end.signal);
  if (signal === undefined) throw new RangeError(`there is no signal ${end.signal}`);
  return { signal, ...(end.core && { core: true }) };
}

/** An exit in a line of the trace: its status, or the name of its signal. */
export function inWords(exit: Exit): string {
  return "status" in exit ? String(exit.status) : signalName(exit.signal) ?? String(exit.signal);
}
