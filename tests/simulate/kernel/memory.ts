/** The memory of a process, as far as the kernel sees it: one arena. */

import { Buffer } from "node:buffer";

/** The address of the arena: far from 0, and below 2⁵³ as all addresses are. */
export const ARENA = 0x7f00_0000_0000;

/** The arena of a process. */
export class Memory {
  readonly #words: Int32Array;
  readonly bytes: Buffer;

  constructor(private readonly buffer: ArrayBuffer) {
    this.#words = new Int32Array(buffer);
    this.bytes = Buffer.from(buffer);
  }

  static ofSize(size: number): Memory {
    return new Memory(new ArrayBuffer(size));
  }

  /** That of a child which does not share it. */
  copy(): Memory {
    return new Memory(this.buffer.slice(0));
  }

  /** The same memory, as the runtime shows it. */
  view(address: number, size: number): Buffer {
    return Buffer.from(this.buffer, address - ARENA, size);
  }

  at(address: number, size: number): Buffer {
    return this.bytes.subarray(address - ARENA, address - ARENA + size);
  }

  word(address: number): number {
    const index = (address - ARENA) / 4;
    return this.#words[index + 1]! * 2 ** 32 + (this.#words[index]! >>> 0);
  }

  setWord(address: number, value: number): void {
    const index = (address - ARENA) / 4;
    this.#words[index] = value;
    this.#words[index + 1] = Math.floor(value / 2 ** 32);
  }

  /** The bits of a set of 64. */
  set(address: number): number[] {
    const bits = this.at(address, 8).readBigUInt64LE(0);
    return Array.from({ length: 64 }, (_, bit) => bit + 1).filter((number) =>
      bits >> BigInt(number - 1) & 1n
    );
  }

  /** A text that ends with a null character. */
  text(address: number): string {
    const start = address - ARENA, end = this.bytes.indexOf(0, start);
    return this.bytes.toString("utf8", start, end);
  }

  /** The texts of a list of addresses that ends with 0. */
  texts(address: number): string[] {
    const texts: string[] = [];
    for (let at = address, text; (text = this.word(at)) !== 0; at += 8) texts.push(this.text(text));
    return texts;
  }
}
