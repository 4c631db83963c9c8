/** The simulated kernel: all that processes share, and the table of its system calls. */

import type { CallName } from "../../../lib/sys/call/numbers.ts";
import type { Random } from "../random.ts";
import { Clock } from "./clock.ts";
import { DESCRIPTOR_CALLS } from "./calls/descriptors.ts";
import { PROCESS_CALLS } from "./calls/processes.ts";
import { SETTING_CALLS } from "./calls/settings.ts";
import { SOCKET_CALLS } from "./calls/sockets.ts";
import { WAITING_CALLS } from "./calls/waiting.ts";
import type { Inotify } from "./epoll.ts";
import { Faults } from "./faults.ts";
import type { Disk } from "./files.ts";
import { FileTree, Inode, numberInodesAnew } from "./inodes.ts";
import { ENOSYS } from "./open_file.ts";
import type { Process } from "./process.ts";
import { Processes } from "./processes.ts";
import type { Socket } from "./sockets.ts";
import type { Blocked, Call, Handler } from "./thread.ts";
import { TraceHash } from "../trace.ts";

const CALLS: Partial<Record<CallName, Handler>> = {
  ...DESCRIPTOR_CALLS,
  ...SOCKET_CALLS,
  ...WAITING_CALLS,
  ...PROCESS_CALLS,
  ...SETTING_CALLS,
};

/** Begins a program in a process that has executed it. False where there is no such program. */
export type ProgramLoader = (executed: Process, program: string) => void;

/** The kernel. */
export class Kernel {
  readonly clock = new Clock();
  readonly files: FileTree;
  readonly processes: Processes;
  readonly faults: Faults;
  readonly inotify = new Set<Inotify>();
  /** Sockets by their abstract names, which begin with a null character; those of files are behind inodes. */
  readonly abstract = new Map<string, Socket>();
  readonly hash = new TraceHash();
  /** Pages that were made of files, by their addresses: machine code. */
  readonly pages = new Map<number, Uint8Array>();
  readonly disk: Disk;
  load: ProgramLoader = () => {};
  /** A rule was broken: which, and how. */
  violated: (rule: string, how: string) => void = (rule, how) => {
    throw new Error(`${rule}: ${how}`);
  };

  /** @param pid That of init. */
  constructor(readonly random: Random, faults: Random, pid: number) {
    numberInodesAnew();
    this.files = new FileTree(() => this.clock.wall);
    this.files.listener = {
      changed: (inode, mask, name, isDirectory) => {
        for (const instance of this.inotify) instance.tell(inode, mask, name, isDirectory);
      },
    };
    this.processes = new Processes(this.clock, this.files.root, pid);
    this.faults = new Faults(faults, () => this.processes.init);
    this.disk = {
      isFull: false,
      isBroken: false,
      now: () => this.clock.wall,
      tell: (inode, mask, directory, name) => this.files.tell(inode, mask, directory, name),
    };
  }

  get init(): Process {
    return this.processes.init;
  }

  call(name: CallName, call: Call): number | Blocked {
    const handler = CALLS[name];
    // Each call takes some time, which is why time passes at all while a program runs.
    this.clock.tick();
    if (handler) return handler(call);
    this.violated("the simulation itself works", `the system call ${name} is not simulated`);
    return ENOSYS;
  }

  trace(pid: number, what: string, result: number): void {
    this.hash.add(this.clock.now, pid, what, result);
  }

  /** The sockets that are bound at a path or an abstract name. */
  socketAt(address: string): Socket | number {
    if (address.startsWith("\0")) return this.abstract.get(address) ?? -111;
    const inode = this.files.find(address);
    if (!(inode instanceof Inode)) return inode;
    return inode.kind === "socket" && inode.behind ? inode.behind as Socket : -111;
  }
}
