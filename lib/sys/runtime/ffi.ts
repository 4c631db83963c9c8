/** The foreign function interface: calling machine code, and memory. All of lib/sys is built on these five functions. */

import type { Buffer } from "node:buffer";
import { bunFfi } from "./ffi_bun.ts";
import { denoFfi } from "./ffi_deno.ts";

/** The interface. Addresses are numbers: those of user space are far below 2⁵³. */
export interface Ffi {
  /** The C library's syscall(2). Gives the result, or −1. */
  syscall(number: number, ...argument: [number, number, number, number, number, number]): number;
  /** Makes machine code at an address callable: a function that takes an address and returns nothing. */
  callable(code: number): (argument: number) => void;
  /** The memory at an address: it is neither copied nor ever freed. */
  memory(address: number, size: number): Buffer;
  /** Collects garbage where the runtime offers that. Takes milliseconds. */
  collect(): void;
  /** Collects garbage and gives unused memory back to the kernel, as far as the runtime can. Takes milliseconds, twice. */
  release(): Promise<void>;
}

/** The C library by the name that both glibc and musl answer to. */
const C_LIBRARY = "libc.so.6";

/**
 * Opens the interface of the runtime that runs this.
 * @throws {Error} when the runtime refuses, e.g. Deno without `--allow-ffi`.
 */
export function openFfi(): Ffi {
  return "Bun" in globalThis ? bunFfi(C_LIBRARY) : denoFfi(C_LIBRARY);
}
