/** Arbitrary signatures and values of their types, for property tests. */

import { Buffer } from "node:buffer";
import fc from "fast-check";
import { type DBusType, parseSignature } from "../signature.ts";

const BASIC = [..."ybnqiuxtdsogh"];

const texts = fc.string({ unit: "grapheme", maxLength: 12 }).filter((text) => !text.includes("\0"));

export const objectPaths = fc.array(fc.stringMatching(/^[A-Za-z0-9_]{1,8}$/), { maxLength: 4 })
  .map((elements) => `/${elements.join("/")}`);

/** Complete types. */
export const types: fc.Arbitrary<string> = fc.letrec<{ type: string }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 4, depthSize: "small", withCrossShrink: true },
    fc.constantFrom(...BASIC),
    fc.constant("v"),
    tie("type").map((element) => `a${element}`),
    fc.array(tie("type"), { minLength: 1, maxLength: 3 }).map((fields) => `(${fields.join("")})`),
    fc.tuple(fc.constantFrom(...BASIC), tie("type")).map(([key, value]) => `a{${key}${value}}`),
  ),
})).type;

/** Values by the types that are written with one character. */
const BASIC_VALUES: Record<string, fc.Arbitrary<unknown>> = {
  y: fc.nat(0xff),
  b: fc.boolean(),
  n: fc.integer({ min: -0x8000, max: 0x7fff }),
  q: fc.nat(0xffff),
  i: fc.integer(),
  u: fc.nat(0xffffffff),
  h: fc.nat(0xffffffff),
  x: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  t: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  d: fc.double({ noNaN: true, noDefaultInfinity: true }),
  s: texts,
  o: objectPaths,
  g: fc.array(types, { maxLength: 3 }).map((some) => some.join("")).filter((text) => text.length < 200),
};

function valuesOf(type: DBusType): fc.Arbitrary<unknown> {
  const [first] = type.children;
  switch (type.code) {
    case "a":
      if (first!.code === "y") return fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes));
      if (first!.code !== "{") return fc.array(valuesOf(first!), { maxLength: 4 });
      return fc.array(fc.tuple(valuesOf(first!.children[0]!), valuesOf(first!.children[1]!)), {
        maxLength: 4,
      })
        .map((entries) => new Map(entries));
    case "(":
      return fc.tuple(...type.children.map(valuesOf));
    case "v":
      return fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...BASIC, "as", "a{sy}", "(su)") },
        { weight: 1, arbitrary: types },
      ).chain((inner) => valuesOf(parseSignature(inner)[0]!).map((value) => [inner, value]));
    default:
      return BASIC_VALUES[type.code]!;
  }
}

/** What a body holds. */
export interface Body {
  signature: string;
  body: unknown[];
}

/** Bodies of all types. */
export const bodies: fc.Arbitrary<Body> = fc.array(types, { maxLength: 4 })
  .map((some) => some.join(""))
  .filter((signature) => signature.length <= 255)
  .chain((signature) =>
    fc.tuple(...parseSignature(signature).map(valuesOf)).map((body) => ({ signature, body }))
  );

/** How many bytes the numbers of a type have that depend on the byte order. */
const NUMBERS: Record<string, number> = { n: 2, q: 2, b: 4, i: 4, u: 4, h: 4, x: 8, t: 8, d: 8 };

/** Turns a little-endian message into the same one of the other byte order. */
export function bigEndian(message: Buffer): Buffer {
  const bytes = Buffer.from(message);
  let at = 0;
  const align = (alignment: number) => at = Math.ceil(at / alignment) * alignment;
  const turn = (size: number) => {
    align(size);
    bytes.subarray(at, at + size).reverse();
    at += size;
  };
  const skip = (size: number) => void (at += size);
  const uint32 = () => {
    turn(4);
    return bytes.readUInt32BE(at - 4);
  };
  const signature = () => {
    const length = bytes[at]!;
    at += length + 2;
    return bytes.toString("latin1", at - length - 1, at - 1);
  };
  const value = (type: DBusType): void => {
    switch (type.code) {
      case "y":
        return skip(1);
      case "s":
      case "o":
        return skip(uint32() + 1);
      case "g":
        return void signature();
      case "v":
        return value(parseSignature(signature())[0]!);
      case "a": {
        const length = uint32();
        align(type.children[0]!.alignment);
        for (const end = at + length; at < end;) value(type.children[0]!);
        return;
      }
      case "(":
      case "{":
        align(8);
        return type.children.forEach(value);
      default:
        return turn(NUMBERS[type.code]!);
    }
  };
  const body = signatureOf(message);
  parseSignature("yyyyuua(yv)").forEach(value);
  align(8);
  parseSignature(body).forEach(value);
  bytes[0] = 0x42;
  return bytes;
}

/** The signature in the last field of a message's header. */
function signatureOf(message: Buffer): string {
  const end = 16 + message.readUInt32LE(12), start = message.lastIndexOf(Buffer.from([8, 1, 0x67, 0]), end);
  return start < 16 ? "" : message.toString("latin1", start + 5, end - 1);
}
