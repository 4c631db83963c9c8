/** The foreign function interface of Deno. */

import { Buffer } from "node:buffer";
import type { Ffi } from "./ffi.ts";

const WORD = "isize";

/** {@link Ffi} by `Deno.dlopen`; needs `--allow-ffi`. @param name The C library's name */
export function denoFfi(name: string): Ffi {
  return {
    syscall(number, ...argument) {
      const [a, b, c, d, e, f] = argument;
      const words = [BigInt(a), BigInt(b), BigInt(c), BigInt(d), BigInt(e), BigInt(f)] as const;
      const library = Deno.dlopen(name, {
        syscall: { parameters: [WORD, WORD, WORD, WORD, WORD, WORD, WORD], result: WORD },
      });
      const result = library.symbols.syscall(BigInt(number), ...words);
      library.close(); // This function is called twice and never again.
      return Number(result);
    },
    callable(code) {
      const signature = { parameters: ["usize"], result: "void" } as const;
      const stub = new Deno.UnsafeFnPointer<typeof signature>(pointer(code), signature);
      return (argument) => stub.call(BigInt(argument));
    },
    collect() {},
    release: () => Promise.resolve(), // Deno offers nothing of the kind.
    memory: (address, size) => Buffer.from(Deno.UnsafePointerView.getArrayBuffer(pointer(address), size)),
  };
}

function pointer<T>(address: number): Deno.PointerObject<T> {
  const result = Deno.UnsafePointer.create<T>(BigInt(address));
  if (!result) throw new RangeError("the address is null");
  return result;
}
