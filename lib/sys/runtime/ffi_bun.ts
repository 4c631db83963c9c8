/** The foreign function interface of Bun. */

import type { Buffer } from "node:buffer";
import type { Ffi } from "./ffi.ts";

/**
 * The part of `Bun.FFI` that is used here. The module `bun:ffi` is built on it, but loading that takes longer than all
 * calls of a command. Errors are returned, not thrown.
 */
interface BunFfi {
  dlopen(
    library: string,
    symbols: { syscall: { args: string[]; returns: string } },
  ): { symbols: Pick<Ffi, "syscall"> } | Error;
  cfunction(
    definition: { ptr: number; args: string[]; returns: string },
    name: string,
  ): ((argument: number) => void) | Error;
  toBuffer(address: number, offset: number, size: number): Buffer;
}

/** How long the heap is given to shrink, in ms: it shrinks while nothing runs, and finishes when something does. */
const SHRINKING = 100;

/** The part of Bun that is used here. */
interface Bun {
  FFI: BunFfi;
  gc(force: boolean): void;
  shrink(): void;
}

/** {@link Ffi} by `Bun.FFI`. @param library The C library's name */
export function bunFfi(library: string): Ffi {
  const { Bun } = globalThis as unknown as { Bun: Bun };
  const { FFI } = Bun;
  const syscall = { args: Array(7).fill("i64"), returns: "i64_fast" };
  return {
    syscall: given(FFI.dlopen(library, { syscall })).symbols.syscall,
    callable: (code) => given(FFI.cfunction({ ptr: code, args: ["ptr"], returns: "void" }, "callable")),
    collect: () => Bun.gc(true),
    async release() {
      Bun.shrink();
      await new Promise((resolve) => setTimeout(resolve, SHRINKING));
      Bun.gc(true);
    },
    memory: (address, size) => FFI.toBuffer(address, 0, size),
  };
}

/** @throws {Error} when it is one. */
function given<Value>(value: Value | Error): Value {
  if (value instanceof Error) throw value;
  return value;
}
