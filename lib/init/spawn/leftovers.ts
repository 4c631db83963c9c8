/**
 * The processes that a main process has left behind when it ended (`kill mode group`): found in its session, its process
 * group and the control groups of its instance, and sent signals.
 */

import process from "node:process";
import type { Effect, Input } from "../../engine/effects.ts";
import type { Engine } from "../../engine/engine.ts";
import { SIGKILL } from "../../model/signals.ts";
import { SystemError } from "../../sys/call/errno.ts";
import { signalSeen } from "../../sys/process/pidfd.ts";
import { kill } from "../../sys/process/processes.ts";
import { childrenOf, type ProcessStatus, processStatus } from "../../sys/process/procfs.ts";
import type { InitContext } from "../init_context.ts";

/** How many processes one look takes in, and how often it reads the list of orphans: init has other work, too. */
const MOST_PROCESSES = 1000, MOST_READINGS = 3;

/** Looks for such processes when the engine asks for it. It keeps nothing from one time to the next. */
export class LeftoverProcesses {
  /** @param handle Receives the engine's input. */
  constructor(
    private readonly engine: () => Engine,
    private readonly context: Pick<InitContext, "messages" | "processes">,
    private readonly handle: (input: Input) => void,
  ) {}

  /** Sends what is left the signal, and tells the engine what there was. */
  end(effect: Effect & { kind: "end-leftovers" }): void {
    const { job, instance } = effect;
    const found = this.context.messages.attempt("the end of leftover processes", () => this.#end(effect));
    this.handle({ kind: "leftovers", job, instance, pids: found ?? [] });
  }

  #end({ job, instance, leaders, signal }: Effect & { kind: "end-leftovers" }): number[] {
    const { controlGroups } = this.context.processes;
    // A number that a process has again was free meanwhile, so nothing was left of its session.
    const gone = leaders.filter((leader) => processStatus(leader) === undefined);
    const candidates = new Set([...controlGroups.processesOf(job, instance), ...this.#ofSessions(gone)]);
    const left = Array.from(candidates).flatMap((pid) => this.#statusOf(pid) ?? []);
    if (signal !== 0) {
      if (signal === SIGKILL) controlGroups.kill(job, instance);
      // A group gets its signal as a whole, so none of it can escape by forking.
      const isInGroup = ({ processGroup }: ProcessStatus) => gone.includes(processGroup);
      const groups = new Set(left.filter(isInGroup).map(({ processGroup }) => processGroup));
      for (const group of groups) this.#attempt(() => kill(-group, signal));
      for (const one of left) if (!isInGroup(one)) this.#attempt(() => signalSeen(one, signal));
    }
    return left.map(({ pid }) => pid);
  }

  /** The orphans, with their descendants, whose session or process group was led by one of these. */
  #ofSessions(leaders: number[]): number[] {
    if (leaders.length === 0) return [];
    const isOfThem = ({ session, processGroup }: ProcessStatus) =>
      leaders.includes(session) || leaders.includes(processGroup);
    const seen = new Set<number>(), found: number[] = [];
    // An orphan that exits after the list was read leaves its children to init: the list is read again.
    for (let reading = 0; reading < MOST_READINGS; reading++) {
      const orphans = childrenOf(process.pid).filter((pid) => !seen.has(pid));
      if (orphans.length === 0) break;
      for (const pid of orphans) {
        seen.add(pid);
        const status = this.#statusOf(pid);
        if (status && isOfThem(status)) addWithDescendants(found, pid);
      }
    }
    return found;
  }

  /** The status of a process that lives and that the engine does not know as a job's. */
  #statusOf(pid: number): ProcessStatus | undefined {
    if (this.engine().ownerOf(pid)) return undefined;
    const status = processStatus(pid);
    return status && !["Z", "X"].includes(status.state) ? status : undefined;
  }

  #attempt(send: () => boolean): void {
    try {
      send();
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.context.messages.log("warn", error.message);
    }
  }
}

/** Adds a process and its descendants to a list, without looking at all processes of the machine. */
function addWithDescendants(found: number[], pid: number): void {
  const first = found.push(pid) - 1;
  for (let at = first; at < found.length && found.length < MOST_PROCESSES; at++) {
    found.push(...childrenOf(found[at]!));
  }
}
