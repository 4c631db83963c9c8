/** Calling machine code in Bun. */

import type { Buffer } from "node:buffer";
import process from "node:process";
import { C_LIBRARY, type Ffi } from "./ffi.ts";

/** The part of `bun:ffi` that is used here. */
interface BunFfi {
  dlopen(
    library: string,
    symbols: { syscall: { args: string[]; returns: string } },
  ): { symbols: Pick<Ffi, "syscall"> };
  CFunction(definition: { ptr: number; args: string[]; returns: string }): (argument: number) => void;
  toBuffer(address: number, offset: number, size: number): Buffer;
}

/** How long the heap is given to shrink, in ms: it does that when nothing runs, and finishes only when something does. */
const SHRINKING = 100;

/** {@link Ffi} through `bun:ffi`, which is asked for by name, for other runtimes do not have it. */
export function bunFfi(): Ffi {
  // The import is never run: it has the bundler put the module into executables, compiled.
  // @ts-ignore: Only the one runtime declares it.
  const ffi = (process.getBuiltinModule("bun:ffi") ?? import("bun:ffi")) as BunFfi;
  const { Bun } = globalThis as unknown as { Bun: { gc(synchronous: boolean): void; shrink(): void } };
  const library = ffi.dlopen(C_LIBRARY, { syscall: { args: Array(7).fill("i64"), returns: "i64_fast" } });
  return {
    syscall: library.symbols.syscall,
    callable: (code) => ffi.CFunction({ ptr: code, args: ["ptr"], returns: "void" }),
    collect: () => Bun.gc(true),
    async release() {
      Bun.shrink();
      await new Promise((resolve) => setTimeout(resolve, SHRINKING));
      Bun.gc(true);
    },
    memory: (address, size) => ffi.toBuffer(address, 0, size),
  };
}
