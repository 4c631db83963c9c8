/**
 * Calls to the kernel. The stub and all memory that the kernel reads or writes live in one arena outside the
 * garbage collector's reach, made at the first call: programs that call nothing pay nothing.
 */

import { Buffer } from "node:buffer";
import process from "node:process";
import { encodeBytes, hasRawBytes } from "../model/bytes.ts";
import { type CallName, callNumber } from "./calls.ts";
import { E2BIG, ENOMEM, SystemError } from "./errno.ts";
import type { Ffi } from "./ffi.ts";
import { bunFfi } from "./ffi_bun.ts";
import { denoFfi } from "./ffi_deno.ts";
import { ROW_SIZE, stubFor, Word } from "./stub.ts";

/** An argument of a system call; text and bytes are copied into the arena and their address is passed. */
export type Argument = number | string | Uint8Array;

/** Where a row of a table leads; see {@link Word}. Addresses; what is absent leads to the row behind. */
export interface RowOptions {
  tolerated?: readonly number[] | "all";
  failure?: number;
  zero?: number;
  into?: number;
}

/** A piece of the arena. Addresses. */
export interface Region {
  readonly start: number;
  /** The first address behind it. */
  readonly end: number;
}

/** The stub's share of the arena: the largest page size there is. It comes first. */
const CODE_SIZE = 64 << 10;
/** Then comes what is passed, usually. */
const PASSED_SIZE = 256 << 10;
/** Then what is kept. */
const KEPT_SIZE = (16 << 20) - CODE_SIZE - PASSED_SIZE;
/** And the rest is for what is passed beyond that: more than execve(2) takes. The kernel gives pages where they are used. */
const ARENA_SIZE = 32 << 20;

/**
 * How much of the arena the runtime sees, unless more is needed: it takes all that it sees for memory in use, and would
 * not collect garbage before there is about as much of it.
 */
const SEEN_SIZE = 2 << 20;

/** How many bytes {@link Kernel.scratch} has. */
export const SCRATCH_SIZE = 64 << 10;

/** The arena and the stub. One per process; see {@link kernel}. */
export class Kernel {
  readonly #ffi: Ffi;
  readonly #run: (row: number) => void;
  readonly #base: number;
  /** What is seen of the arena, by offset. */
  #bytes: Buffer;
  #words: Int32Array;
  /** Room for what calls return in structures: valid until the next call that uses it. */
  readonly scratch: { readonly address: number; readonly bytes: Buffer };
  /** A table of one row, for {@link call}. */
  readonly #single: number;
  /** Where passing data goes, and what of it is used. */
  #region: Region;
  readonly #usualRegion: Region;
  #used: number;
  #end: number;
  /** Where the next piece of kept memory begins. */
  #kept: number;

  /** See {@link Ffi}. */
  readonly collect: () => void;
  readonly release: () => Promise<void>;

  constructor(ffi: Ffi) {
    this.#ffi = ffi;
    this.collect = ffi.collect;
    this.release = ffi.release;
    const code = stubFor(process.arch);
    if (!code) {
      throw new Error(`unable to call the kernel: no machine code for ${process.arch}, only x64 and arm64`);
    }
    const readWrite = 3, readExecute = 5, privateAnonymousNoReserve = 0x4022;
    const base = ffi.syscall(callNumber("mmap"), 0, ARENA_SIZE, readWrite, privateAnonymousNoReserve, -1, 0);
    if (base === -1) throw new Error("unable to call the kernel: no memory (mmap)");
    this.#base = base;
    [this.#bytes, this.#words] = this.#see(SEEN_SIZE);
    this.#bytes.write(code, "hex");
    if (ffi.syscall(callNumber("mprotect"), base, CODE_SIZE, readExecute, 0, 0, 0) === -1) {
      throw new Error("unable to call the kernel: memory must not be made executable (mprotect)");
    }
    this.#run = ffi.callable(base);
    this.#kept = base + CODE_SIZE + PASSED_SIZE;
    this.#region = this.#usualRegion = { start: base + CODE_SIZE, end: this.#kept };
    this.#used = this.#region.start;
    this.#end = this.#region.end;
    const scratch = this.keep(SCRATCH_SIZE);
    this.scratch = { address: scratch, bytes: this.view(scratch, SCRATCH_SIZE) };
    this.#single = this.keep(2 * ROW_SIZE);
    this.endRow(this.#single + ROW_SIZE);
  }

  #see(size: number): [Buffer, Int32Array] {
    const bytes = this.#ffi.memory(this.#base, size);
    return [bytes, new Int32Array(bytes.buffer)];
  }

  /** Sees to it that memory up to an address can be reached. */
  #reach(end: number): void {
    if (end - this.#base > this.#bytes.length) [this.#bytes, this.#words] = this.#see(ARENA_SIZE);
  }

  /** Runs one system call. The result, or −errno. */
  call(name: CallName, ...args: Argument[]): number {
    this.begin(0);
    this.row(this.#single, name, args, { failure: this.#single + ROW_SIZE });
    this.#run(this.#single);
    return this.word(this.#single + 8 * Word.result);
  }

  /** Runs a table of system calls from a row on. */
  run(row: number): void {
    this.#run(row);
  }

  /** Forgets all passing data and gives the address of a new piece of it, valid until the next {@link call} or `begin`. */
  begin(size: number): number {
    this.#used = this.#region.start;
    this.#end = this.#region.end;
    return this.room(size);
  }

  /** The address of a further piece of passing data, zeroed or not. Throws SystemError (E2BIG) when there is no more room. */
  room(size: number): number {
    if (this.#used + size > this.#end) this.#overflow(size);
    const address = this.#used;
    this.#used = align(address + size);
    return address;
  }

  /** Goes on where there is room for much. It is one place, so what is passed in a region of its own may not. */
  #overflow(size: number): void {
    const start = this.#base + CODE_SIZE + PASSED_SIZE + KEPT_SIZE, end = this.#base + ARENA_SIZE;
    if (this.#region !== this.#usualRegion || this.#end === end || start + size > end) {
      throw new SystemError("pass so much data to the kernel", E2BIG);
    }
    this.#reach(end);
    [this.#used, this.#end] = [start, end];
  }

  /** The address of a piece of memory that stays, zeroed. Throws SystemError (ENOMEM) when there is no more. */
  keep(size: number): number {
    const address = this.#kept;
    this.#kept += align(size);
    if (this.#kept > this.#base + CODE_SIZE + PASSED_SIZE + KEPT_SIZE) {
      throw new SystemError("keep so much memory", ENOMEM);
    }
    this.#reach(this.#kept);
    return address;
  }

  /** A piece of memory that stays, for {@link within}. */
  region(size: number): Region {
    const start = this.keep(size);
    return { start, end: start + size };
  }

  /** Has the data that is passed meanwhile lie in a region, from its start on. No {@link call} may be among it. */
  within<Result>(region: Region, pass: () => Result): Result {
    this.#region = region;
    try {
      this.begin(0);
      return pass();
    } finally {
      this.#region = this.#usualRegion;
    }
  }

  /** The bytes at an address of the arena. */
  view(address: number, size: number): Buffer {
    return this.#bytes.subarray(address - this.#base, address - this.#base + size);
  }

  /** The 64-bit word at an address of the arena. */
  word(address: number): number {
    const index = (address - this.#base) >> 2;
    return this.#words[index + 1]! * 2 ** 32 + (this.#words[index]! >>> 0);
  }

  /** Sets the 64-bit word at an address of the arena. */
  setWord(address: number, value: number): void {
    const index = (address - this.#base) >> 2;
    this.#words[index] = value;
    this.#words[index + 1] = value >= 0 && value < 2 ** 32 ? 0 : Math.floor(value / 2 ** 32);
  }

  /** The address of a copy of an argument, for passing data; of the bytes themselves where they lie in {@link scratch}. */
  copy(data: string | Uint8Array): number {
    if (typeof data !== "string" && data.buffer === this.scratch.bytes.buffer) {
      return this.#base + data.byteOffset;
    }
    if (typeof data === "string" && hasRawBytes(data)) {
      return this.copy(Buffer.from(encodeBytes(data) + "\0", "latin1"));
    }
    const size = typeof data === "string" ? Buffer.byteLength(data) + 1 : data.length;
    const address = this.room(size);
    const offset = address - this.#base;
    if (typeof data !== "string") this.#bytes.set(data, offset);
    else this.#bytes[offset + this.#bytes.write(data, offset)] = 0;
    return address;
  }

  /** The address of strings that follow each other, each with its null character, and of a list of theirs. */
  copyAll(strings: readonly string[]): number {
    const text = strings.join("\0");
    const list = this.room(8 * (strings.length + 1));
    // Where a character is a byte, all are copied at once.
    const whole = Buffer.byteLength(text) === text.length ? this.copy(text) : undefined;
    let next = whole ?? 0, place = list;
    for (const string of strings) {
      this.setWord(place, whole === undefined ? this.copy(string) : next);
      next += string.length + 1;
      place += 8;
    }
    this.setWord(place, 0);
    return list;
  }

  /** Fills the row at an address. */
  row(address: number, name: CallName, args: readonly Argument[], options: RowOptions = {}): void {
    const next = address + ROW_SIZE;
    this.setWord(address, callNumber(name));
    this.setWord(address + 8 * Word.tolerated, toleranceMask(options.tolerated));
    this.setWord(address + 8 * Word.failure, options.failure ?? next);
    this.setWord(address + 8 * Word.zero, options.zero ?? next);
    this.setWord(address + 8 * Word.into, options.into ?? address + 8 * Word.result);
    this.setArguments(address, args);
  }

  /** Sets the arguments of a row that has been filled, for another run. */
  setArguments(address: number, args: readonly Argument[]): void {
    let place = address + 8 * Word.argument;
    for (const argument of args) {
      this.setWord(place, typeof argument === "number" ? argument : this.copy(argument));
      place += 8;
    }
    for (let count = args.length; count < 6; count++, place += 8) this.setWord(place, 0);
    this.setWord(address + 8 * Word.result, 0);
  }

  /** Makes the row at an address the end of a table. */
  endRow(address: number): void {
    this.setWord(address, -1);
  }
}

function align(size: number): number {
  return Math.ceil(size / 16) * 16;
}

function toleranceMask(errors: RowOptions["tolerated"] = []): number {
  if (errors === "all") return -1;
  let mask = 0;
  for (const errno of errors) mask += 2 ** errno;
  return mask;
}

let opened: Kernel | undefined;

/** The kernel, opened at the first use. */
export function kernel(): Kernel {
  return opened ??= new Kernel("Bun" in globalThis ? bunFfi() : denoFfi());
}

/** Runs one system call. The result, or −errno. */
export function call(name: CallName, ...args: Argument[]): number {
  return kernel().call(name, ...args);
}

/** The result of a call that must not fail. Throws SystemError; `what` is a phrase such as `make a pipe`. */
export function required(what: string, result: number): number {
  if (result < 0) throw new SystemError(what, -result);
  return result;
}
