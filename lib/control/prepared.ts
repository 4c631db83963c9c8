/**
 * The headers of what commands and init say to each other most, as the codec makes them. Executables hold as data what
 * this module exports (bundle.ts): the functions that make and read headers would be loaded to run once.
 */

import { answerKey, callKey } from "./keys.ts";
import {
  encode,
  FIELDS_LENGTH,
  FIXED_HEADER,
  type Header,
  METHOD_CALL,
  METHOD_RETURN,
  NO_REPLY_EXPECTED,
  readHeader,
} from "./message.ts";
import { MANAGER_INTERFACE, MANAGER_PATH, ROUSE_INTERFACE } from "./names.ts";

const calls: Array<Pick<Header, "flags" | "interface" | "member" | "signature">> = [
  { flags: 0, interface: ROUSE_INTERFACE, member: "GetStatus", signature: "asas" },
  { flags: NO_REPLY_EXPECTED, interface: ROUSE_INTERFACE, member: "Silence" },
  { flags: 0, interface: MANAGER_INTERFACE, member: "EmitEvent", signature: "sasb" },
];

/** The types of answers: of an object, of nothing, of a property, of properties, of GetStatus. */
const answers = ["o", "", "v", "a{sv}", "a(sssa(si)s)s"];

/** Headers of calls of the manager by {@link callKey}, all but the numbers in them; their bytes as characters (Latin-1). */
export const CALLS: Record<string, string> = Object.fromEntries(
  calls.map((call) => {
    const header: Header = { ...call, type: METHOD_CALL, path: MANAGER_PATH };
    return [callKey(header), encode({ ...header, serial: 1 }).toString("latin1")];
  }),
);

/** Headers of init's answers by {@link answerKey}; which call is answered is not in them. */
export const ANSWERS: Record<string, Header> = Object.fromEntries(
  answers.map((signature) => {
    const answer = { type: METHOD_RETURN, flags: NO_REPLY_EXPECTED, serial: 1, replySerial: 1, signature };
    const bytes = encode(answer);
    // Behind it are zeros up to where the body would begin.
    const header = bytes.subarray(0, FIXED_HEADER + bytes.readUInt32LE(FIELDS_LENGTH));
    const { replySerial: _, ...known } = readHeader(header);
    return [answerKey(header), known];
  }),
);
