/** The part of `dbus-native/lib/dbus-buffer.js` that is used: the package types its main module alone. */
export default class DBusBuffer {
  constructor(buffer: Uint8Array, start?: number, options?: unknown, endianness?: number);
  /** Moves on to a multiple of two to the power given. */
  align(power: number): void;
  read(signature: string): unknown[];
  readSimpleType(type: string): unknown;
  readString(length: number): string;
  readVariant(): unknown;
}
