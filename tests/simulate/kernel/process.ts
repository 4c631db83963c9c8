/** A process: its descriptors, signals and life. */

import type { Exit } from "../../../lib/model/exit.ts";
import type { Inode } from "./inodes.ts";
import { EBADF, EMFILE, type OpenFile } from "./open_file.ts";

/** A descriptor. */
interface Descriptor {
  file: OpenFile;
  closesOnExecute: boolean;
}

/** A change that waitid(2) tells of. */
export type Change = { stopped: number } | { continued: true };

/** What a process does with a signal: what the kernel does, nothing, or what its program does. */
export type Action = "default" | "ignore" | ((signal: number) => void);

/** Numbers of signals (signal(7)). */
export const SIGHUP = 1,
  SIGKILL = 9,
  SIGPIPE = 13,
  SIGTERM = 15,
  SIGCHLD = 17,
  SIGCONT = 18,
  SIGSTOP = 19,
  SIGTSTP = 20,
  SIGURG = 23,
  SIGWINCH = 28;

/** Signals that do nothing by default. */
const HARMLESS = new Set([SIGCHLD, SIGCONT, SIGURG, SIGWINCH]);

/** What processes need of the kernel. */
export interface ProcessHost {
  readonly init: Process;
  ended(subject: Process): void;
  /** A process has stopped or gone on. */
  told(subject: Process): void;
}

/** A process. */
export class Process {
  group: number;
  session: number;
  uid = 0;
  gid = 0;
  umask = 0o022;
  argv: string[] = [];
  environment: string[] = [];
  command = "";
  /** What it has set of its own cgroup. */
  controlGroup = "/";
  hasExecuted = false;
  readonly children = new Set<Process>();
  readonly descriptors = new Map<number, Descriptor>();
  readonly actions = new Map<number, Action>();
  /** The handlers that it has installed by sigaction(2), as it has written them. */
  readonly installed = new Map<number, Uint8Array>();
  /** Gives a signal back to the handler that its runtime has for it. */
  restoreHandler: (signal: number) => void = () => {};
  /** Signals that are blocked, and those that came meanwhile. */
  blocked = new Set<number>();
  readonly pending = new Set<number>();
  exit: Exit | undefined;
  /** What its parent has not been told of yet. */
  change: Change | undefined;
  isStopped = false;
  descriptorLimit = { soft: 1024, hard: 4096 };
  /** Called when it ends, or goes on after a stop. */
  readonly onEnd = new Set<() => void>();
  onContinue: Array<() => void> = [];
  /** The number of programs that it has executed: what an earlier one has begun is over. */
  programs = 0;

  constructor(
    private readonly host: ProcessHost,
    readonly pid: number,
    public parent: Process | undefined,
    readonly started: number,
    public directory: Inode,
  ) {
    this.group = parent?.group ?? pid;
    this.session = parent?.session ?? pid;
    parent?.children.add(this);
  }

  get hasEnded(): boolean {
    return this.exit !== undefined;
  }

  /** The lowest free descriptor from a number on; negative when there is none. */
  #free(least: number): number {
    let fd = least;
    while (this.descriptors.has(fd)) fd++;
    return fd < this.descriptorLimit.soft ? fd : EMFILE;
  }

  /** Gives an open file a descriptor. */
  open(file: OpenFile, closesOnExecute = true, least = 0): number {
    const fd = this.#free(least);
    if (fd < 0) {
      file.hold().release();
      return fd;
    }
    this.descriptors.set(fd, { file: file.hold(), closesOnExecute });
    return fd;
  }

  /** Has a descriptor stand for an open file (dup2(2)). */
  place(fd: number, file: OpenFile, closesOnExecute: boolean): void {
    file.hold();
    this.close(fd);
    this.descriptors.set(fd, { file, closesOnExecute });
  }

  file(fd: number): OpenFile | undefined {
    return this.descriptors.get(fd)?.file;
  }

  close(fd: number): number {
    const descriptor = this.descriptors.get(fd);
    if (!descriptor) return EBADF;
    this.descriptors.delete(fd);
    descriptor.file.release();
    return 0;
  }

  /** What execve(2) does to a process. */
  executed(argv: string[], environment: string[]): void {
    for (const [fd, { closesOnExecute }] of [...this.descriptors]) if (closesOnExecute) this.close(fd);
    for (const [signal, action] of [...this.actions]) {
      if (typeof action === "function") this.actions.delete(signal);
    }
    this.installed.clear();
    this.argv = argv;
    this.environment = environment;
    this.command = argv[0]?.split("/").at(-1)?.slice(0, 15) ?? "";
    this.hasExecuted = true;
    this.programs++;
  }

  /** A signal comes. */
  signal(signal: number): void {
    if (this.hasEnded || signal === 0) return;
    if (signal === SIGCONT || signal === SIGKILL) this.#goOn();
    if (signal === SIGKILL) return this.end({ signal });
    if (signal === SIGSTOP) return this.#stop(signal);
    if (this.blocked.has(signal)) return void this.pending.add(signal);
    const action = this.actions.get(signal) ?? "default";
    if (typeof action === "function") return action(signal);
    if (action === "ignore" || HARMLESS.has(signal)) return;
    // The kernel keeps process 1 from signals that it does not handle.
    if (this === this.host.init) return;
    if (signal === SIGTSTP) this.#stop(signal);
    else this.end({ signal });
  }

  /** Blocks these signals and no others. */
  block(signals: Iterable<number>): void {
    this.blocked = new Set(signals);
    for (const signal of [...this.pending]) {
      if (this.blocked.has(signal)) continue;
      this.pending.delete(signal);
      this.signal(signal);
    }
  }

  #stop(signal: number): void {
    if (this.isStopped) return;
    this.isStopped = true;
    this.change = { stopped: signal };
    this.host.told(this);
  }

  #goOn(): void {
    if (!this.isStopped) return;
    this.isStopped = false;
    this.change = { continued: true };
    this.host.told(this);
    for (const act of this.onContinue.splice(0)) act();
  }

  /** It ends. Its parent is told. */
  end(exit: Exit): void {
    if (this.hasEnded) return;
    this.exit = exit;
    this.change = undefined;
    for (const fd of [...this.descriptors.keys()]) this.close(fd);
    this.host.ended(this);
    for (const act of this.onEnd) act();
  }
}
