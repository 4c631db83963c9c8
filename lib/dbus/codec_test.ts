/** Values as bytes and back: against another implementation, in both byte orders, and from bytes that are none. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import fc from "fast-check";
import { encode, type Message, METHOD_CALL } from "./message.ts";
import { ProtocolError } from "./protocol_error.ts";
import { decode } from "./testing/decode.ts";
import { bigEndian, bodies, type Body } from "./testing/values.ts";
import { ValueReader } from "./value_reader.ts";
import { ValueWriter } from "./value_writer.ts";

/** The parts of dbus-native that the codec is compared with. */
const require = createRequire(import.meta.url);
const oracle: {
  marshall(message: unknown): Buffer;
  unmarshall(bytes: Buffer, options: unknown): { body?: unknown[] };
} = require("dbus-native/lib/message.js");
const { Variant } = require("dbus-native/lib/values.js");

const call = ({ signature, body }: Body): Message => ({
  type: METHOD_CALL,
  flags: 0,
  serial: 7,
  path: "/a",
  member: "M",
  ...(signature && { signature }),
  body,
});

/** Maps as arrays of pairs, and the oracle's variants as ours. */
function plain(value: unknown): unknown {
  if (value instanceof Variant) {
    const { signature, value: content } = value as { signature: string; value: unknown };
    return [signature, plain(content)];
  }
  if (value instanceof Map) return Array.from(value, plain);
  return Array.isArray(value) ? value.map(plain) : value;
}

function write(signature: string, values: unknown[]): Buffer {
  const writer = new ValueWriter();
  writer.values(signature, values);
  return writer.take();
}

function read(signature: string, bytes: Buffer, variants = Infinity): unknown[] {
  return new ValueReader(bytes, 0, true, variants).values(signature);
}

const OPTIONS = { numRuns: 500 };

Deno.test("all values are written as the oracle writes them", () => {
  fc.assert(
    fc.property(bodies, (content) => {
      const message = call(content);
      assert.deepEqual(encode(message), oracle.marshall({ ...message, body: plain(content.body) }));
    }),
    OPTIONS,
  );
});

Deno.test("all values are read as the oracle reads them, and as they were, in both byte orders", () => {
  const options = { plainValues: false, variants: "wrap" };
  fc.assert(
    fc.property(bodies, (content) => {
      const message = call(content), little = encode(message);
      for (const bytes of [little, bigEndian(little)]) {
        assert.deepEqual(decode(bytes), message);
        assert.deepEqual(plain(content.body), plain(oracle.unmarshall(bytes, options).body ?? []));
      }
    }),
    OPTIONS,
  );
});

/** How many values there are, those that hold others among them. */
function count(value: unknown): number {
  if (value instanceof Map) return 1 + Array.from(value, count).reduce((sum, one) => sum + one, 0);
  return Array.isArray(value) ? value.reduce((sum: number, one) => sum + count(one), 1) : 1;
}

/** Reads what may be anything: it is values in proportion to the bytes, or a breach of the protocol, nothing else. */
function readAnything(signature: string, bytes: Buffer): void {
  let values: unknown[];
  try {
    values = read(signature, bytes);
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String((error as Error).stack));
    return;
  }
  assert.ok(count(values) <= 2 * bytes.length + 66);
  // What is read means what the bytes say, so that they can be told from the values.
  assert.deepEqual(read(signature, write(signature, values)), values);
}

Deno.test("bytes that are changed in any way are values or a breach of the protocol", () => {
  const change = fc.tuple(fc.nat(400), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x80, 0xff)));
  fc.assert(
    fc.property(bodies, fc.array(change, { minLength: 1, maxLength: 6 }), ({ signature, body }, changes) => {
      const bytes = write(signature, body);
      for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
      readAnything(signature, bytes);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("bytes of all kinds are values of all kinds or a breach of the protocol", () => {
  // Small numbers, so that lengths fit now and then.
  const bytes = fc.array(
    fc.oneof({ weight: 3, arbitrary: fc.nat(4) }, { weight: 1, arbitrary: fc.nat(255) }),
  );
  fc.assert(
    fc.property(bodies, bytes, ({ signature }, some) => readAnything(signature, Buffer.from(some))),
    { numRuns: 3000 },
  );
});

Deno.test("every prefix of values is a breach of the protocol", () => {
  fc.assert(fc.property(bodies, fc.nat(), ({ signature, body }, cut) => {
    const bytes = write(signature, body);
    if (bytes.length > 0) {
      assert.throws(() => read(signature, bytes.subarray(0, cut % bytes.length)), ProtocolError);
    }
  }));
});

Deno.test("what the specification forbids is refused", () => {
  const refused: Array<[signature: string, hexadecimal: string, reason: RegExp]> = [
    ["b", "02000000", /boolean/],
    ["yu", "0100010001000000", /zeros/],
    ["s", "01000000ff00", /UTF-8/],
    ["s", "03000000eda08000", /UTF-8/],
    ["s", "02000000c08000", /UTF-8/],
    ["s", "03000000610062 00", /null/],
    ["s", "010000006161", /null/],
    ["s", "ffffffff", /beyond the end/],
    ["o", "00000000 00", /object path/],
    ["o", "02000000 2f2f 00", /object path/],
    ["o", "03000000 2f612f 00", /object path/],
    ["o", "03000000 2f2d61 00", /object path/],
    ["g", "01 7a 00", /invalid signature/],
    ["g", "02 6128 00", /invalid signature/],
    ["v", "02 7373 00", /one complete type/],
    ["v", "00 00", /one complete type/],
    ["ai", "05000000 00000000 00000000", /beyond the end of its array/],
    ["ay", "02000000 00", /beyond the end/],
    ["ay", "01000004", /too large/],
    ["y", "0000", /more bytes than values/],
    ["", "00", /more bytes than values/],
  ];
  for (const [signature, hexadecimal, reason] of refused) {
    const bytes = Buffer.from(hexadecimal.replaceAll(" ", ""), "hex");
    assert.throws(() => read(signature, bytes), (error) => {
      assert.ok(error instanceof ProtocolError, `${signature} ${hexadecimal}`);
      assert.match(error.message, reason, `${signature} ${hexadecimal}`);
      return true;
    });
  }
});

Deno.test("a replacement character that is one is read", () => {
  assert.deepEqual(read("s", write("s", ["a\ufffdb"])), ["a\ufffdb"]);
});

Deno.test("variants are nested 64 deep, and no more than are allowed", () => {
  const nested = (depth: number) => {
    let value: unknown = ["s", "x"];
    for (let around = 1; around < depth; around++) value = ["v", value];
    return value;
  };
  assert.deepEqual(read("v", write("v", [nested(64)])), [nested(64)]);
  assert.throws(() => write("v", [nested(65)]), /nested too deeply/);
  // Each has its signature in front of it.
  const deeper = Buffer.concat([...Array(64).fill(Buffer.from("\u0001v\0")), write("v", [["s", "x"]])]);
  assert.throws(() => read("v", deeper), /nested too deeply/);
  const many = write("av", [Array(65).fill(["y", 1])]);
  assert.throws(() => read("av", many, 64), /too many variants/);
  assert.equal((read("av", many)[0] as unknown[]).length, 65);
});

Deno.test("structures within structures take no more memory than their bytes let expect", () => {
  const signature = `a${"(".repeat(31)}y${")".repeat(31)}`;
  const bytes = Buffer.alloc(8 + 8 * 1000);
  bytes.writeUInt32LE(8 * 1000 - 7);
  assert.throws(
    () => read(signature, bytes.subarray(0, 8 + 8 * 1000 - 7)),
    /more arrays and structures than bytes/,
  );
});

Deno.test("values that do not fit their types are not written", () => {
  const misfits: Array<[signature: string, ...values: unknown[]]> = [
    ["y", 256],
    ["y", -1],
    ["n", 0x8000],
    ["q", 0x10000],
    ["i", 2 ** 31],
    ["u", -1],
    ["u", 1.5],
    ["u", NaN],
    ["u", "1"],
    ["h", 2 ** 32],
    ["x", 2n ** 63n],
    ["x", 1],
    ["t", -1n],
    ["d", "1"],
    ["b", 1],
    ["s", 1],
    ["s", null],
    ["s", "a\0b"],
    ["o", "a"],
    ["o", ""],
    ["as", "ab"],
    ["as", ["a", 1]],
    ["ay", [1, 2]],
    ["(ss)", ["a"]],
    ["(ss)", ["a", "b", "c"]],
    ["a{ss}", { a: "b" }],
    ["a{ss}", [["a"]]],
    ["v", "s"],
    ["v", ["ss", ["a", "b"]]],
    ["v", [1, 2]],
    ["s"],
    ["s", "a", "b"],
    ["", "a"],
  ];
  for (const [signature, ...values] of misfits) {
    assert.throws(() => write(signature, values), TypeError, `${signature} ${String(values)}`);
  }
});

Deno.test("a writer that has failed is as good as new", () => {
  const message = call({ signature: "sv", body: ["a", ["as", ["b"]]] });
  const bytes = encode(message);
  assert.throws(() => encode({ ...message, body: ["a", ["as", ["b", "\0"]]] }), TypeError);
  assert.deepEqual(encode(message), bytes);
});

Deno.test("large values are written and read, and memory for them is not kept", () => {
  const body = [Array.from({ length: 20_000 }, (_, index) => `text ${index}`)];
  const message = call({ signature: "as", body });
  const bytes = encode(message);
  assert.deepEqual(decode(bytes), message);
  assert.equal(bytes.buffer.byteLength, bytes.length);
});
