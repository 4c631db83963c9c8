/** System calls that set something of a process: signals, limits, credentials, memory. */

import { Buffer } from "node:buffer";
import type { CallName } from "../../../../lib/sys/call/numbers.ts";
import type { Kernel } from "../kernel.ts";
import { EPERM } from "../open_file.ts";
import type { Call, Handler } from "../thread.ts";
import { contentsOf } from "./descriptors.ts";

const ACTION_SIZE = 32, SIG_DFL = 0, SIG_IGN = 1;

/** The address that handlers of the runtime seem to have, which the kernel calls by itself. */
const RUNTIME_HANDLER = 0x1000;

/** Where pages of machine code begin, and how far apart they are. */
const FIRST_PAGE = 0x7e00_0000_0000, PAGE = 1 << 16;

/** The machine code at an address, if a page was made of it. */
function codeAt(kernel: Kernel, address: number): Uint8Array | undefined {
  const page = Math.floor((address - FIRST_PAGE) / PAGE) * PAGE + FIRST_PAGE;
  return kernel.pages.get(page)?.subarray(address - page);
}

/**
 * What a handler of lib/sys/runtime/signal_handlers.ts does: it writes the signal's number into the pipe whose descriptor
 * follows its code, eight bytes behind that. The code ends with a jump through what follows it.
 */
function runHandler({ kernel, process }: Call, address: number, signal: number): void {
  const code = codeAt(kernel, address);
  if (!code) return;
  const jump = Buffer.from(code).indexOf("ff2500000000", 0, "hex");
  const end = jump >= 0 ? jump + 6 : Buffer.from(code).indexOf("20011fd6", 0, "hex") + 4;
  const fd = Buffer.from(code).readInt32LE(end + 8);
  const number = Buffer.alloc(4);
  number.writeInt32LE(signal);
  process.file(fd)?.write(number);
}

function sigaction(call: Call): number {
  const { process, memory, args: [signal, action, old] } = call;
  const actions = process.installed, present = process.actions.get(signal!);
  if (old !== 0) {
    const bytes = memory.at(old!, ACTION_SIZE).fill(0);
    const known = actions.get(signal!);
    if (known) bytes.set(known);
    else bytes.writeBigUInt64LE(BigInt(present === "ignore" ? SIG_IGN : present ? RUNTIME_HANDLER : SIG_DFL));
  }
  if (action === 0) return 0;
  const bytes = Buffer.from(memory.at(action!, ACTION_SIZE)), handler = Number(bytes.readBigUInt64LE(0));
  actions.delete(signal!);
  if (handler === SIG_DFL) process.actions.delete(signal!);
  else if (handler === SIG_IGN) process.actions.set(signal!, "ignore");
  else if (handler === RUNTIME_HANDLER) process.restoreHandler(signal!);
  else {
    actions.set(signal!, bytes);
    process.actions.set(signal!, () => runHandler(call, handler, signal!));
  }
  return 0;
}

const SIG_BLOCK = 0, SIG_UNBLOCK = 1;

function sigprocmask({ process, memory, args: [how, set, old] }: Call): number {
  if (old !== 0) {
    let bits = 0n;
    for (const signal of process.blocked) bits |= 1n << BigInt(signal - 1);
    memory.at(old!, 8).writeBigUInt64LE(bits);
  }
  if (set === 0) return 0;
  const signals = memory.set(set!), { blocked } = process;
  process.block(
    how === SIG_BLOCK
      ? [...blocked, ...signals]
      : how === SIG_UNBLOCK
      ? [...blocked].filter((signal) => !signals.includes(signal))
      : signals,
  );
  return 0;
}

const RLIMIT_NOFILE = 7;

function prlimit({ process, memory, args: [, resource, address, old] }: Call): number {
  if (resource !== RLIMIT_NOFILE) return 0;
  const { descriptorLimit } = process;
  if (old !== 0) {
    memory.setWord(old!, descriptorLimit.soft);
    memory.setWord(old! + 8, descriptorLimit.hard);
  }
  if (address === 0) return 0;
  const [soft, hard] = [memory.word(address!), memory.word(address! + 8)];
  if (soft > hard) return -22;
  process.descriptorLimit = { soft, hard };
  return 0;
}

const MAP_ANONYMOUS = 0x20;

/** The calls. */
export const SETTING_CALLS: Partial<Record<CallName, Handler>> = {
  rt_sigaction: sigaction,
  rt_sigprocmask: sigprocmask,
  prlimit64: prlimit,
  umask({ process, args: [mask] }) {
    const before = process.umask;
    process.umask = mask!;
    return before;
  },
  setuid({ process, args: [uid] }) {
    if (process.uid !== 0 && uid !== process.uid) return EPERM;
    process.uid = uid!;
    return 0;
  },
  setgid({ process, args: [gid] }) {
    if (process.uid !== 0 && gid !== process.gid) return EPERM;
    process.gid = gid!;
    return 0;
  },
  mmap({ kernel, process, args: [, , , flags, fd] }) {
    if (flags! & MAP_ANONYMOUS) return -12;
    const address = FIRST_PAGE + kernel.pages.size * PAGE;
    kernel.pages.set(address, contentsOf(process.file(fd!)));
    return address;
  },
  timer_create({ memory, args: [, , place] }) {
    memory.at(place!, 4).writeInt32LE(0);
    return 0;
  },
  // Nothing that a timer would end takes any time here.
  timer_settime: () => 0,
  clock_gettime({ kernel, memory, args: [, place] }) {
    memory.setWord(place!, Math.floor(kernel.clock.now / 1000));
    memory.setWord(place! + 8, Math.floor(kernel.clock.now % 1000 * 1e6));
    return 0;
  },
  setgroups: ({ process }) => process.uid === 0 ? 0 : EPERM,
  prctl: () => 0,
  mprotect: () => 0,
  madvise: () => 0,
  setpriority: () => 0,
  ioprio_set: () => 0,
  sched_setscheduler: () => 0,
  sched_setparam: () => 0,
  capset: () => 0,
};
