/**
 * The writer of values in D-Bus's wire format ("Marshaling"), little-endian. These JavaScript values stand for those of
 * D-Bus, in the reader as well:
 *
 * | type                        | value                                                               |
 * | --------------------------- | ------------------------------------------------------------------- |
 * | `y` `n` `q` `i` `u` `h` `d` | number                                                              |
 * | `x` `t`                     | bigint                                                              |
 * | `b`                         | boolean                                                             |
 * | `s` `o` `g`                 | string                                                              |
 * | `v`                         | {@link Variant}: an array of a signature and a value of that type   |
 * | structure                   | array                                                               |
 * | array                       | array; one of bytes (`ay`): Uint8Array                              |
 * | dictionary                  | Map; to be written also an array of pairs                           |
 */

import { Buffer } from "node:buffer";
import { DEEPEST_VALUE, LARGEST_ARRAY } from "./limits.ts";
import { isObjectPath } from "./object_path.ts";
import { type DBusType, parseSignature } from "./signature.ts";

/** A value of type `v`. */
export type Variant = [signature: string, value: unknown];

/** How many bytes there is room for at first, and up to how many are kept for what is written next. */
const ROOM = 512, MOST_KEPT = 64 << 10;

/** How many bytes of memory a character of a string (a unit of UTF-16) may take in UTF-8. */
const LONGEST_CHARACTER = 3;

/** Bounds of integers by their types. */
const RANGES: Record<string, readonly [least: number, most: number]> = {
  y: [0, 0xff],
  n: [-0x8000, 0x7fff],
  q: [0, 0xffff],
  i: [-0x80000000, 0x7fffffff],
  u: [0, 0xffffffff],
  h: [0, 0xffffffff],
};

/** Writes values one behind the other into memory that grows. */
export class ValueWriter {
  #bytes: Buffer = Buffer.alloc(ROOM);
  #view: DataView = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, ROOM);
  #length = 0;
  /** How many containers are around what is written. */
  #depth = 0;

  /** How many bytes have been written. */
  get length(): number {
    return this.#length;
  }

  /** Begins anew. */
  clear(): void {
    this.#length = this.#depth = 0;
  }

  /** Gives what has been written, in memory of its own: who keeps it keeps nothing else. Then begins anew. */
  take(): Buffer {
    const bytes = Buffer.allocUnsafeSlow(this.#length);
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.clear();
    if (this.#bytes.length > MOST_KEPT) this.#use(Buffer.alloc(ROOM));
    return bytes;
  }

  /** Writes zeros up to a multiple of so many bytes. */
  align(alignment: number): void {
    this.#reserve(0, alignment);
  }

  uint32(value: number, alignment = 4): void {
    const at = this.#reserve(4, alignment);
    this.#view.setUint32(at, value, true);
  }

  /** Writes bytes as they are. */
  bytes(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length, 1);
    this.#bytes.set(bytes, at);
  }

  /** Replaces a number that has been written as {@link uint32} at a position. */
  replaceUint32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  /** Writes a string. @throws {TypeError} when it is none, or holds a null character. */
  text(value: unknown): void {
    const text = checkedText(value);
    const at = this.#reserve(4 + text.length * LONGEST_CHARACTER + 1, 4), start = at + 4;
    const length = this.#bytes.write(text, start);
    this.#view.setUint32(at, length, true);
    this.#bytes[start + length] = 0;
    this.#length = start + length + 1;
  }

  /** Writes an object path. @throws {TypeError} when it is none. */
  objectPath(value: unknown): void {
    if (!isObjectPath(checkedText(value))) throw new TypeError(`${value} is no object path`);
    this.text(value);
  }

  /** Writes a signature; gives its types. @throws {ProtocolError} when it is none. */
  signature(value: unknown): readonly DBusType[] {
    if (typeof value !== "string") throw new TypeError(`Not a signature: ${value}`);
    const types = parseSignature(value), { length } = value;
    const start = this.#reserve(length + 2, 1);
    this.#bytes[start] = length;
    for (let index = 0; index < length; index++) this.#bytes[start + 1 + index] = value.charCodeAt(index);
    this.#bytes[start + 1 + length] = 0;
    return types;
  }

  /**
   * Writes values of the types of a signature.
   *
   * @throws {TypeError} when a value does not fit its type, {ProtocolError} when the signature is none.
   */
  values(signature: string, values: readonly unknown[]): void {
    const types = parseSignature(signature);
    if (types.length !== values.length) {
      throw new TypeError(`${values.length} values for the ${types.length} types of ${signature}`);
    }
    for (let index = 0; index < types.length; index++) this.#value(types[index]!, values[index]);
  }

  #value(type: DBusType, value: unknown): void {
    switch (type.code) {
      case "s":
        return this.text(value);
      case "o":
        return this.objectPath(value);
      case "g":
        return void this.signature(value);
      case "b":
        if (typeof value !== "boolean") throw misfit(value, type);
        return this.uint32(value ? 1 : 0);
      case "d":
      case "x":
      case "t":
        return this.#eightBytes(type, value);
      case "a":
      case "(":
      case "v":
        return this.#container(type, value);
      default:
        return this.#integer(type, value);
    }
  }

  #integer(type: DBusType, value: unknown): void {
    const range = RANGES[type.code]!;
    if (!Number.isInteger(value) || value as number < range[0] || value as number > range[1]) {
      throw misfit(value, type);
    }
    const at = this.#reserve(type.alignment, type.alignment);
    if (type.alignment === 4) this.#view.setUint32(at, value as number, true);
    else if (type.alignment === 2) this.#view.setUint16(at, value as number, true);
    else this.#bytes[at] = value as number;
  }

  #eightBytes(type: DBusType, value: unknown): void {
    const at = this.#reserve(8, 8);
    if (type.code === "d") {
      if (typeof value !== "number") throw misfit(value, type);
      this.#view.setFloat64(at, value, true);
    } else {
      const wrap = type.code === "x" ? BigInt.asIntN : BigInt.asUintN;
      if (typeof value !== "bigint" || wrap(64, value) !== value) throw misfit(value, type);
      this.#view.setBigInt64(at, value, true);
    }
  }

  #container(type: DBusType, value: unknown): void {
    if (++this.#depth > DEEPEST_VALUE) throw new TypeError("A value is nested too deeply");
    if (type.code === "a") this.#array(type.children[0]!, value);
    else if (type.code === "(") this.#fields(type, value);
    else {
      const variant = checkedArray(value, type);
      this.#variant(variant[0], variant[1]);
    }
    this.#depth--;
  }

  #variant(signature: unknown, value: unknown): void {
    const types = this.signature(signature);
    if (types.length !== 1) throw new TypeError(`A variant holds one complete type, not ${signature}`);
    this.#value(types[0]!, value);
  }

  /** Writes the fields of a structure, or an entry of a dictionary. */
  #fields(type: DBusType, value: unknown): void {
    const { children } = type, fields = checkedArray(value, type);
    if (fields.length !== children.length) throw misfit(value, type);
    this.#reserve(0, 8);
    for (let index = 0; index < children.length; index++) this.#value(children[index]!, fields[index]);
  }

  #array(element: DBusType, value: unknown): void {
    const at = this.#reserve(4, 4), start = this.#reserve(0, element.alignment);
    if (element.code === "y") {
      if (!(value instanceof Uint8Array)) throw new TypeError("An array of bytes is to be a Uint8Array");
      const from = this.#reserve(value.length, 1);
      this.#bytes.set(value, from);
    } else if (element.code === "{") {
      if (++this.#depth > DEEPEST_VALUE) throw new TypeError("A value is nested too deeply");
      const entries = value instanceof Map ? Array.from(value) : checkedArray(value, element);
      for (const entry of entries) this.#fields(element, entry);
      this.#depth--;
    } else {
      const elements = checkedArray(value, element);
      for (let index = 0; index < elements.length; index++) this.#value(element, elements[index]);
    }
    const length = this.#length - start;
    if (length > LARGEST_ARRAY) throw new TypeError(`An array of ${length} bytes is too large`);
    this.#view.setUint32(at, length, true);
  }

  /** Makes room for so many bytes behind what is there, and zeros up to a multiple; gives where they begin. */
  #reserve(size: number, alignment: number): number {
    const start = (this.#length + alignment - 1) & -alignment, end = start + size;
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#use(larger);
    }
    while (this.#length < start) this.#bytes[this.#length++] = 0;
    this.#length = end;
    return start;
  }

  #use(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
}

function checkedText(value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`Not a string: ${value}`);
  if (value.includes("\0")) throw new TypeError("String contains null byte");
  return value;
}

function checkedArray(value: unknown, { code }: DBusType): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`Not an array, for the type ${code}: ${value}`);
  return value;
}

function misfit(value: unknown, { code }: DBusType): TypeError {
  return new TypeError(`Not a value of the type ${code}: ${value}`);
}
