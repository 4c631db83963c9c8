/** What tells headers of messages from each other. */

import type { Buffer } from "node:buffer";
import { BODY_LENGTH, FIELDS_LENGTH, type Header } from "./message.ts";

/** Where the number of the call that is answered stands in the headers of answers, when nothing is in front of it. */
export const REPLY_SERIAL = 20;

/** The same for calls that differ in their numbers and values alone. */
export function callKey({ path, interface: of, member, signature, flags }: Header): string {
  return `${path} ${of} ${member} ${signature ?? ""} ${flags}`;
}

/** The same for answers that differ in their numbers and values alone. */
export function answerKey(header: Buffer): string {
  return header.toString("latin1", 0, BODY_LENGTH) + header.toString("latin1", FIELDS_LENGTH, REPLY_SERIAL) +
    header.toString("latin1", REPLY_SERIAL + 4);
}
