/** Faults: system calls of init, and of its children until they execute their programs, fail by chance. */

import type { CallName } from "../../../lib/sys/call/numbers.ts";
import type { Random } from "../random.ts";
import { EAGAIN, ECONNABORTED, EINTR, EIO, EMFILE, ENOMEM, ENOSPC } from "./open_file.ts";
import { OpenRegular } from "./files.ts";
import type { Process } from "./process.ts";

/** The errors that calls give by chance. Those of node:fs stand by the names that its errors have. */
const ERRORS: Partial<Record<CallName | FileCall, readonly number[]>> = {
  accept4: [EMFILE, ENOMEM, EINTR, ECONNABORTED],
  clone: [EAGAIN, ENOMEM],
  clone3: [EAGAIN, ENOMEM],
  epoll_create1: [EMFILE, ENOMEM],
  epoll_ctl: [ENOMEM, ENOSPC],
  fcntl: [EMFILE],
  inotify_add_watch: [ENOSPC, ENOMEM],
  inotify_init1: [EMFILE],
  memfd_create: [EMFILE, ENOMEM],
  openat: [EMFILE, ENOMEM, EIO],
  pidfd_open: [EMFILE, ENOMEM],
  pipe2: [EMFILE],
  read: [EINTR],
  recvmsg: [EINTR, ENOMEM],
  socket: [EMFILE, ENOMEM],
  waitid: [EINTR],
  write: [EINTR, EIO, ENOSPC],
  open: [EMFILE, EIO],
  scandir: [EMFILE, ENOMEM],
  lstat: [ENOMEM],
  stat: [ENOMEM],
  rename: [ENOSPC, EIO],
  mkdir: [ENOSPC],
};

/** Calls of node:fs that fail by chance. */
export type FileCall = "open" | "scandir" | "lstat" | "stat" | "rename" | "mkdir";

/** fcntl(2)'s commands that make descriptors. */
const DUPLICATING = [0, 1030];

/** The faults. */
export class Faults {
  /** How likely each call fails that can; 0: none does. */
  rate = 0;
  /** The one call that fails for certain, by its place among those that can, from 0 on; and with which of its errors. */
  planned: { place: number; error: number } | undefined;
  /** While a call is planned to fail: those that could, in their order. */
  readonly possible: string[] = [];
  /** How many failed, by the calls. */
  readonly counts = new Map<string, number>();

  constructor(private readonly random: Random, private readonly init: () => Process) {}

  /** Whether a call fails: the error, or undefined where it does not. */
  inject(name: CallName | FileCall, process: Process, args: readonly number[] = []): number | undefined {
    if (this.rate === 0 && !this.planned) return undefined;
    if (process !== this.init() && process.hasExecuted) return undefined;
    const errors = name === "write" && !(process.file(args[0]!) instanceof OpenRegular)
      ? [EINTR]
      : ERRORS[name];
    if (!errors || name === "fcntl" && !DUPLICATING.includes(args[1]!)) return undefined;
    const isPlanned = this.planned !== undefined && this.possible.push(name) === this.planned.place + 1;
    if (!isPlanned && !this.random.chance(this.rate)) return undefined;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    return isPlanned ? errors[this.planned!.error % errors.length] : this.random.pick(errors);
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }
}
