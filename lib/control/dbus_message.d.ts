/** The part of `dbus-native/lib/message.js` that is used: the package types its main module alone. */
import type { Buffer } from "node:buffer";
import type { Message } from "./message.ts";

export function marshall(message: Omit<Message, "body"> & Partial<Message>): Buffer;
