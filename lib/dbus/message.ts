/** D-Bus messages ("Message Format"), and their encoder. */

import type { Buffer } from "node:buffer";
import { LARGEST_MESSAGE } from "./limits.ts";
import { ValueWriter } from "./value_writer.ts";

/** The kinds of message, by their numbers. */
export const METHOD_CALL = 1, METHOD_RETURN = 2, ERROR = 3, SIGNAL = 4;

/** The flag of a call whose sender wants no reply. */
export const NO_REPLY_EXPECTED = 1;

/** The parts of a message in front of its body, but for its serial number. */
export interface MessageHeader {
  type: number;
  flags: number;
  path?: string;
  interface?: string;
  member?: string;
  errorName?: string;
  replySerial?: number;
  destination?: string;
  sender?: string;
  signature?: string;
}

/** A message. Its body is an array of values of the types of its signature, such as value_writer.ts tells of. */
export interface Message extends MessageHeader {
  serial: number;
  body: unknown[];
}

/** A field of a header. */
export interface HeaderField {
  name: keyof MessageHeader;
  /** The code of its type. */
  type: string;
  /** Its number, and the signature of the variant that its value is, as the four bytes that they are. */
  start: number;
}

function field(number: number, name: keyof MessageHeader, type: string): HeaderField {
  return { name, type, start: number + 0x100 + type.charCodeAt(0) * 0x10000 };
}

const PATH = field(1, "path", "o"),
  INTERFACE = field(2, "interface", "s"),
  MEMBER = field(3, "member", "s"),
  ERROR_NAME = field(4, "errorName", "s"),
  REPLY_SERIAL = field(5, "replySerial", "u"),
  DESTINATION = field(6, "destination", "s"),
  SENDER = field(7, "sender", "s"),
  SIGNATURE = field(8, "signature", "g");

/** The fields by their numbers. */
export const FIELDS: ReadonlyArray<HeaderField | undefined> = [
  undefined,
  PATH,
  INTERFACE,
  MEMBER,
  ERROR_NAME,
  REPLY_SERIAL,
  DESTINATION,
  SENDER,
  SIGNATURE,
];

/** The byte orders, and the version of the protocol. */
export const LITTLE_ENDIAN = 0x6c, BIG_ENDIAN = 0x42, VERSION = 1;

/** Where numbers stand in the fixed part of a header, and how long that is. */
export const BODY_LENGTH = 4, SERIAL = 8, FIELDS_LENGTH = 12, FIXED_HEADER = 16;

/** Used for one message after another: to make one takes longer than to write a message. */
let writer: ValueWriter | undefined;

/**
 * The bytes of a message, in memory of their own.
 *
 * @throws {TypeError} when a value does not fit its type, such as a string that holds a null character.
 */
export function encode(message: Message): Buffer {
  writer ??= new ValueWriter();
  writer.clear();
  writeHeader(writer, message, message.serial);
  const start = writer.length;
  if (message.signature) writer.values(message.signature, message.body);
  writer.replaceUint32(BODY_LENGTH, writer.length - start);
  if (writer.length > LARGEST_MESSAGE) throw new TypeError("A message is too large");
  return writer.take();
}

/** Writes a header up to where the body begins, whose length is left to be written. @throws {TypeError} as {@link encode} */
export function writeHeader(writer: ValueWriter, header: MessageHeader, serial: number): void {
  // Four bytes at once: this is done for every message, and written for speed.
  writer.uint32(LITTLE_ENDIAN + header.type * 0x100 + header.flags * 0x10000 + VERSION * 0x1000000);
  writer.uint32(0);
  writer.uint32(serial);
  writer.uint32(0);
  writeFields(writer, header);
  writer.replaceUint32(FIELDS_LENGTH, writer.length - FIXED_HEADER);
  writer.align(8);
}

/** Writes the fields that there are. An empty signature is that of a message without a body, which bears none. */
function writeFields(writer: ValueWriter, message: MessageHeader): void {
  if (message.path) {
    writer.uint32(PATH.start, 8);
    writer.objectPath(message.path);
  }
  if (message.interface) writeText(writer, INTERFACE, message.interface);
  if (message.member) writeText(writer, MEMBER, message.member);
  if (message.errorName) writeText(writer, ERROR_NAME, message.errorName);
  if (message.replySerial) {
    writer.uint32(REPLY_SERIAL.start, 8);
    writer.uint32(message.replySerial);
  }
  if (message.destination) writeText(writer, DESTINATION, message.destination);
  if (message.sender) writeText(writer, SENDER, message.sender);
  if (message.signature) {
    writer.uint32(SIGNATURE.start, 8);
    writer.signature(message.signature);
  }
}

function writeText(writer: ValueWriter, { start }: HeaderField, text: string): void {
  writer.uint32(start, 8);
  writer.text(text);
}
