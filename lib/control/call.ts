/** Calls as clients write them and answers as they read them: by what is prepared, where it is, else by the codec. */

import { Buffer } from "node:buffer";
// @ts-types="./dbus_marshall.d.ts"
import marshall from "dbus-native/lib/marshall.js";
import { answerKey, callKey, REPLY_SERIAL } from "./keys.ts";
import { BODY_LENGTH, encode, type Header, type Message, readHeader, SERIAL } from "./message.ts";
import { ANSWERS, CALLS } from "./prepared.ts";

/** The bytes of a call. Throws as {@link encode} does. */
export function encodeCall(message: Message): Buffer {
  const header = message.destination === undefined ? CALLS[callKey(message)] : undefined;
  if (header === undefined) return encode(message);
  const body = message.signature ? marshall(message.signature, message.body) : [];
  const bytes = Buffer.alloc(header.length + body.length);
  bytes.write(header, "latin1");
  bytes.writeUInt32LE(body.length, BODY_LENGTH);
  bytes.writeUInt32LE(message.serial, SERIAL);
  bytes.set(body, header.length);
  return bytes;
}

/** Reads the header of an answer. Throws as {@link readHeader} does. */
export function readAnswer(bytes: Buffer): Header {
  const header = ANSWERS[answerKey(bytes)];
  return header ? { ...header, replySerial: bytes.readUInt32LE(REPLY_SERIAL) } : readHeader(bytes);
}
