/** Values of D-Bus as bytes and back ("Marshaling"). Bytes come from peers that need not mean well. */

import { Buffer } from "node:buffer";
import { parseSignature, type Type } from "./signature.ts";

/** Bytes or a signature that are not what D-Bus allows. */
export class MarshalError extends Error {}

const DEEPEST_VARIANT = 16;

/** The length that is a multiple of the alignment, and not less. */
export function aligned(length: number, alignment: number): number {
  return Math.ceil(length / alignment) * alignment;
}

function typesOf(signature: string): Type[] {
  const types = parseSignature(signature);
  if (!types) throw new MarshalError("invalid signature");
  return types;
}

function onlyTypeOf(signature: string): Type {
  const types = typesOf(signature);
  if (types.length !== 1) throw new MarshalError("a variant holds one complete type");
  return types[0]!;
}

/** Gathers values, least significant byte first. */
export class Writer {
  #bytes = Buffer.allocUnsafe(512);
  #length = 0;

  /** How many bytes have been written. */
  get length(): number {
    return this.#length;
  }

  /** The bytes written. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /**
   * Writes the values of a signature. A variant is a signature and a value, a dictionary its entries, each a key and a
   * value. Throws an Error when a value does not fit its type, such as a string that holds a null character.
   */
  write(signature: string, values: unknown[]): void {
    const types = typesOf(signature);
    if (types.length !== values.length) {
      throw new MarshalError(`${values.length} values do not fit the signature ${signature}`);
    }
    types.forEach((type, index) => this.#value(type, values[index]));
  }

  /** Moves on to a multiple of some bytes, over zeros. */
  align(alignment: number): void {
    const end = aligned(this.#length, alignment);
    this.#room(end - this.#length);
    this.#bytes.fill(0, this.#length, end);
    this.#length = end;
  }

  /** Changes a 32-bit number that has been written. */
  patch(at: number, value: number): void {
    this.#bytes.writeUInt32LE(value, at);
  }

  #value(type: Type, value: unknown): void {
    this.align(type.alignment);
    WRITE[type.letter]!(this, value, type);
  }

  #room(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#length + count));
    larger.set(this.bytes());
    this.#bytes = larger;
  }

  /** Makes room for so many bytes, to be filled by the function, which is told where. */
  put(count: number, fill: (bytes: Buffer, at: number) => void): void {
    this.#room(count);
    fill(this.#bytes, this.#length);
    this.#length += count;
  }

  string(text: unknown, lengthBytes: 1 | 4): void {
    if (typeof text !== "string") throw new MarshalError(`a string is needed, not ${typeof text}`);
    if (text.includes("\0")) throw new MarshalError("a string must not hold a null character");
    const size = Buffer.byteLength(text);
    this.put(lengthBytes + size + 1, (bytes, at) => {
      bytes.writeUIntLE(size, at, lengthBytes);
      bytes.write(text, at + lengthBytes);
      bytes[at + lengthBytes + size] = 0;
    });
  }

  array(values: unknown, [element]: Type[]): void {
    const place = this.#length;
    this.put(4, () => {});
    this.align(element!.alignment);
    const start = this.#length;
    for (const value of values as Iterable<unknown>) this.#value(element!, value);
    this.patch(place, this.#length - start);
  }

  structure(values: unknown, parts: Type[]): void {
    const given = values as unknown[];
    if (given.length !== parts.length) throw new MarshalError("a structure has too few or too many values");
    parts.forEach((part, index) => this.#value(part, given[index]));
  }

  variant(value: unknown): void {
    const [signature, inner] = value as [string, unknown];
    this.string(signature, 1);
    this.#value(onlyTypeOf(signature), inner);
  }
}

type Write = (writer: Writer, value: unknown, type: Type) => void;

const writeStructure: Write = (writer, value, { parts }) => writer.structure(value, parts);
const writeString: Write = (writer, value) => writer.string(value, 4);
const writeUint32: Write = (writer, value) =>
  writer.put(4, (bytes, at) => bytes.writeUInt32LE(value as number, at));

/** How a value of each type is written, behind its alignment. */
const WRITE: Record<string, Write> = {
  y: (writer, value) => writer.put(1, (bytes, at) => bytes.writeUInt8(value as number, at)),
  b: (writer, value) => writeUint32(writer, value ? 1 : 0, undefined!),
  n: (writer, value) => writer.put(2, (bytes, at) => bytes.writeInt16LE(value as number, at)),
  q: (writer, value) => writer.put(2, (bytes, at) => bytes.writeUInt16LE(value as number, at)),
  i: (writer, value) => writer.put(4, (bytes, at) => bytes.writeInt32LE(value as number, at)),
  u: writeUint32,
  h: writeUint32,
  x: (writer, value) => writer.put(8, (bytes, at) => bytes.writeBigInt64LE(BigInt(value as number), at)),
  t: (writer, value) => writer.put(8, (bytes, at) => bytes.writeBigUInt64LE(BigInt(value as number), at)),
  d: (writer, value) => writer.put(8, (bytes, at) => bytes.writeDoubleLE(value as number, at)),
  s: writeString,
  o: writeString,
  g: (writer, value) => writer.string(value, 1),
  a: (writer, value, { parts }) => writer.array(value, parts),
  v: (writer, value) => writer.variant(value),
  "(": writeStructure,
  "{": writeStructure,
};

/** Takes values out of bytes. All of its methods throw {@link MarshalError} or a RangeError for what is not there. */
export class Reader {
  #at = 0;
  #depth = 0;

  constructor(private readonly bytes: Buffer, private readonly bigEndian: boolean) {}

  /** The values of a signature. Variants are their values, dictionaries with strings for keys are objects. */
  read(signature: string): unknown[] {
    return typesOf(signature).map((type) => this.#value(type));
  }

  /** Moves on to a multiple of some bytes. */
  align(alignment: number): void {
    this.#at = aligned(this.#at, alignment);
  }

  #value(type: Type): unknown {
    this.align(type.alignment);
    return READ[type.letter]!(this, type);
  }

  /** Passes over so many bytes, and gives their place. */
  #take(count: number): number {
    const at = this.#at;
    if (at + count > this.bytes.length) throw new MarshalError("a value runs past the end of the message");
    this.#at += count;
    return at;
  }

  /** What one of the two functions makes of the next bytes, by their order. */
  number<T>(size: number, little: (this: Buffer, at: number) => T, big: (this: Buffer, at: number) => T): T {
    return (this.bigEndian ? big : little).call(this.bytes, this.#take(size));
  }

  uint32(): number {
    return this.number(4, this.bytes.readUInt32LE, this.bytes.readUInt32BE);
  }

  string(length: number): string {
    const at = this.#take(length + 1);
    const text = this.bytes.toString("utf8", at, at + length);
    if (text.includes("\0")) throw new MarshalError("a string holds a null character");
    return text;
  }

  uint8(): number {
    return this.bytes[this.#take(1)]!;
  }

  array([element]: Type[]): unknown {
    const length = this.uint32();
    this.align(element!.alignment);
    const end = this.#at + length;
    if (end > this.bytes.length) throw new MarshalError("an array runs past the end of the message");
    if (element!.letter === "y") return Buffer.from(this.bytes.subarray(this.#take(length), end));
    const values: unknown[] = [];
    while (this.#at < end) values.push(this.#value(element!));
    const hasNames = element!.letter === "{" && "sog".includes(element!.parts[0]!.letter);
    return hasNames ? Object.fromEntries(values as [string, unknown][]) : values;
  }

  structure(parts: Type[]): unknown[] {
    return parts.map((part) => this.#value(part));
  }

  variant(): unknown {
    if (++this.#depth > DEEPEST_VARIANT) throw new MarshalError("variants are nested too deeply");
    const value = this.#value(onlyTypeOf(this.string(this.uint8())));
    this.#depth--;
    return value;
  }
}

type Read = (reader: Reader, type: Type) => unknown;

const { readInt16LE, readInt16BE, readUInt16LE, readUInt16BE, readInt32LE, readInt32BE } = Buffer.prototype;
const { readBigInt64LE, readBigInt64BE, readBigUInt64LE, readBigUInt64BE } = Buffer.prototype;
const { readDoubleLE, readDoubleBE } = Buffer.prototype;

const readString: Read = (reader) => reader.string(reader.uint32());
const readStructure: Read = (reader, { parts }) => reader.structure(parts);

/** How a value of each type is read, behind its alignment. */
const READ: Record<string, Read> = {
  y: (reader) => reader.uint8(),
  b: (reader) => reader.uint32() !== 0,
  n: (reader) => reader.number(2, readInt16LE, readInt16BE),
  q: (reader) => reader.number(2, readUInt16LE, readUInt16BE),
  i: (reader) => reader.number(4, readInt32LE, readInt32BE),
  u: (reader) => reader.uint32(),
  h: (reader) => reader.uint32(),
  x: (reader) => reader.number(8, readBigInt64LE, readBigInt64BE),
  t: (reader) => reader.number(8, readBigUInt64LE, readBigUInt64BE),
  d: (reader) => reader.number(8, readDoubleLE, readDoubleBE),
  s: readString,
  o: readString,
  g: (reader) => reader.string(reader.uint8()),
  a: (reader, { parts }) => reader.array(parts),
  v: (reader) => reader.variant(),
  "(": readStructure,
  "{": readStructure,
};
