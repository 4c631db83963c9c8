/**
 * The prologue: machine code that runs before the runtime.
 *
 * Process 1 mounts /proc where there is none, as on a machine without an initramfs: the runtime does not begin without it.
 * Then it starts anew with init's flags, which the runtime reads from its environment at its start alone: the runtime is so
 * started once. Where that cannot be, init does it later (flags.ts).
 *
 * Then it notes the limit of descriptors that the process was given, because the runtime raises it before any TypeScript runs.
 * The note is kept in the kernel, as the signal mask of a signal whose disposition is the default, where it has no effect.
 * execve(2) clears it.
 */

import { Buffer } from "node:buffer";
import { call, kernel } from "../call/kernel.ts";
import { type Listings, machineCode } from "../call/stub.ts";
import { INIT_FLAGS } from "./variables.ts";

/** The last real-time signal. The runtimes and their C libraries do not use it. */
const SIGNAL = 64;

/** By how many bits the note is shifted to the left: the kernel removes SIGKILL and SIGSTOP from masks. */
const SHIFT = 20n;

/** The offset of the mask in struct sigaction, in bytes. */
const MASK = 24;

/** The prologue; none for other architectures. A jump of five bytes follows, and then {@link DATA}. */
export const PROLOGUE: Listings = {
  x64: `
  start:
    52              push rdx                        ; for the C library
    6a27            push 39                         ; getpid
    58              pop rax
    0f05            syscall
    ffc8            dec eax                         ; only process 1
    0f85b1000000    jnz note
    488d3df4000000  lea rdi, end[rip+5]             ; a file of /proc's
    31f6            xor esi, esi                    ; F_OK
    6a15            push 21                         ; access
    58              pop rax
    0f05            syscall
    85c0            test eax, eax
    7425            jz arguments
    48bb2f70726f63000000 movabs rbx, 0x636f72702f        ; "/proc"
    53              push rbx
    4889e6          mov rsi, rsp
    488d7c2401      lea rdi, [rsp+1]                ; "proc"
    4889fa          mov rdx, rdi
    6a0e            push 14                         ; MS_NOSUID | MS_NODEV | MS_NOEXEC
    415a            pop r10
    4531c0          xor r8d, r8d
    b8a5000000      mov eax, 165                    ; mount
    0f05            syscall
    5b              pop rbx
  arguments:
    488d742410      lea rsi, [rsp+16]               ; the arguments
  argument:
    48ad            lodsq
    4885c0          test rax, rax
    740a            jz environment
    81382d2d7265    cmp dword ptr [rax], 0x65722d2d ; --re: descriptors may be passed
    7466            je note
    ebef            jmp argument
  environment:
    4889f5          mov rbp, rsi
  variable:
    48ad            lodsq
    4885c0          test rax, rax
    740a            jz restart
    813842554e5f    cmp dword ptr [rax], 0x5f4e5542 ; BUN_: it has flags, as after the restart
    7452            je note
    ebef            jmp variable
  restart:
    4889e3          mov rbx, rsp
    6a00            push 0                          ; the end of the environment
    488d3d8e000000  lea rdi, end[rip+5]             ; the path, and the flags behind it
  flag:
    31c0            xor eax, eax
  skip:
    ae              scasb
    75fd            jne skip
    803f00          cmp byte ptr [rdi], 0
    7403            je given
    57              push rdi
    ebf3            jmp flag
  given:
    4883ee08        sub rsi, 8
  copy:
    4883ee08        sub rsi, 8
    4839ee          cmp rsi, rbp
    7204            jb execute
    ff36            push qword ptr [rsi]            ; what it was given
    ebf3            jmp copy
  execute:
    6a03            push 3
    5f              pop rdi
    83ceff          or esi, -1
    6a04            push 4                          ; CLOSE_RANGE_CLOEXEC
    5a              pop rdx
    b8b4010000      mov eax, 436                    ; close_range
    0f05            syscall
    488d3d59000000  lea rdi, end[rip+5]             ; the path
    488d7310        lea rsi, [rbx+16]
    4889e2          mov rdx, rsp
    6a3b            push 59                         ; execve
    58              pop rax
    0f05            syscall
    4889dc          mov rsp, rbx                    ; it has failed
  note:
    31c0            xor eax, eax
    50              push rax
    50              push rax
    50              push rax
    50              push rax
    4989e2          mov r10, rsp
    31d2            xor edx, edx
    6a07            push 7                          ; RLIMIT_NOFILE
    5e              pop rsi
    31ff            xor edi, edi
    b82e010000      mov eax, 302                    ; prlimit64
    0f05            syscall
    488b0424        mov rax, [rsp]                  ; the soft limit
    48c1e014        shl rax, 20
    4889442418      mov [rsp+24], rax               ; the mask
    4883242400      and qword ptr [rsp], 0          ; SIG_DFL
    488364240800    and qword ptr [rsp+8], 0        ; no flags
    6a08            push 8
    415a            pop r10
    31d2            xor edx, edx
    4889e6          mov rsi, rsp
    6a40            push 64
    5f              pop rdi
    6a0d            push 13                         ; rt_sigaction
    58              pop rax
    0f05            syscall
    4883c420        add rsp, 32
    5a              pop rdx
  end:
`,
};

/** What the code reads: the path of this executable, the flags, and an empty string. */
const DATA = ["/proc/self/exe", ...INIT_FLAGS, ""].map((text) => `${text}\0`).join("");

/** ELF's number of x86-64. */
const EM_X86_64 = 62;

/**
 * The prologue for a machine, to be followed by a jump to the former entry point, and the data behind that; undefined where
 * there is none.
 * @param machine ELF's number of the machine (e_machine)
 */
export function prologueFor(machine: number): { code: Buffer; data: Buffer } | undefined {
  if (machine !== EM_X86_64) return undefined;
  return { code: Buffer.from(machineCode(PROLOGUE.x64!), "hex"), data: Buffer.from(DATA) };
}

/** The noted limit: the soft limit of descriptors that this process was given; undefined where there is no note. */
export function notedDescriptorLimit(): number | undefined {
  const { address, bytes } = kernel().scratch;
  if (call("rt_sigaction", SIGNAL, 0, address, 8) < 0) return undefined;
  const noted = Number(bytes.readBigUInt64LE(MASK) >> SHIFT);
  return noted || undefined;
}
