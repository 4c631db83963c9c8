/**
 * The messages of a service repeat: what is in front of their bodies is read and written once, and then it is
 * only the numbers in it that change. What all of it means is in message.ts.
 */

import { Buffer } from "node:buffer";
// @ts-types="./dbus_marshall.d.ts"
import marshall from "dbus-native/lib/marshall.js";
import { Memory } from "./memory.ts";
import {
  aligned,
  BODY_LENGTH,
  encode,
  FIELDS_LENGTH,
  FIXED_HEADER,
  type Header,
  type HeaderReader,
  type Message,
  readHeader,
  SERIAL,
} from "./message.ts";

/** A reader of headers that knows those that it has read of late. */
export function headerMemory(): HeaderReader {
  const known = new Memory<Header>();
  return (bytes) => {
    const key = bytes.toString("latin1", 0, BODY_LENGTH) + bytes.toString("latin1", FIELDS_LENGTH);
    return known.get(key, () => readHeader(bytes));
  };
}

/** Stands for the number of the call that is answered: bytes that no text in UTF-8 holds. */
const PLACEHOLDER = 0x80808080;

const NOTHING = new Uint8Array();

/** What messages have in common that differ in their numbers alone, or in their bodies as well. */
export class Template {
  readonly #bytes: Buffer;
  /** Where the number of the call stands that is answered; -1 in what answers none. */
  readonly #replySerial: number;

  /** A message without a body is one for bodies of its signature. Throws as {@link encode} does. */
  constructor(message: Omit<Message, "serial" | "body"> & Partial<Message>) {
    const answers = message.replySerial !== undefined;
    this.#bytes = encode({ ...message, serial: 1, ...(answers && { replySerial: PLACEHOLDER }) });
    this.#replySerial = answers ? this.#bytes.indexOf(Buffer.alloc(4, PLACEHOLDER & 255), FIXED_HEADER) : -1;
  }

  /** The bytes of a message, with a body if the template has none. */
  fill(serial: number, replySerial = 0, body: Uint8Array = NOTHING): Buffer {
    const { length } = this.#bytes;
    // Memory of its own: clients that are slow to read keep what waits for them alive, and nothing else.
    const bytes = Buffer.allocUnsafeSlow(length + body.length);
    bytes.set(this.#bytes);
    bytes.writeUInt32LE(serial, SERIAL);
    if (this.#replySerial > 0) bytes.writeUInt32LE(replySerial, this.#replySerial);
    if (body.length > 0) {
      bytes.set(body, length);
      bytes.writeUInt32LE(body.length, BODY_LENGTH);
    }
    return bytes;
  }
}

/** The signature of all properties of an interface. */
const PROPERTIES = "a{sv}";

/** Makes the bodies of replies. They differ, and some are long, but properties seldom change. */
export class BodyEncoder {
  readonly #properties = new Memory<Buffer>();

  /** The bytes of values of the types of a signature. Throws as {@link marshall} does. */
  encode(signature: string, values: unknown[]): Uint8Array {
    if (signature === "") return NOTHING;
    return signature === PROPERTIES ? this.#dictionary(values[0] as unknown[]) : marshall(signature, values);
  }

  /** Entries of a dictionary begin at multiples of eight, so that their bytes are the same wherever they stand. */
  #dictionary(entries: unknown[]): Uint8Array {
    const parts: Buffer[] = [];
    let end = 8;
    for (const entry of entries) {
      // A copy, as what the library gives is a part of a larger piece of memory.
      const make = () => Buffer.from(marshall("(sv)", [entry]));
      const part = this.#properties.get(JSON.stringify(entry), make);
      parts.push(part);
      end = aligned(end) + part.length;
    }
    const bytes = Buffer.alloc(end);
    bytes.writeUInt32LE(end - 8);
    let at = 8;
    for (const part of parts) {
      bytes.set(part, at);
      at = aligned(at + part.length);
    }
    return bytes;
  }
}
