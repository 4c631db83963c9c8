/** The table of processes: who is whose child, and what becomes of orphans. */

import type { Clock } from "./clock.ts";
import { ECHILD, ESRCH } from "./open_file.ts";
import type { Inode } from "./inodes.ts";
import { Process, type ProcessHost, SIGCHLD } from "./process.ts";

/** What waitid(2) gives. */
export interface Waited {
  process: Process;
  code: number;
  status: number;
}

/** waitid(2)'s options. */
const STOPPED = 2, EXITED = 4, CONTINUED = 8, NOWAIT = 0x1000000;

/** How a change is called (siginfo_t(3type)). */
const CLD_EXITED = 1, CLD_KILLED = 2, CLD_DUMPED = 3, CLD_STOPPED = 5, CLD_CONTINUED = 6;

/** How many numbers there are: they are used again. */
const MOST_PIDS = 4_000_000;

/** The table. */
export class Processes implements ProcessHost {
  readonly all = new Map<number, Process>();
  readonly init: Process;
  #last: number;
  /** Who could not be reaped by anybody else: told of each process that has ended. */
  onEnded: (ended: Process) => void = () => {};

  /** @param pid That of init, which all orphans become children of. */
  constructor(private readonly clock: Clock, root: Inode, pid: number) {
    this.init = new Process(this, pid, undefined, 0, root);
    this.all.set(pid, this.init);
    this.#last = Math.max(pid, 100);
  }

  /** Makes a child, with what fork(2) copies. */
  fork(parent: Process): Process {
    do this.#last = this.#last >= MOST_PIDS ? 300 : this.#last + 1; while (this.all.has(this.#last));
    const child = new Process(this, this.#last, parent, this.clock.now, parent.directory);
    const { uid, gid, umask, argv, environment, command, controlGroup, descriptorLimit } = parent;
    Object.assign(child, { uid, gid, umask, argv, environment, command, controlGroup });
    child.descriptorLimit = { ...descriptorLimit };
    for (const [fd, { file, closesOnExecute }] of parent.descriptors) child.place(fd, file, closesOnExecute);
    for (const [signal, action] of parent.actions) {
      if (action === "ignore") child.actions.set(signal, action);
    }
    child.blocked = new Set(parent.blocked);
    this.all.set(child.pid, child);
    return child;
  }

  ended(process: Process): void {
    for (const child of [...process.children]) {
      process.children.delete(child);
      child.parent = this.init;
      this.init.children.add(child);
      if (child.hasEnded) this.init.signal(SIGCHLD);
    }
    this.onEnded(process);
    const { parent } = process;
    // A parent that ignores SIGCHLD has no zombies.
    if (!parent || parent.actions.get(SIGCHLD) === "ignore") this.#remove(process);
    else parent.signal(SIGCHLD);
  }

  told(process: Process): void {
    process.parent?.signal(SIGCHLD);
  }

  #remove(process: Process): void {
    process.parent?.children.delete(process);
    this.all.delete(process.pid);
  }

  /** waitid(2): what there is to tell of the children of a process, or of one of them; undefined when nothing for now. */
  wait(parent: Process, pid: number | undefined, options: number): Waited | undefined | number {
    const children = [...parent.children].filter((child) => pid === undefined || child.pid === pid);
    if (children.length === 0) return ECHILD;
    for (const process of children) {
      const found = changeOf(process, options);
      if (!found) continue;
      if (!(options & NOWAIT)) {
        if (process.hasEnded) this.#remove(process);
        process.change = undefined;
      }
      return { process, ...found };
    }
    return undefined;
  }

  /** kill(2). */
  kill(sender: Process, pid: number, signal: number): number {
    const group = pid === 0 ? sender.group : -pid;
    const found = pid > 0
      ? [this.all.get(pid)].filter((process) => process !== undefined)
      : [...this.all.values()].filter((process) =>
        pid === -1
          ? process.pid !== 1 && process !== sender && process !== this.init
          : process.group === group
      );
    if (found.length === 0) return ESRCH;
    for (const process of found) process.signal(signal);
    return 0;
  }
}

function changeOf(
  { exit, change }: Process,
  options: number,
): Pick<Waited, "code" | "status"> | undefined {
  if (exit) {
    if (!(options & EXITED)) return undefined;
    if ("status" in exit) return { code: CLD_EXITED, status: exit.status };
    return { code: exit.core ? CLD_DUMPED : CLD_KILLED, status: exit.signal };
  }
  if (change && "stopped" in change && options & STOPPED) {
    return { code: CLD_STOPPED, status: change.stopped };
  }
  if (change && "continued" in change && options & CONTINUED) return { code: CLD_CONTINUED, status: 18 };
  return undefined;
}
