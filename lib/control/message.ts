/** D-Bus messages as bytes: encoding, and reading them from a peer that need not mean well. */

import { Buffer } from "node:buffer";
// @ts-types="./dbus_buffer.d.ts"
import DBusBuffer from "dbus-native/lib/dbus-buffer.js";
// @ts-types="./dbus_message.d.ts"
import { marshall } from "dbus-native/lib/message.js";

/** The kinds of message, by their numbers in the D-Bus specification ("Message Format"). */
export const METHOD_CALL = 1, METHOD_RETURN = 2, ERROR = 3, SIGNAL = 4;

/** The flag of a call whose sender wants no reply. */
export const NO_REPLY_EXPECTED = 1;

/** A message. Bodies are arrays of values in the order of the signature's types. */
export interface Message {
  type: number;
  flags: number;
  serial: number;
  path?: string;
  interface?: string;
  member?: string;
  errorName?: string;
  replySerial?: number;
  destination?: string;
  sender?: string;
  signature?: string;
  body: unknown[];
}

/** What is in front of a message's body, without its serial number: the same in all messages of a kind. */
export type Header = Omit<Message, "serial" | "body">;

/** The peer broke the protocol; nothing after that can be understood. */
export class ProtocolError extends Error {}

/** A value for a place of type `v`: its signature, then itself. */
export type Variant = [signature: string, value: unknown];

/** Header fields by number: name, and the type that a value must have. */
const FIELDS: Array<[name: keyof Header, type: StringConstructor | NumberConstructor] | undefined> = [
  undefined,
  ["path", String],
  ["interface", String],
  ["member", String],
  ["errorName", String],
  ["replySerial", Number],
  ["destination", String],
  ["sender", String],
  ["signature", String],
];

const LITTLE_ENDIAN = 0x6c, BIG_ENDIAN = 0x42;
/** Where numbers stand in the fixed part of a header, and how long that is. */
export const BODY_LENGTH = 4, SERIAL = 8, FIELDS_LENGTH = 12, FIXED_HEADER = 16;
const DEEPEST_TYPE = 32, DEEPEST_VARIANT = 16;

/**
 * The bytes of a message. When its body is absent there is none in the bytes, whatever the signature is. Throws an
 * Error when a value does not fit its type, such as a string that holds a null character.
 */
export function encode(message: Omit<Message, "body"> & Partial<Message>): Buffer {
  return marshall(message);
}

/** True when the text is a sequence of complete types ("Type System"), none of them empty or nested deeply. */
export function isSignature(text: string): boolean {
  let at = 0;
  const complete = (depth: number): boolean => {
    const type = text[at++];
    if (type === undefined || depth > DEEPEST_TYPE) return false;
    if ("ybnqiuxtdsoghv".includes(type)) return true;
    if (type === "(") {
      do if (!complete(depth + 1)) return false; while (text[at] !== ")");
      at++;
      return true;
    }
    if (type !== "a") return false;
    if (text[at] !== "{") return complete(depth + 1);
    at++;
    return "ybnqiuxtdsogh".includes(text[at++] ?? "?") && complete(depth + 1) && text[at++] === "}";
  };
  while (at < text.length) if (!complete(0)) return false;
  return text.length <= 255;
}

/** A signature that can be read by: an array of an empty structure would be read for ever. */
function checked(signature: string): string {
  if (!isSignature(signature)) throw new ProtocolError("invalid signature");
  return signature;
}

/** The library's reader, without its trust in what signatures and strings a peer sends. */
class StrictBuffer extends DBusBuffer {
  #depth = 0;

  constructor(bytes: Buffer, order: number | undefined) {
    super(bytes, undefined, undefined, order);
  }

  override readVariant(): unknown {
    if (++this.#depth > DEEPEST_VARIANT) throw new ProtocolError("variants are nested too deeply");
    const values = this.read(checked(this.readSimpleType("g") as string));
    this.#depth--;
    if (values.length !== 1) throw new ProtocolError("a variant holds one complete type");
    return values[0];
  }

  override readString(length: number): string {
    const text = super.readString(length);
    if (text.includes("\0")) throw new ProtocolError("a string holds a null character");
    return text;
  }
}

/** Cuts the bytes that arrive into messages. */
export class MessageReader {
  #chunks: Buffer[] = [];
  #available = 0;
  /** The length of the message that is arriving; 0 until its fixed header is there. */
  #length = 0;

  /** Messages of more than `limit` bytes are refused. */
  constructor(readonly limit: number, private readonly headers: HeaderReader = readHeader) {}

  /** Takes more bytes from the peer. */
  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#available += chunk.length;
  }

  /**
   * The next message, or undefined until more bytes arrive.
   * Throws {@link ProtocolError} for what is no message, or too large a one.
   */
  next(): Message | undefined {
    if (this.#length === 0) {
      if (this.#available < FIXED_HEADER) return undefined;
      this.#length = messageLength(this.#join(FIXED_HEADER), this.limit);
    }
    if (this.#available < this.#length) return undefined;
    const bytes = this.#join(this.#length);
    const message = decode(bytes.subarray(0, this.#length), this.headers);
    this.#available -= this.#length;
    if (bytes.length > this.#length) this.#chunks[0] = bytes.subarray(this.#length);
    else this.#chunks.shift();
    this.#length = 0;
    return message;
  }

  /** The first chunk, made to hold so many bytes at least. */
  #join(length: number): Buffer {
    if (this.#chunks[0]!.length < length) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0]!;
  }
}

/** The length in bytes of the message that begins so. */
function messageLength(start: Buffer, limit: number): number {
  const order = start[0];
  if (order !== LITTLE_ENDIAN && order !== BIG_ENDIAN) throw new ProtocolError("invalid byte order");
  if (start[3] !== 1) throw new ProtocolError("unknown version of the protocol");
  const length = FIXED_HEADER + aligned(uint32(start, FIELDS_LENGTH)) + uint32(start, BODY_LENGTH);
  if (length > limit) {
    throw new ProtocolError(`a message of ${length} bytes is more than the ${limit} allowed`);
  }
  return length;
}

function uint32(message: Buffer, at: number): number {
  return message[0] === LITTLE_ENDIAN ? message.readUInt32LE(at) : message.readUInt32BE(at);
}

/** The next multiple of eight, at which structures and bodies begin. */
export function aligned(length: number): number {
  return Math.ceil(length / 8) * 8;
}

/** Gives the header that these bytes are, all of them; throws an Error. */
export type HeaderReader = (bytes: Buffer) => Header;

/** The message that these bytes are, all of them. Throws {@link ProtocolError}. */
export function decode(bytes: Buffer, headers: HeaderReader = readHeader): Message {
  try {
    const length = uint32(bytes, FIELDS_LENGTH), serial = uint32(bytes, SERIAL);
    const header = headers(bytes.subarray(0, FIXED_HEADER + length));
    if (serial === 0) throw new ProtocolError("a message has the serial number 0");
    const { signature } = header;
    if (!signature) return { ...header, serial, body: [] };
    const buffer = new StrictBuffer(bytes.subarray(FIXED_HEADER + aligned(length)), bytes[0]);
    return { ...header, serial, body: buffer.read(signature) };
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    throw new ProtocolError(error instanceof Error ? error.message : String(error));
  }
}

/** Reads a header, whatever its serial number and the length of the body are. */
export function readHeader(bytes: Buffer): Header {
  const buffer = new StrictBuffer(bytes, bytes[0]);
  const [, type, flags, , , , fields] = buffer.read("yyyyuua(yv)") as [
    number,
    number,
    number,
    number,
    number,
    number,
    Array<[number, unknown]>,
  ];
  const header: Header = { type, flags };
  for (const [number, value] of fields) {
    const field = FIELDS[number];
    if (!field) continue;
    if (Object(value).constructor !== field[1]) {
      throw new ProtocolError(`the header's ${field[0]} is of a wrong type`);
    }
    Object.assign(header, { [field[0]]: value });
  }
  if (header.signature) checked(header.signature);
  return header;
}
