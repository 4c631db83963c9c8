/** The part of `dbus-native/lib/marshall.js` that is used: the package types its main module alone. */
import type { Buffer } from "node:buffer";

/** The bytes of values of the types of a signature. */
export default function marshall(signature: string, values: readonly unknown[]): Buffer;
