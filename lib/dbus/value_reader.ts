/**
 * The reader of values in D-Bus's wire format, from a peer that need not mean well. value_writer.ts tells which
 * JavaScript values stand for which types.
 */

import { Buffer } from "node:buffer";
import { DEEPEST_VALUE, LARGEST_ARRAY } from "./limits.ts";
import { isObjectPath } from "./object_path.ts";
import { ProtocolError } from "./protocol_error.ts";
import { type DBusType, parseSignature } from "./signature.ts";
import type { Variant } from "./value_writer.ts";

/** What stands in a decoded text for bytes that are not UTF-8, and may have stood there. */
const REPLACEMENT = "\ufffd";

/**
 * Reads values one behind the other. Whatever is read takes memory in proportion to its own bytes. All that reads throws
 * {@link ProtocolError} for bytes that are no such values.
 */
export class ValueReader {
  /** How many containers are around what is read. */
  #depth = 0;
  /** How many more of them are read: one for each byte, so that structures within structures do not add up. */
  #containers: number;

  /**
   * @param bytes A message: values are aligned from its beginning, and end where it does.
   * @param at Where reading begins.
   * @param isLittle The byte order.
   * @param variants How many variants are read at most.
   */
  constructor(
    private readonly bytes: Buffer,
    public at: number,
    private readonly isLittle: boolean,
    private variants: number,
  ) {
    this.#containers = bytes.length + DEEPEST_VALUE;
  }

  /** Reads values of the types of a signature, which must be all that there is. */
  values(signature: string): unknown[] {
    const types = parseSignature(signature), values: unknown[] = [];
    for (let index = 0; index < types.length; index++) values.push(this.value(types[index]!));
    if (this.at !== this.bytes.length) throw new ProtocolError("there are more bytes than values");
    return values;
  }

  /** Goes on to a multiple of so many bytes. */
  align(alignment: number): void {
    this.#take(0, alignment);
  }

  byte(): number {
    return this.bytes[this.#take(1, 1)]!;
  }

  uint32(): number {
    return readUint32(this.bytes, this.#take(4, 4), this.isLittle);
  }

  /** Reads a string or an object path. */
  text(): string {
    const length = this.uint32();
    return this.#text(length, this.#take(length + 1, 1));
  }

  objectPath(): string {
    const text = this.text();
    if (!isObjectPath(text)) throw new ProtocolError("invalid object path");
    return text;
  }

  /** Reads a signature. It need not be a valid one: {@link parseSignature} tells. */
  signature(): string {
    const length = this.byte();
    return this.#text(length, this.#take(length + 1, 1));
  }

  value(type: DBusType): unknown {
    switch (type.code) {
      case "s":
        return this.text();
      case "o":
        return this.objectPath();
      case "u":
      case "h":
        return this.uint32();
      case "i":
        return this.uint32() | 0;
      case "b":
        return this.#boolean();
      case "a":
      case "(":
      case "v":
        return this.#container(type);
      case "y":
        return this.byte();
      case "n":
        return this.#uint16() << 16 >> 16;
      case "q":
        return this.#uint16();
      case "x":
      case "t":
      case "d":
        return this.#eightBytes(type);
      default: {
        const signature = this.signature();
        parseSignature(signature);
        return signature;
      }
    }
  }

  #uint16(): number {
    const { bytes } = this, at = this.#take(2, 2);
    return this.isLittle ? bytes[at]! | bytes[at + 1]! << 8 : bytes[at]! << 8 | bytes[at + 1]!;
  }

  #eightBytes({ code }: DBusType): number | bigint {
    const { buffer, byteOffset } = this.bytes, at = this.#take(8, 8);
    const view = new DataView(buffer, byteOffset + at, 8);
    if (code === "d") return view.getFloat64(0, this.isLittle);
    return code === "x" ? view.getBigInt64(0, this.isLittle) : view.getBigUint64(0, this.isLittle);
  }

  #boolean(): boolean {
    const value = this.uint32();
    if (value > 1) throw new ProtocolError("a boolean is neither 0 nor 1");
    return value === 1;
  }

  #container(type: DBusType): unknown {
    if (++this.#depth > DEEPEST_VALUE) throw new ProtocolError("values are nested too deeply");
    if (--this.#containers < 0) throw new ProtocolError("there are more arrays and structures than bytes");
    const value = type.code === "a"
      ? this.#array(type.children[0]!)
      : type.code === "v"
      ? this.#variant()
      : this.#fields(type.children);
    this.#depth--;
    return value;
  }

  #variant(): Variant {
    const start = this.at, type = this.variantType();
    const signature = type.length === 1
      ? type.code
      : this.bytes.toString("latin1", start + 1, start + 1 + type.length);
    return [signature, this.value(type)];
  }

  /** Reads the signature of a variant, whose value follows. */
  variantType(): DBusType {
    if (--this.variants < 0) throw new ProtocolError("too many variants");
    const types = parseSignature(this.signature());
    if (types.length !== 1) throw new ProtocolError("a variant holds one complete type");
    return types[0]!;
  }

  #fields(types: readonly DBusType[]): unknown[] {
    this.#take(0, 8);
    const fields: unknown[] = [];
    for (let index = 0; index < types.length; index++) fields.push(this.value(types[index]!));
    return fields;
  }

  #array(element: DBusType): unknown {
    const length = this.uint32();
    if (length > LARGEST_ARRAY) throw new ProtocolError("an array is too large");
    const end = this.#take(0, element.alignment) + length;
    if (end > this.bytes.length) throw new ProtocolError("an array goes beyond the end of the message");
    if (element.code === "y") return Buffer.from(this.bytes.subarray(this.#take(length, 1), end));
    if (element.code === "{") return this.#dictionary(element.children, end);
    const elements: unknown[] = [];
    while (this.at < end) elements.push(this.value(element));
    this.#checkEnd(end);
    return elements;
  }

  #dictionary(types: readonly DBusType[], end: number): Map<unknown, unknown> {
    if (++this.#depth > DEEPEST_VALUE) throw new ProtocolError("values are nested too deeply");
    const entries = new Map<unknown, unknown>();
    while (this.at < end) {
      this.#take(0, 8);
      const key = this.value(types[0]!);
      entries.set(key, this.value(types[1]!));
    }
    this.#depth--;
    this.#checkEnd(end);
    return entries;
  }

  #checkEnd(end: number): void {
    if (this.at !== end) throw new ProtocolError("an element goes beyond the end of its array");
  }

  /** The text of so many bytes, behind which there is a null character. */
  #text(length: number, start: number): string {
    const end = start + length;
    const text = this.bytes.toString("utf8", start, end);
    if (this.bytes[end] !== 0 || text.includes("\0")) {
      throw new ProtocolError("a string does not end with its only null character");
    }
    if (text.includes(REPLACEMENT) && !Buffer.from(text).equals(this.bytes.subarray(start, end))) {
      throw new ProtocolError("a string is not valid UTF-8");
    }
    return text;
  }

  /** Goes on to a multiple, over zeros, and takes so many bytes; gives where they begin. */
  #take(size: number, alignment: number): number {
    const start = (this.at + alignment - 1) & -alignment, next = start + size;
    if (next > this.bytes.length) throw new ProtocolError("a value goes beyond the end of the message");
    for (; this.at < start; this.at++) {
      if (this.bytes[this.at] !== 0) {
        throw new ProtocolError("there is something other than zeros between values");
      }
    }
    this.at = next;
    return start;
  }
}

/**
 * The number at a position. Bytes that arrive are read one by one: a DataView of them would have the engine move them to
 * memory of another kind, which takes longer than all else that is done with them.
 */
export function readUint32(bytes: Uint8Array, at: number, isLittle: boolean): number {
  const first = bytes[at]!, second = bytes[at + 1]!, third = bytes[at + 2]!, fourth = bytes[at + 3]!;
  return isLittle
    ? (first | second << 8 | third << 16 | fourth << 24) >>> 0
    : (first << 24 | second << 16 | third << 8 | fourth) >>> 0;
}
