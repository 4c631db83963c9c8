/** Signal handlers in machine code, for signals that the runtime handles wrongly in process 1, or not at all. */

import { Buffer } from "node:buffer";
import process from "node:process";
import { SIGHUP } from "../../model/signals.ts";
import { close, memfd, pipe, read, setNonBlocking } from "../io/descriptors.ts";
import { call, kernel, required } from "../call/kernel.ts";
import { poller } from "../io/poller.ts";
import { type Listings, machineCode } from "../call/stub.ts";

/**
 * The handler of faults. It ignores a signal that another process has sent, and jumps to the runtime's handler for any
 * other: si_code is above 0 where the kernel reports a fault, and abort(3) sends the signal from the process itself
 * (siginfo_t(3type)). The address of the runtime's handler follows the code.
 */
export const IGNORE_SENT: Listings = {
  x64: `
    837e0800      cmp dword ptr [rsi+8], 0    ; si_code
    7f07          jg fault
    837e1001      cmp dword ptr [rsi+16], 1   ; si_pid
    7401          je fault
    c3            ret
  fault:
    ff2500000000  jmp [rip]
`,
  arm64: `
    290840b9      ldr w9, [x1, #8]            ; si_code
    3f010071      cmp w9, #0
    ac000054      b.gt fault
    291040b9      ldr w9, [x1, #16]           ; si_pid
    3f050071      cmp w9, #1
    40000054      b.eq fault
    c0035fd6      ret
  fault:
    49000058      ldr x9, behind
    20011fd6      br x9
  behind:
`,
};

/**
 * The handler of further signals. It writes the signal's number, with which siginfo_t begins, into a pipe. A signal that
 * comes from a thread of this process (SI_TKILL, -6) is the runtime's, which stops its threads by it: then the handler
 * jumps to the runtime's. The address of the runtime's handler and the pipe's descriptor follow the code. Where the
 * runtime has no handler, the kernel calls the part from {@link WRITE_ALWAYS} on.
 */
export const WRITE_NUMBER: Listings = {
  x64: `
    837e08fa      cmp dword ptr [rsi+8], -6   ; si_code
    7413          je runtime
    8b3d1b000000  mov edi, [rip+27]           ; the pipe
    ba04000000    mov edx, 4
    b801000000    mov eax, 1                  ; write
    0f05          syscall
    c3            ret
  runtime:
    ff2500000000  jmp [rip]
`,
  arm64: `
    290840b9      ldr w9, [x1, #8]            ; si_code
    3f190031      cmn w9, #6
    c0000054      b.eq runtime
    20010018      ldr w0, pipe
    820080d2      mov x2, #4
    080880d2      mov x8, #64                 ; write
    010000d4      svc #0
    c0035fd6      ret
  runtime:
    49000058      ldr x9, behind
    20011fd6      br x9
  behind:
`,
};

/** The offset of the part of {@link WRITE_NUMBER} that writes, in bytes. */
export const WRITE_ALWAYS: Partial<Record<NodeJS.Architecture, number>> = { x64: 6, arm64: 12 };

/** The room for a handler and the data that follow it, in bytes. */
const HANDLER_SIZE = 64;

/** The kernel's struct sigaction. */
interface Action {
  /** The handler's address, or {@link SIG_DFL} or {@link SIG_IGN}. */
  handler: bigint;
  flags: bigint;
  /** The C library's function that returns from the handler, and the signal mask of the handler. */
  rest: Buffer;
}

const ACTION_SIZE = 32, SIGNAL_SET_SIZE = 8, SIG_IGN = 1n, SA_SIGINFO = 4n, SA_RESETHAND = 0x80000000n;

/** The signals of faults: SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS. */
export const FAULTS = [4, 5, 6, 7, 8, 11, 31];

/**
 * Has process 1 ignore signals such as SIGSEGV that other processes send, as the kernel does for programs that do not
 * handle them. The runtime handles them, to report its own faults: those still end the process with the report.
 * @throws {SystemError}
 */
export function ignoreSentFaults(): void {
  install(IGNORE_SENT, FAULTS.filter((signal) => actionOf(signal).handler > SIG_IGN));
}

/**
 * Calls the listener for these signals from now on. It is for signals that `process.on` cannot listen to: the runtime
 * stops its threads by SIGPWR, and real-time signals have no names. SIGHUP must have a listener already.
 * @returns a function that gives the signals back to whoever had them.
 * @throws {SystemError}
 */
export function takeSignals(signals: readonly number[], listener: (signal: number) => void): () => void {
  if (signals.length === 0) return () => {};
  const { reader, end } = noteSignals(signals);
  try {
    poller().watch(reader, () => notedSignals(reader).forEach(listener));
  } catch (error) {
    end();
    throw error;
  }
  return () => {
    poller().unwatch(reader);
    end();
  };
}

/** Signals that are noted. */
export interface SignalNotes {
  /** What they are read from. */
  reader: number;
  /** Gives the signals back to whoever had them, and closes the notes. Returns those that nobody has read. */
  end(): number[];
}

/**
 * Has these signals noted, and nobody told of them. SIGHUP must have a listener already.
 * @throws {SystemError}
 */
export function noteSignals(signals: readonly number[]): SignalNotes {
  const { reader, writer } = pipe();
  let restore: () => void;
  try {
    setNonBlocking(reader);
    setNonBlocking(writer);
    restore = install(WRITE_NUMBER, signals, writer);
  } catch (error) {
    close(reader);
    close(writer);
    throw error;
  }
  const end = () => {
    restore();
    close(writer);
    return takeNotedSignals(reader);
  };
  return { reader, end };
}

/** The signals that another program of this process has noted for this one. It closes the notes. */
export function takeNotedSignals(reader: number): number[] {
  const signals = notedSignals(reader);
  close(reader);
  return signals;
}

/** The signals that were noted since the last call, in their order. */
function notedSignals(reader: number): number[] {
  const signals: number[] = [];
  for (let bytes; (bytes = read(reader)) instanceof Uint8Array && bytes.length > 0;) {
    const numbers = new DataView(bytes.buffer);
    for (let place = 0; place < bytes.length; place += 4) signals.push(numbers.getInt32(place, true));
  }
  return signals;
}

/**
 * Installs a handler for signals. Gives a function that installs the former ones.
 * @param number The number that follows its code
 */
function install(handler: Listings, signals: readonly number[], number = 0): () => void {
  const code = Buffer.from(machineCode(handler[process.arch] ?? ""), "hex");
  const before = signals.map(actionOf), usual = actionOf(SIGHUP);
  const all = Buffer.alloc(signals.length * HANDLER_SIZE);
  before.forEach(({ handler }, index) => {
    const behind = index * HANDLER_SIZE + code.length;
    code.copy(all, index * HANDLER_SIZE);
    all.writeBigUInt64LE(handler, behind);
    all.writeInt32LE(number, behind + 8);
  });
  const page = executable(all);
  signals.forEach((signal, index) => {
    const isHandled = before[index]!.handler > SIG_IGN;
    const { flags, rest } = isHandled ? before[index]! : usual;
    const start = index * HANDLER_SIZE + (isHandled ? 0 : WRITE_ALWAYS[process.arch]!);
    setAction(signal, { handler: BigInt(page + start), flags: flags & ~SA_RESETHAND | SA_SIGINFO, rest });
  });
  return () => signals.forEach((signal, index) => setAction(signal, before[index]!));
}

/** Sets the action of a signal (sigaction(2)). */
function setAction(signal: number, { handler, flags, rest }: Action): void {
  const action = Buffer.alloc(ACTION_SIZE);
  action.writeBigUInt64LE(handler, 0);
  action.writeBigUInt64LE(flags, 8);
  rest.copy(action, 16);
  required("handle a signal", call("rt_sigaction", signal, action, 0, SIGNAL_SET_SIZE));
}

/** The action of a signal (sigaction(2)). */
function actionOf(signal: number): Action {
  const { address, bytes } = kernel().scratch;
  required("read how a signal is handled", call("rt_sigaction", signal, 0, address, SIGNAL_SET_SIZE));
  return {
    handler: bytes.readBigUInt64LE(0),
    flags: bytes.readBigUInt64LE(8),
    rest: Buffer.from(bytes.subarray(16, ACTION_SIZE)),
  };
}

/** Maps bytes as code, for ever, and gives their address. */
function executable(code: Buffer): number {
  const PROT_READ = 1, PROT_EXEC = 4, MAP_PRIVATE = 2;
  const file = memfd("signal handlers", code);
  try {
    const address = call("mmap", 0, code.length, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
    return required("make memory executable", address);
  } finally {
    close(file);
  }
}
