import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { decode, encode, ERROR, type Message, METHOD_CALL, METHOD_RETURN, SIGNAL } from "./message.ts";
import { BodyEncoder, headerMemory, Template } from "./repetition.ts";

const serials = fc.integer({ min: 1, max: 0xffffffff });
const texts = fc.string({ unit: "binary", minLength: 1, maxLength: 12 }).filter((text) =>
  !text.includes("\0")
);
const paths = fc.array(fc.stringMatching(/^[A-Za-z0-9_]{1,8}$/), { maxLength: 4 }).map((parts) =>
  `/${parts.join("/")}`
);

interface Values {
  signature: string;
  body: unknown[];
}

const bodies: fc.Arbitrary<Values> = fc.oneof<fc.Arbitrary<Values>[]>(
  fc.constant({ signature: "", body: [] }),
  fc.tuple(texts).map((body) => ({ signature: "s", body })),
  fc.tuple(paths).map((body) => ({ signature: "o", body })),
  fc.tuple(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })).map((body) => ({ signature: "i", body })),
  fc.tuple(texts, fc.array(texts), fc.boolean()).map((body) => ({ signature: "sasb", body })),
);

const calls: fc.Arbitrary<Message> = fc.tuple(
  fc.record({ flags: fc.nat(3), path: paths, interface: texts, member: texts, serial: serials }),
  bodies,
).map(([header, body]) => ({ type: METHOD_CALL, ...header, ...withoutEmpty(body) }));

const answers: fc.Arbitrary<Message> = fc.tuple(
  fc.oneof(
    fc.record({ type: fc.constant(METHOD_RETURN), flags: fc.nat(3), serial: serials, replySerial: serials }),
    fc.record({
      type: fc.constant(ERROR),
      flags: fc.nat(3),
      serial: serials,
      replySerial: serials,
      errorName: texts,
    }),
  ),
  bodies,
).map(([header, body]) => ({ ...header, ...withoutEmpty(body) }));

const signals: fc.Arbitrary<Message> = fc.tuple(calls, fc.option(texts)).map(([call, sender]) => ({
  ...call,
  type: SIGNAL,
  ...(sender !== null && { sender }),
}));

function withoutEmpty({ signature, body }: Values) {
  return signature === "" ? { body } : { signature, body };
}

/** The same message in the other byte order, which the library reads and does not write. */
function bigEndian({ type, flags, serial, path, interface: of, member, signature, body }: Message): Buffer {
  let bytes = Buffer.alloc(0);
  const pad = (to: number) => bytes = Buffer.concat([bytes, Buffer.alloc((to - bytes.length % to) % to)]);
  const add = (...some: number[]) => bytes = Buffer.concat([bytes, Buffer.from(some)]);
  const uint32 = (value: number) => {
    pad(4);
    add(value >>> 24, value >>> 16 & 255, value >>> 8 & 255, value & 255);
  };
  const text = (value: string) => {
    uint32(Buffer.byteLength(value));
    add(...Buffer.from(value), 0);
  };
  const length = (at: number, from: number) => bytes.writeUInt32BE(bytes.length - from, at);
  const values: Record<string, (value: unknown) => void> = {
    s: (value) => text(value as string),
    o: (value) => text(value as string),
    i: (value) => uint32((value as number) >>> 0),
    b: (value) => uint32(value ? 1 : 0),
    as(value) {
      uint32(0);
      const from = bytes.length;
      (value as string[]).forEach(text);
      length(from - 4, from);
    },
  };
  add(0x42, type, flags, 1, 0, 0, 0, 0);
  uint32(serial);
  uint32(0);
  const fields: Array<[number, string, string | undefined]> = [[1, "o", path], [2, "s", of], [
    3,
    "s",
    member,
  ]];
  for (const [number, kind, value] of fields) {
    if (value === undefined) continue;
    pad(8);
    add(number, 1, kind.charCodeAt(0), 0);
    text(value);
  }
  if (signature !== undefined) {
    pad(8);
    add(8, 1, 0x67, 0, signature.length, ...Buffer.from(signature), 0);
  }
  length(12, 16);
  pad(8);
  const start = bytes.length;
  (signature?.match(/a?[a-z]/g) ?? []).forEach((one, index) => values[one]!(body[index]));
  length(4, start);
  return bytes;
}

/** What decoding gives or throws. */
function outcome(read: () => Message): unknown {
  try {
    return read();
  } catch (error) {
    return String(error);
  }
}

Deno.test("what is remembered of headers changes no message, in either byte order", () => {
  const headers = headerMemory();
  fc.assert(fc.property(calls, serials, (call, serial) => {
    for (const message of [call, { ...call, serial }]) {
      assert.deepEqual(decode(encode(message), headers), message);
      assert.deepEqual(decode(bigEndian(message), headers), message);
    }
  }));
});

Deno.test("messages with the same header differ in their bodies, and those with the same body in their headers", () => {
  const headers = headerMemory();
  fc.assert(fc.property(fc.array(calls, { minLength: 2, maxLength: 5 }), bodies, (some, body) => {
    const mixed = some.flatMap((one) =>
      some.map((other) => ({ ...one, flags: other.flags, serial: other.serial }))
    );
    const sameBody = some.map(({ signature: _, ...one }) => ({ ...one, ...withoutEmpty(body) }));
    for (const message of [...mixed, ...sameBody, ...mixed]) {
      assert.deepEqual(decode(encode(message), headers), message);
    }
  }));
});

Deno.test("bytes that are no message are none for who remembers, either", () => {
  const headers = headerMemory();
  const change = fc.tuple(fc.nat(400), fc.nat(255));
  fc.assert(
    fc.property(calls, fc.array(change, { maxLength: 4 }), fc.boolean(), (call, changes, big) => {
      const bytes = big ? bigEndian(call) : encode(call);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      const plain = outcome(() => decode(bytes));
      for (let round = 0; round < 2; round++) {
        assert.deepEqual(outcome(() => decode(bytes, headers)), plain);
      }
    }),
    { numRuns: 1000 },
  );
});

Deno.test("a header does not reach into the body behind it", () => {
  const call = { type: METHOD_CALL, flags: 0, serial: 1, path: "/a", member: "M", signature: "s" };
  const whole = encode({ ...call, body: ["abc"] });
  const shortened = Buffer.from(whole);
  shortened.writeUInt32LE(whole.readUInt32LE(12) - 2, 12);
  assert.throws(() => decode(shortened, headerMemory()), /end of the message|out of range|outside/);
});

Deno.test("a filled template is the message that it is a template of", () => {
  fc.assert(fc.property(fc.oneof(answers, signals), serials, serials, (message, serial, replySerial) => {
    const { body, ...header } = message;
    const other = { ...message, serial, ...(message.replySerial && { replySerial }) };
    const whole = new Template(message), parts = new Template(header);
    const encoder = new BodyEncoder();
    for (const one of [message, other, message]) {
      const bytes = encode(one);
      assert.deepEqual(whole.fill(one.serial, one.replySerial), bytes);
      const values = encoder.encode(message.signature ?? "", body);
      assert.deepEqual(parts.fill(one.serial, one.replySerial, values), bytes);
    }
  }));
});

Deno.test("properties that are remembered are encoded as they would be anew", () => {
  const encoder = new BodyEncoder();
  const values = fc.oneof(
    fc.tuple(fc.constant("s"), texts),
    fc.tuple(fc.constant("as"), fc.array(texts)),
    fc.tuple(fc.constant("aas"), fc.array(fc.array(texts))),
    fc.tuple(fc.constant("a(si)"), fc.array(fc.tuple(texts, fc.nat()))),
    fc.tuple(fc.constant("b"), fc.boolean()),
  );
  const properties = fc.array(fc.tuple(texts, values), { maxLength: 6 });
  fc.assert(fc.property(properties, serials, (entries, serial) => {
    const message = { type: METHOD_RETURN, flags: 1, serial, replySerial: 7, signature: "a{sv}" };
    const bytes = encode({ ...message, body: [entries] });
    for (let round = 0; round < 2; round++) {
      assert.deepEqual(new Template(message).fill(serial, 7, encoder.encode("a{sv}", [entries])), bytes);
    }
  }));
});

Deno.test("a value that does not fit its type is refused however often it comes", () => {
  const encoder = new BodyEncoder();
  for (let round = 0; round < 2; round++) {
    assert.throws(() => encoder.encode("a{sv}", [[["name", ["s", "a\0b"]]]]), /null byte/);
    assert.throws(() => encoder.encode("s", ["a\0b"]), /null byte/);
  }
});
