/** The encoder of a service's answers. Their headers and many of their properties repeat: each is encoded once. */

import type { Buffer } from "node:buffer";
import { BoundedCache } from "./bounded_cache.ts";
import {
  BODY_LENGTH,
  ERROR,
  type MessageHeader,
  METHOD_RETURN,
  NO_REPLY_EXPECTED,
  SERIAL,
  writeHeader,
} from "./message.ts";
import { ValueWriter, type Variant } from "./value_writer.ts";

/** An answer to a call. */
export interface Answer {
  serial: number;
  replySerial: number;
  /** Absent where the answer is no error. */
  errorName?: string | undefined;
  signature: string;
  body: readonly unknown[];
}

/** The bytes of a header, and where in them the number of the call stands that is answered. */
interface EncodedHeader {
  bytes: Buffer;
  replySerial: number;
}

/** The signature of all properties of an interface. */
const PROPERTIES = "a{sv}";

/** Signatures of types whose values are the same if they are the same in JSON. */
const IN_JSON = /^[asoiubnqy()]+$/;

/** Stands for the number of the call: bytes that no string holds. */
const PLACEHOLDER = 0x80808080;

/** Encodes answers one after the other. */
export class AnswerEncoder {
  readonly #headers = new BoundedCache<EncodedHeader>();
  readonly #properties = new BoundedCache<Buffer>();
  readonly #writer = new ValueWriter();

  /** The bytes of an answer. @throws {TypeError} when a value does not fit its type. */
  encode({ serial, replySerial, errorName, signature, body }: Answer): Buffer {
    const writer = this.#writer;
    const key = errorName === undefined ? signature : `${errorName} ${signature}`;
    const header = this.#headers.find(key) ??
      this.#headers.add(key, this.#encodeHeader(signature, errorName));
    writer.clear();
    writer.bytes(header.bytes);
    writer.replaceUint32(SERIAL, serial);
    writer.replaceUint32(header.replySerial, replySerial);
    if (signature === PROPERTIES) this.#writeProperties(body[0] as Iterable<[string, Variant]>);
    else if (signature !== "") writer.values(signature, body);
    writer.replaceUint32(BODY_LENGTH, writer.length - header.bytes.length);
    return writer.take();
  }

  #encodeHeader(signature: string, errorName: string | undefined): EncodedHeader {
    const header: MessageHeader = {
      type: errorName === undefined ? METHOD_RETURN : ERROR,
      flags: NO_REPLY_EXPECTED,
      replySerial: PLACEHOLDER,
      signature,
      ...(errorName !== undefined && { errorName }),
    };
    this.#writer.clear();
    writeHeader(this.#writer, header, 1);
    const bytes = this.#writer.take();
    // Behind the fixed part numbers stand at multiples of four.
    let at = SERIAL + 8;
    while (bytes.readUInt32LE(at) !== PLACEHOLDER) at += 4;
    return { bytes, replySerial: at };
  }

  /** Entries of a dictionary begin at multiples of eight, so that their bytes are the same wherever they stand. */
  #writeProperties(properties: Iterable<[name: string, value: Variant]>): void {
    const writer = this.#writer, at = writer.length;
    writer.uint32(0);
    writer.align(8);
    const start = writer.length;
    for (const property of properties) {
      writer.align(8);
      writer.bytes(this.#property(property, property[1][0]));
    }
    writer.replaceUint32(at, writer.length - start);
  }

  #property(property: [name: string, value: Variant], signature: string): Buffer {
    if (!IN_JSON.test(signature)) return encodeProperty(property);
    const key = JSON.stringify(property);
    return this.#properties.find(key) ?? this.#properties.add(key, encodeProperty(property));
  }
}

function encodeProperty(property: [string, Variant]): Buffer {
  const writer = new ValueWriter();
  writer.values("(sv)", [property]);
  return writer.take();
}
