/**
 * The prologue: machine code that runs before the runtime. It notes the limit of descriptors that the process was given,
 * because the runtime raises it before any TypeScript runs. The note is kept in the kernel, as the signal mask of a signal
 * whose disposition is the default, where it has no effect. execve(2) clears it.
 */

import { Buffer } from "node:buffer";
import { call, kernel } from "../call/kernel.ts";
import { type Listings, machineCode } from "../call/stub.ts";

/** The last real-time signal. The runtimes and their C libraries do not use it. */
const SIGNAL = 64;

/** By how many bits the note is shifted to the left: the kernel removes SIGKILL and SIGSTOP from masks. */
const SHIFT = 20n;

/** The offset of the mask in struct sigaction, in bytes. */
const MASK = 24;

/** The prologue; none for other architectures. */
export const PROLOGUE: Listings = {
  x64: `
    52            push rdx                  ; for the C library
    31c0          xor eax, eax
    50            push rax
    50            push rax
    50            push rax
    50            push rax
    4989e2        mov r10, rsp
    31d2          xor edx, edx
    6a07          push 7                    ; RLIMIT_NOFILE
    5e            pop rsi
    31ff          xor edi, edi
    b82e010000    mov eax, 302              ; prlimit64
    0f05          syscall
    488b0424      mov rax, [rsp]            ; the soft limit
    48c1e014      shl rax, 20
    4889442418    mov [rsp+24], rax         ; the mask
    4883242400    and qword ptr [rsp], 0    ; SIG_DFL
    488364240800  and qword ptr [rsp+8], 0  ; no flags
    6a08          push 8
    415a          pop r10
    31d2          xor edx, edx
    4889e6        mov rsi, rsp
    6a40          push 64
    5f            pop rdi
    6a0d          push 13                   ; rt_sigaction
    58            pop rax
    0f05          syscall
    4883c420      add rsp, 32
    5a            pop rdx
`,
};

/** ELF's number of x86-64. */
const EM_X86_64 = 62;

/**
 * The prologue for a machine, to be followed by a jump to the former entry point; undefined where there is none.
 * @param machine ELF's number of the machine (e_machine)
 */
export function prologueFor(machine: number): Uint8Array | undefined {
  if (machine !== EM_X86_64) return undefined;
  return Buffer.from(machineCode(PROLOGUE.x64!), "hex");
}

/** The noted limit: the soft limit of descriptors that this process was given; undefined where there is no note. */
export function notedDescriptorLimit(): number | undefined {
  const { address, bytes } = kernel().scratch;
  if (call("rt_sigaction", SIGNAL, 0, address, 8) < 0) return undefined;
  const noted = Number(bytes.readBigUInt64LE(MASK) >> SHIFT);
  return noted || undefined;
}
