/** The one thing that runtimes do differently: calling machine code, and their memory. All of lib/sys stands on these five. */

import type { Buffer } from "node:buffer";

/** What lib/sys needs of a runtime. Addresses are numbers: user space ends far below 2⁵³. */
export interface Ffi {
  /** The C library's syscall(2): the result, or −1. */
  syscall(number: number, ...argument: [number, number, number, number, number, number]): number;
  /** A function of one address that returns nothing, out of machine code at an address. */
  callable(code: number): (argument: number) => void;
  /** The bytes at an address, as they are: nothing is copied, nothing ever freed. */
  memory(address: number, size: number): Buffer;
  /** Collects garbage, if the runtime offers that. Takes milliseconds. */
  collect(): void;
  /** Collects garbage and gives unused memory back to the kernel, as far as the runtime can. Takes milliseconds, twice. */
  release(): Promise<void>;
}

/** The C library by the name that both glibc and musl answer to. */
export const C_LIBRARY = "libc.so.6";
