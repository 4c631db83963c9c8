/**
 * System calls. The stub and all memory that the kernel reads or writes lie in one arena outside the garbage collector's
 * reach. It is made at the first call, so programs that call nothing pay nothing.
 */

import { Buffer } from "node:buffer";
import process from "node:process";
import { encodeBytes, hasRawBytes } from "../../model/text/bytes.ts";
import { type CallName, callNumber } from "./numbers.ts";
import { E2BIG, ENOMEM, SystemError } from "./errno.ts";
import { type Ffi, openFfi } from "../runtime/ffi.ts";
import { machineCode, ROW_SIZE, RowField, STUB } from "./stub.ts";

/** An argument of a system call. Text and bytes are copied into the arena, and their address is passed. */
export type CallArgument = number | string | Uint8Array;

/** Where a row of a table leads, see {@link RowField}: addresses. An absent one leads to the next row. */
interface RowOptions {
  tolerated?: readonly number[] | "all";
  failure?: number;
  zero?: number;
  into?: number;
}

/** A piece of the arena, by its addresses. */
export interface MemoryRegion {
  readonly start: number;
  /** The first address after it. */
  readonly end: number;
}

/** The first part of the arena holds the stub: as large as the largest page that kernels have, in bytes. */
const CODE_SIZE = 64 << 10;
/** The second part holds passing data. */
const PASSED_SIZE = 256 << 10;
/** The third part holds what is kept. */
const KEPT_SIZE = (16 << 20) - CODE_SIZE - PASSED_SIZE;
/** The rest is for more passing data than usual: more than execve(2) takes. Only pages that are used take memory. */
const ARENA_SIZE = 32 << 20;

/**
 * How much of the arena the runtime sees at first, in bytes. It counts all that it sees as used memory, and would collect
 * garbage the later.
 */
const SEEN_SIZE = 2 << 20;

/** The size of {@link Kernel.scratch} in bytes. */
export const SCRATCH_SIZE = 64 << 10;

/** The arena and the stub. One per process; see {@link kernel}. */
export class Kernel {
  readonly #ffi: Ffi;
  readonly #run: (row: number) => void;
  readonly #base: number;
  /** The part of the arena that the runtime sees, by offset. */
  #bytes: Buffer;
  #words: Int32Array;
  /** A buffer for structures that calls fill in: valid until the next call that uses it. */
  readonly scratch: { readonly address: number; readonly bytes: Buffer };
  /** A table of one row, for {@link call}. */
  readonly #single: number;
  /** The region that passing data goes to, and how far it is used. */
  #region: MemoryRegion;
  readonly #usualRegion: MemoryRegion;
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
    const listing = STUB[process.arch];
    if (!listing) {
      throw new Error(`unable to call the kernel: no machine code for ${process.arch}, only x64 and arm64`);
    }
    const readWrite = 3, readExecute = 5, privateAnonymousNoReserve = 0x4022;
    const base = ffi.syscall(callNumber("mmap"), 0, ARENA_SIZE, readWrite, privateAnonymousNoReserve, -1, 0);
    if (base === -1) throw new Error("unable to call the kernel: no memory (mmap)");
    this.#base = base;
    [this.#bytes, this.#words] = this.#see(SEEN_SIZE);
    this.#bytes.write(machineCode(listing), "hex");
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

  /** Lets the runtime see memory up to an address. */
  #reach(end: number): void {
    if (end - this.#base > this.#bytes.length) [this.#bytes, this.#words] = this.#see(ARENA_SIZE);
  }

  /** Makes one system call and gives its result, or −errno. */
  call(name: CallName, ...args: CallArgument[]): number {
    this.begin(0);
    this.row(this.#single, name, args, { failure: this.#single + ROW_SIZE });
    this.#run(this.#single);
    return this.word(this.#single + 8 * RowField.result);
  }

  /** Runs a table of system calls from a row on. */
  run(row: number): void {
    this.#run(row);
  }

  /**
   * Drops all passing data and gives the address of a new piece, valid until the next {@link call} or `begin`.
   * @throws {SystemError} E2BIG when there is no room.
   */
  begin(size: number): number {
    this.#used = this.#region.start;
    this.#end = this.#region.end;
    return this.room(size);
  }

  /**
   * The address of a further piece of passing data. It is not zeroed.
   * @throws {SystemError} E2BIG when there is no more room.
   */
  room(size: number): number {
    if (this.#used + size > this.#end) this.#overflow(size);
    const address = this.#used;
    this.#used = align(address + size);
    return address;
  }

  /** Goes on in the last part of the arena. There is only one, so data of a region of its own cannot go there. */
  #overflow(size: number): void {
    const start = this.#base + CODE_SIZE + PASSED_SIZE + KEPT_SIZE, end = this.#base + ARENA_SIZE;
    if (this.#region !== this.#usualRegion || this.#end === end || start + size > end) {
      throw new SystemError("pass so much data to the kernel", E2BIG);
    }
    this.#reach(end);
    [this.#used, this.#end] = [start, end];
  }

  /**
   * The address of a piece of memory that is never freed, zeroed.
   * @throws {SystemError} ENOMEM when there is no more.
   */
  keep(size: number): number {
    const address = this.#kept;
    this.#kept += align(size);
    if (this.#kept > this.#base + CODE_SIZE + PASSED_SIZE + KEPT_SIZE) {
      throw new SystemError("keep so much memory", ENOMEM);
    }
    this.#reach(this.#kept);
    return address;
  }

  /** A piece of memory that is never freed, for {@link within}. */
  region(size: number): MemoryRegion {
    const start = this.keep(size);
    return { start, end: start + size };
  }

  /** Has data that is passed by a function lie in a region, from its start on. The function must not use {@link call}. */
  within<Result>(region: MemoryRegion, pass: () => Result): Result {
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

  /** Copies text or bytes and gives the address; bytes of {@link scratch} are not copied. */
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

  /** Copies strings, each with its null character, and gives the address of a list of their addresses. */
  copyAll(strings: readonly string[]): number {
    const text = strings.join("\0");
    const list = this.room(8 * (strings.length + 1));
    // Where every character is one byte, all are copied at once.
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
  row(address: number, name: CallName, args: readonly CallArgument[], options: RowOptions = {}): void {
    const next = address + ROW_SIZE;
    this.setWord(address, callNumber(name));
    this.setWord(address + 8 * RowField.tolerated, toleranceMask(options.tolerated));
    this.setWord(address + 8 * RowField.failure, options.failure ?? next);
    this.setWord(address + 8 * RowField.zero, options.zero ?? next);
    this.setWord(address + 8 * RowField.into, options.into ?? address + 8 * RowField.result);
    this.setArguments(address, args);
  }

  /** Sets the arguments of a row that has been filled, for another run. */
  setArguments(address: number, args: readonly CallArgument[]): void {
    let place = address + 8 * RowField.argument;
    for (const argument of args) {
      this.setWord(place, typeof argument === "number" ? argument : this.copy(argument));
      place += 8;
    }
    for (let count = args.length; count < 6; count++, place += 8) this.setWord(place, 0);
    this.setWord(address + 8 * RowField.result, 0);
  }

  /** Copies rows that follow one another. Where they lead to each other, so do the copies. */
  copyRows(from: number, to: number, count: number): void {
    const start = from - this.#base;
    this.#bytes.copyWithin(to - this.#base, start, start + count * ROW_SIZE);
    for (let row = to; row < to + count * ROW_SIZE; row += ROW_SIZE) {
      for (const field of LEADS) {
        const place = row + 8 * field;
        this.setWord(place, this.word(place) + to - from);
      }
    }
  }

  /** Makes the row at an address the end of a table. */
  endRow(address: number): void {
    this.setWord(address, -1);
  }
}

/** The fields of a row that are addresses of rows, or in them. */
const LEADS = [RowField.failure, RowField.zero, RowField.into];

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

/** The kernel, opened when it is first used. */
export function kernel(): Kernel {
  return opened ??= new Kernel(openFfi());
}

/** Makes one system call and gives its result, or −errno. */
export function call(name: CallName, ...args: CallArgument[]): number {
  return kernel().call(name, ...args);
}

/**
 * The result of a call that must not fail.
 * @param what What the call is for, e.g. `make a pipe`
 * @throws {SystemError} when it failed.
 */
export function required(what: string, result: number): number {
  if (result < 0) throw new SystemError(what, -result);
  return result;
}
