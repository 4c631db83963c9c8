/**
 * The stub: machine code that runs a table of system calls. It touches no memory but the table until it returns. So it
 * works in a child that shares the memory and the stack of this process while this process goes on using both, and in a
 * thread that has no stack.
 *
 * A row of the table is twelve 64-bit words, named by {@link RowField}. A negative number ends the table.
 */

/** The words of a row, by their index in it. */
export const RowField = {
  /** The system call's number; negative: return to the caller. */
  number: 0,
  /** The first of six arguments. */
  argument: 1,
  /** A bit for each error number below 64 that counts as success. */
  tolerated: 7,
  /** Address of the row to go to after an error that is not tolerated. */
  failure: 8,
  /** Address of the row to go to when the result is 0, as in a child after clone(2). Other results lead to the next row. */
  zero: 9,
  /** Address of a word that the result is written to as well, e.g. an argument of a later row. */
  into: 10,
  /** What the call returned: −errno after an error. */
  result: 11,
} as const;

/** The size of a row in bytes. */
export const ROW_SIZE = 96;

/**
 * Machine code as text: on each line the bytes of an instruction in hexadecimal, and the assembly that they were made from
 * (GNU as; Intel syntax for x86-64). stub_test.ts assembles it again and compares. By `process.arch`.
 */
export type Listings = Readonly<Partial<Record<NodeJS.Architecture, string>>>;

/** The stub. */
export const STUB: Listings = {
  x64: `
  run:
    53            push rbx
    4889fb        mov rbx, rdi              ; the row; system calls leave rbx alone
  call:
    488b03        mov rax, [rbx]            ; number
    4885c0        test rax, rax
    7857          js return                 ; a negative number ends the table
    488b7b08      mov rdi, [rbx+8]
    488b7310      mov rsi, [rbx+16]
    488b5318      mov rdx, [rbx+24]
    4c8b5320      mov r10, [rbx+32]
    4c8b4328      mov r8, [rbx+40]
    4c8b4b30      mov r9, [rbx+48]
    0f05          syscall
    48894358      mov [rbx+88], rax         ; result
    488b4b50      mov rcx, [rbx+80]         ; into
    488901        mov [rcx], rax
    4885c0        test rax, rax
    740e          jz zero
    483d01f0ffff  cmp rax, -4095            ; -4095 … -1 are error numbers
    730c          jae error
  next:
    4883c360      add rbx, 96               ; the size of a row
    ebc0          jmp call
  zero:
    488b5b48      mov rbx, [rbx+72]         ; zero
    ebba          jmp call
  error:
    48f7d8        neg rax
    4883f83f      cmp rax, 63
    770a          ja failure
    488b4b38      mov rcx, [rbx+56]         ; tolerated
    480fa3c1      bt rcx, rax
    72e1          jc next
  failure:
    488b5b40      mov rbx, [rbx+64]         ; failure
    eba1          jmp call
  return:
    5b            pop rbx
    c3            ret
`,
  arm64: `
  run:
    e90300aa      mov x9, x0                ; the row; system calls change x0 alone
  call:
    280140f9      ldr x8, [x9]              ; number
    e802f8b7      tbnz x8, #63, return      ; a negative number ends the table
    208540a9      ldp x0, x1, [x9, #8]
    228d41a9      ldp x2, x3, [x9, #24]
    249542a9      ldp x4, x5, [x9, #40]
    010000d4      svc #0
    202d00f9      str x0, [x9, #88]         ; result
    2a2940f9      ldr x10, [x9, #80]        ; into
    400100f9      str x0, [x10]
    a00000b4      cbz x0, zero
    1ffc3fb1      cmn x0, #4095             ; -4095 … -1 are error numbers
    a2000054      b.hs error
  next:
    29810191      add x9, x9, #96           ; the size of a row
    f3ffff17      b call
  zero:
    292540f9      ldr x9, [x9, #72]         ; zero
    f1ffff17      b call
  error:
    e00300cb      neg x0, x0
    1ffc00f1      cmp x0, #63
    88000054      b.hi failure
    2a1d40f9      ldr x10, [x9, #56]        ; tolerated
    4a25c09a      lsr x10, x10, x0
    eafe0737      tbnz x10, #0, next
  failure:
    292140f9      ldr x9, [x9, #64]         ; failure
    e9ffff17      b call
  return:
    c0035fd6      ret
`,
};

/** The bytes of a listing, in hexadecimal. */
export function machineCode(listing: string): string {
  // Instructions are indented by four, and their bytes end at a blank. Searched by hand: each command starts with this.
  let hexadecimal = "";
  const line = "\n    ";
  for (let at = listing.indexOf(line); at >= 0; at = listing.indexOf(line, at)) {
    at += line.length;
    hexadecimal += listing.slice(at, listing.indexOf(" ", at));
  }
  return hexadecimal;
}
