/** System calls that make, end, signal and wait for processes. */

import type { CallName } from "../../../../lib/sys/call/numbers.ts";
import { ProcessFile } from "../epoll.ts";
import { Inode } from "../inodes.ts";
import type { Memory } from "../memory.ts";
import { EACCES, EBADF, ENOENT, ENOEXEC, EPERM, ESRCH } from "../open_file.ts";
import type { Process } from "../process.ts";
import { type Blocked, type Call, GONE, type Handler } from "../thread.ts";

/** clone(2)'s flags. */
const CLONE_VM = 0x100, CLONE_VFORK = 0x4000, CLONE_THREAD = 0x10000, CLONE_PARENT_SETTID = 0x100000;

function clone(call: Call, flags: number, tid: number): number {
  const { kernel, thread, process, memory } = call;
  const isThread = (flags & CLONE_THREAD) !== 0;
  const child = isThread ? process : kernel.processes.fork(process);
  const own = flags & CLONE_VM ? memory : memory.copy();
  const number = isThread ? process.pid + 1_000_000 : child.pid;
  if (flags & CLONE_PARENT_SETTID) memory.setWord(tid, number);
  const { thread: made, begin } = thread.fork(child, own);
  if (flags & CLONE_VFORK) {
    begin();
    made.run();
  } else made.start(isThread ? () => {} : begin);
  return number;
}

/** Where `struct clone_args` has the flags and the address of the child's number, in words. */
const CLONE_ARGS = { flags: 0, parentTid: 3 };

/** execve(2). */
function execute({ kernel, process, memory, args: [path, argv, environment] }: Call): number {
  const found = kernel.files.find(memory.text(path!), process.directory);
  if (!(found instanceof Inode)) return found;
  if (found.kind !== "regular" || (found.mode & 0o111) === 0) return EACCES;
  if (found.content === "") return ENOEXEC;
  process.executed(memory.texts(argv!), memory.texts(environment!));
  kernel.trace(process.pid, `execute ${process.argv.join(" ")}`, 0);
  kernel.load(process, found.content);
  return GONE;
}

const P_PID = 1, WNOHANG = 1;

/** Where siginfo_t(3type) has what waitid(2) fills in. */
const SIGINFO = { code: 8, pid: 16, status: 24 };

function waitid({ kernel, process, memory, args: [type, id, address, options] }: Call): number | Blocked {
  const found = kernel.processes.wait(process, type === P_PID ? id : undefined, options!);
  if (typeof found === "number") return found;
  if (!found) return options! & WNOHANG ? 0 : { wait() {} };
  if (address !== 0) {
    const info = memory.at(address!, 128);
    info.writeInt32LE(found.code, SIGINFO.code);
    info.writeInt32LE(found.process.pid, SIGINFO.pid);
    info.writeInt32LE(found.status, SIGINFO.status);
  }
  return 0;
}

/** The process that a number means: 0 is the caller. */
function meant({ kernel, process }: Call, pid: number): Process | undefined {
  return pid === 0 ? process : kernel.processes.all.get(pid);
}

/** The calls. */
export const PROCESS_CALLS: Partial<Record<CallName, Handler>> = {
  clone: (call) => clone(call, call.args[0]!, call.args[2]!),
  clone3(call) {
    const { memory, args: [address] } = call, at = (field: number) => memory.word(address! + 8 * field);
    return clone(call, at(CLONE_ARGS.flags) % 2 ** 32, at(CLONE_ARGS.parentTid));
  },
  execve: execute,
  exit({ process, args: [status] }) {
    process.end({ status: status! & 0xff });
    return GONE;
  },
  waitid,
  kill: ({ kernel, process, args: [pid, signal] }) => kernel.processes.kill(process, pid!, signal!),
  getpid: ({ process }) => process.pid,
  gettid: ({ process }) => process.pid,
  getpgid: (call) => meant(call, call.args[0]!)?.group ?? ESRCH,
  setsid({ process }) {
    if (process.group === process.pid && process.session === process.pid) return EPERM;
    return process.session = process.group = process.pid;
  },
  setpgid(call) {
    const process = meant(call, call.args[0]!);
    if (!process) return ESRCH;
    process.group = call.args[1] || process.pid;
    return 0;
  },
  pidfd_open({ kernel, process, args: [pid] }) {
    const subject = kernel.processes.all.get(pid!);
    if (!subject) return ESRCH;
    const file = new ProcessFile(subject);
    subject.onEnd.add(() => file.changed());
    return process.open(file);
  },
  pidfd_send_signal({ process, args: [fd, signal] }) {
    const file = process.file(fd!);
    if (!(file instanceof ProcessFile)) return EBADF;
    if (file.subject.hasEnded) return ESRCH;
    (file.subject as Process).signal(signal!);
    return 0;
  },
  chdir: (call) => changeDirectory(call),
  chroot: (call) => changeDirectory(call),
};

function changeDirectory({ kernel, process, memory, args: [path] }: Call): number {
  const found = kernel.files.find(memory.text(path!), process.directory);
  if (!(found instanceof Inode)) return found;
  if (found.kind !== "directory") return ENOENT;
  process.directory = found;
  return 0;
}

/** Signals by the bits of a set in memory. */
export function signalsAt(memory: Memory, address: number): number[] {
  return memory.set(address);
}
