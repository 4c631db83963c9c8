/** The reaping of child processes, and the engine's inputs that follow from their stops and exits. */

import type { Exit } from "../../model/exit.ts";
import type { Notice } from "../../model/requests.ts";
import { SIGKILL } from "../../model/signals.ts";
import type { Input, TrackedProcess } from "../../engine/effects.ts";
import type { Engine } from "../../engine/engine.ts";
import { type ChildStateChange, reap } from "../../sys/process/processes.ts";
import type { InitContext } from "../init_context.ts";
import type { Part } from "../parts/part.ts";
import type { ProcessOutput } from "../logs/process_output.ts";
import { findForkedProcess, watchForkedProcess } from "./fork_tracking.ts";
import { MemoryKills, type SavedMemoryKills } from "./memory_kills.ts";
import { signalProcess } from "./signalling.ts";

/** How many changes of children are taken from the kernel at a time. */
const REAP_AT_ONCE = 256;

/** Where the reaper reports to. */
interface ChildListener {
  /** Receives the engine's input. */
  handle(input: Input): void;
  /** Receives `process-ended`, which the engine knows nothing of. */
  notify(notice: Notice): void;
}

/** What is saved of {@link ChildReaper}. */
export interface SavedChildren {
  /** Processes with the number of the channel that their output is read from. */
  outputs: Array<[pid: number, channel: number]>;
  /** Processes that are watched until they fork no more, with the ID of the process that forked them. */
  forked: Array<[process: TrackedProcess, parent: number]>;
  memoryKills: SavedMemoryKills;
}

/** Reaps all children of init, orphans included. */
export class ChildReaper implements Part<SavedChildren> {
  readonly #outputs = new Map<number, Pick<ProcessOutput, "ended" | "channel">>();
  readonly #forked = new Map<TrackedProcess, number>();
  /** Who is told of the end of processes that are init's own, and no job's. */
  readonly #own = new Map<number, (exit: Exit) => void>();
  /** Those of them that leave nothing behind. */
  readonly #alone = new Set<number>();
  readonly #memoryKills = new MemoryKills();

  constructor(
    private readonly engine: () => Engine,
    private readonly context: Pick<InitContext, "messages" | "processes" | "onIdle">,
    private readonly listener: ChildListener,
  ) {
    context.processes.controlGroups.onChanged = (group) => this.#memoryKills.forget(group);
  }

  /** Keeps the output of a process that was started, to read the rest of it when the process has exited. */
  add(pid: number, output: ProcessOutput): void {
    this.#outputs.set(pid, output);
  }

  /**
   * Tells of the end of a process that init has started for itself.
   * @param isAlone What is left of its process group is killed when it has ended.
   */
  onEnd(pid: number, listener: (exit: Exit) => void, isAlone = false): void {
    this.#own.set(pid, listener);
    if (isAlone) this.#alone.add(pid);
  }

  /** Takes what happened to children from the kernel and follows it up. To be called after SIGCHLD. */
  reap(): void {
    const { messages, processes } = this.context;
    const changes = reap(REAP_AT_ONCE, "process", (pid) => this.#killRest(pid));
    for (const change of changes) messages.attempt("the follow-up of a child", () => this.#changed(change));
    processes.controlGroups.removeUnused();
    if (changes.length === REAP_AT_ONCE) setImmediate(() => this.reap());
  }

  /** Kills what a process leaves behind that leaves nothing, before its number, and that of its group, may be another's. */
  #killRest(pid: number): void {
    const { messages, processes } = this.context;
    // It may not have been told yet that it was started.
    messages.attempt("the start of a process", () => processes.spawner.changed(pid));
    if (this.#alone.delete(pid)) signalProcess(pid, SIGKILL, true, messages);
  }

  /** Follows up the end of a main process that is no child of init's. */
  ended(pid: number, exit: Exit): void {
    this.#changed({ pid, exit });
  }

  /** How a process ended, and whether that was for lack of memory. */
  #explained(pid: number, exit: Exit): Exit {
    if (!("signal" in exit) || exit.signal !== SIGKILL) return exit;
    const owner = this.engine().ownerOf(pid);
    const groups = owner ? this.context.processes.controlGroups.groupsOf(owner.job, owner.instance) : [];
    return this.#memoryKills.hasJustKilled(groups) ? { ...exit, isOutOfMemory: true } : exit;
  }

  #changed(change: ChildStateChange): void {
    const { pid } = change, { messages, processes } = this.context;
    processes.spawner.changed(pid);
    if ("stopped" in change) return this.listener.handle({ kind: "stopped", pid, signal: change.stopped });
    if (!("exit" in change)) return;
    const exit = messages.attempt("the cause of an exit", () => this.#explained(pid, change.exit)) ??
      change.exit;
    const listener = this.#own.get(pid);
    if (this.#own.delete(pid)) {
      messages.attempt("the follow-up of init's own process", () => listener!(exit));
    }
    const output = this.#outputs.get(pid);
    this.#outputs.delete(pid);
    messages.attempt("the reading of a process's last output", () => output?.ended());
    const owner = this.engine().ownerOf(pid);
    const trackedProcess = messages.attempt(
      "the search for a daemon",
      () => this.#findForked(pid, exit),
    );
    if (owner && !trackedProcess) {
      this.listener.notify({ kind: "process-ended", ...owner, pid, exit });
    }
    this.listener.handle({
      kind: "exited",
      pid,
      exit,
      ...(trackedProcess && { trackedProcess }),
    });
    if (trackedProcess) this.#watchForked(trackedProcess, pid);
    if (!this.engine().hasProcesses) this.context.onIdle();
  }

  /** The process that a daemon has left behind, where the job says that it forks. */
  #findForked(pid: number, exit: Exit): TrackedProcess | undefined {
    if (!this.engine().tracksForks(pid, exit, performance.now())) return undefined;
    const owner = this.engine().ownerOf(pid);
    const isKnown = (other: number) => this.engine().ownerOf(other) !== undefined;
    if (!owner) return undefined;
    const grouped = this.context.processes.controlGroups.processesOf(owner.job, owner.instance);
    return findForkedProcess({ pid, ...owner, isKnown, grouped });
  }

  save(): SavedChildren {
    const outputs = Array.from(this.#outputs).flatMap(([pid, { channel }]) => (
      channel === undefined ? [] : [[pid, channel] as [number, number]]
    ));
    const forked = Array.from(this.#forked).filter(([{ pid }]) => this.engine().isForking(pid));
    return { outputs, forked, memoryKills: this.#memoryKills.save() };
  }

  /** To be called when the engine and the output of jobs are restored. */
  restore({ outputs, forked, memoryKills }: SavedChildren): void {
    this.#memoryKills.restore(memoryKills);
    const { output } = this.context.processes;
    for (const [pid, channel] of outputs) {
      this.#outputs.set(pid, { channel, ended: () => output.drain(channel) });
    }
    for (const [process, parent] of forked) this.#watchForked(process, parent);
  }

  #watchForked(forked: TrackedProcess, parent: number): void {
    for (const process of this.#forked.keys()) {
      if (!this.engine().isForking(process.pid)) this.#forked.delete(process);
    }
    this.#forked.set(forked, parent);
    const isAwaited = () => this.engine().isForking(forked.pid);
    watchForkedProcess(forked, parent, isAwaited, (isCertain) => {
      this.#forked.delete(forked);
      this.listener.handle({ kind: "settled", pid: forked.pid, isCertain });
    });
  }
}
