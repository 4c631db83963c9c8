/** The reader of messages from a peer that need not mean well. */

import { Buffer } from "node:buffer";
import { BoundedCache } from "./bounded_cache.ts";
import {
  BIG_ENDIAN,
  BODY_LENGTH,
  FIELDS,
  FIELDS_LENGTH,
  FIXED_HEADER,
  LITTLE_ENDIAN,
  type Message,
  type MessageHeader,
  SERIAL,
  VERSION,
} from "./message.ts";
import { ProtocolError } from "./protocol_error.ts";
import { readUint32, ValueReader } from "./value_reader.ts";

/** The fields that messages of a type must have. Other types are not for us, and are let pass. */
const REQUIRED: ReadonlyArray<ReadonlyArray<keyof MessageHeader>> = [
  [],
  ["path", "member"],
  ["replySerial"],
  ["errorName", "replySerial"],
  ["path", "interface", "member"],
];

/** How many fields are read of a header. The specification knows nine. */
const MOST_FIELDS = 64;

const NOTHING: Buffer = Buffer.alloc(0);

/** A message that has arrived. Its body is read when somebody wants it: most of the cost is in there. */
export class ReceivedMessage {
  readonly serial: number;

  /** @param bytes The whole message, as it came. */
  constructor(
    readonly bytes: Buffer,
    readonly header: Readonly<MessageHeader>,
    private readonly variants: number,
  ) {
    this.serial = uint32(bytes, SERIAL);
  }

  /** Reads the values. @throws {ProtocolError} when the bytes are not what the signature says. */
  body(): unknown[] {
    const { bytes, header } = this, start = FIXED_HEADER + aligned(uint32(bytes, FIELDS_LENGTH));
    if (start === bytes.length && !header.signature) return [];
    const reader = new ValueReader(bytes, start, bytes[0] === LITTLE_ENDIAN, this.variants);
    return reader.values(header.signature ?? "");
  }
}

/** A cache of headers for a {@link MessageReader}, for peers whose messages repeat. */
export class HeaderCache {
  readonly #headers = new BoundedCache<Readonly<MessageHeader>>();

  /** The header of a message. @throws {ProtocolError} when it has none. */
  read(bytes: Buffer): Readonly<MessageHeader> {
    const end = FIXED_HEADER + aligned(uint32(bytes, FIELDS_LENGTH));
    // All but the body's length and the serial number.
    const key = bytes.toString("latin1", 0, BODY_LENGTH) + bytes.toString("latin1", FIELDS_LENGTH, end);
    return this.#headers.find(key) ?? this.#headers.add(key, readHeader(bytes));
  }
}

/** Cuts the bytes that arrive into messages. */
export class MessageReader {
  #bytes = NOTHING;
  /** Where in them what no message has been made of yet begins and ends. */
  #start = 0;
  #end = 0;
  /** True when the memory is the reader's own, so that it may write behind the end. */
  #isOwn = false;

  /**
   * @param limit Messages of more bytes are refused before they arrive.
   * @param variants How many variants the body of a message may hold.
   * @param headers Absent where few messages are read.
   */
  constructor(
    private readonly limit: number,
    private readonly variants = Infinity,
    private readonly headers?: HeaderCache,
  ) {}

  /** Takes more bytes from the peer. They must not change later. */
  push(chunk: Buffer): void {
    if (this.available === 0) {
      this.#bytes = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      this.#isOwn = false;
      return;
    }
    if (!this.#isOwn || this.#bytes.length - this.#end < chunk.length) {
      // Twice as much, so that bytes that trickle in are not copied again for each.
      const larger = Buffer.allocUnsafeSlow(2 * (this.available + chunk.length));
      larger.set(this.#bytes.subarray(this.#start, this.#end));
      this.#bytes = larger;
      this.#end -= this.#start;
      this.#start = 0;
      this.#isOwn = true;
    }
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Drops these. */
  clear(): void {
    this.#bytes = NOTHING;
    this.#start = this.#end = 0;
    this.#isOwn = false;
  }

  /** How many bytes there are that no message has been made of yet. */
  get available(): number {
    return this.#end - this.#start;
  }

  /** These bytes. */
  get rest(): Buffer {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /**
   * The next message, or undefined until more bytes arrive.
   *
   * @throws {ProtocolError} for what is no message, or too large a one.
   */
  next(): Message | undefined {
    const received = this.receive();
    return received && { ...received.header, serial: received.serial, body: received.body() };
  }

  /** The same, with its body not read yet. @throws {ProtocolError} likewise. */
  receive(): ReceivedMessage | undefined {
    const available = this.available;
    if (available < FIXED_HEADER) return undefined;
    const isAll = this.#start === 0 && available === this.#bytes.length;
    const rest = isAll ? this.#bytes : this.#bytes.subarray(this.#start, this.#end);
    const length = messageLength(rest, this.limit);
    if (length > available) return undefined;
    this.#start += length;
    if (length === available) this.#bytes = NOTHING;
    // Mostly there is one message, and the bytes are its own.
    const bytes = length === available ? rest : rest.subarray(0, length);
    if (uint32(bytes, SERIAL) === 0) throw new ProtocolError("a message has the serial number 0");
    return new ReceivedMessage(bytes, this.headers?.read(bytes) ?? readHeader(bytes), this.variants);
  }
}

/** The length in bytes of the message that begins so. @throws {ProtocolError} when none does, or too large a one. */
function messageLength(start: Buffer, limit: number): number {
  const order = start[0];
  if (order !== LITTLE_ENDIAN && order !== BIG_ENDIAN) throw new ProtocolError("invalid byte order");
  if (start[3] !== VERSION) throw new ProtocolError("unknown version of the protocol");
  const length = FIXED_HEADER + aligned(uint32(start, FIELDS_LENGTH)) + uint32(start, BODY_LENGTH);
  if (length > limit) {
    throw new ProtocolError(`a message of ${length} bytes is more than the ${limit} allowed`);
  }
  return length;
}

function uint32(message: Buffer, at: number): number {
  return readUint32(message, at, message[0] === LITTLE_ENDIAN);
}

/** The next multiple of eight, at which structures and bodies begin. */
function aligned(length: number): number {
  return Math.ceil(length / 8) * 8;
}

/** @throws {ProtocolError} when the message does not begin with a header. */
function readHeader(bytes: Buffer): MessageHeader {
  const reader = new ValueReader(bytes, FIXED_HEADER, bytes[0] === LITTLE_ENDIAN, MOST_FIELDS);
  const end = FIXED_HEADER + uint32(bytes, FIELDS_LENGTH);
  const header: MessageHeader = { type: bytes[1]!, flags: bytes[2]! };
  if (header.type === 0) throw new ProtocolError("a message is of the type 0");
  while (reader.at < end) readField(reader, header);
  if (reader.at !== end) throw new ProtocolError("a header field goes beyond the end of the header");
  reader.align(8);
  const required = REQUIRED[header.type] ?? [];
  for (let index = 0; index < required.length; index++) {
    const name = required[index]!;
    if (header[name] === undefined) {
      throw new ProtocolError(`a message of the type ${header.type} lacks its ${name}`);
    }
  }
  return header;
}

/** Reads a field: its number, and a variant. Fields that are not known yet are passed over. */
function readField(reader: ValueReader, header: MessageHeader): void {
  reader.align(8);
  const number = reader.byte(), field = FIELDS[number];
  const type = reader.variantType(), value = reader.value(type);
  if (number === 0) throw new ProtocolError("a header field has the number 0");
  if (!field) return;
  const { name } = field;
  if (type.code !== field.type) throw new ProtocolError(`the header's ${name} is of a wrong type`);
  if (header[name] !== undefined) throw new ProtocolError(`the header has two of ${name}`);
  (header as unknown as Record<string, unknown>)[name] = value;
}
