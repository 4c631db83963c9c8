import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { encode, ERROR, type Message, METHOD_CALL, METHOD_RETURN, SIGNAL } from "./message.ts";
import { MessageReader } from "./message_reader.ts";
import { ProtocolError } from "./protocol_error.ts";
import { decode } from "./testing/decode.ts";
import { bigEndian, bodies, objectPaths } from "./testing/values.ts";

const CALL: Message = {
  type: METHOD_CALL,
  flags: 0,
  serial: 7,
  path: "/com/ubuntu/Upstart",
  interface: "com.ubuntu.Upstart0_6",
  member: "EmitEvent",
  signature: "sasb",
  body: ["go", ["A=1", "B=ü"], true],
};

const serials = fc.integer({ min: 1, max: 0xffffffff });
const texts = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => !text.includes("\0"));

/** Messages of all types, with the fields that they must have and some that they may have. */
const messages: fc.Arbitrary<Message> = fc.tuple(
  fc.oneof(
    fc.record({ type: fc.constant(METHOD_CALL), path: objectPaths, member: texts }),
    fc.record({ type: fc.constant(METHOD_RETURN), replySerial: serials }),
    fc.record({ type: fc.constant(ERROR), errorName: texts, replySerial: serials }),
    fc.record({ type: fc.constant(SIGNAL), path: objectPaths, interface: texts, member: texts }),
  ),
  fc.record({ destination: texts, sender: texts, interface: texts }, { requiredKeys: [] }),
  fc.record({ flags: fc.nat(255), serial: serials }),
  bodies,
).map(([required, optional, fixed, { signature, body }]) => ({
  ...optional,
  ...required,
  ...fixed,
  ...(signature && { signature }),
  body,
}));

Deno.test("a message that is encoded and decoded is the same, in both byte orders", () => {
  fc.assert(fc.property(messages, (message) => {
    const bytes = encode(message);
    assert.deepEqual(decode(bytes), message);
    assert.deepEqual(decode(bigEndian(bytes)), message);
  }));
});

/** A message's bytes with a header of these fields, in hexadecimal, each of them at a multiple of eight. */
function withFields(type: number, ...fields: string[]): Buffer {
  let bytes = Buffer.from([0x6c, type, 0, 1, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0]);
  const align = () => bytes = Buffer.concat([bytes, Buffer.alloc(-bytes.length & 7)]);
  for (const field of fields) bytes = Buffer.concat([align(), Buffer.from(field.replaceAll(" ", ""), "hex")]);
  bytes.writeUInt32LE(bytes.length - 16, 12);
  return align();
}

const PATH = "01 01 6f 00 02000000 2f61 00", MEMBER = "03 01 73 00 01000000 4d 00";

Deno.test("a header may have fields that are not known, and must not have any twice", () => {
  const unknown = "2a 02 6173 00 000000 00000000";
  const { path, member } = decode(withFields(METHOD_CALL, PATH, unknown, MEMBER));
  assert.deepEqual([path, member], ["/a", "M"]);
  assert.throws(() => decode(withFields(METHOD_CALL, PATH, MEMBER, PATH)), /two of path/);
  assert.throws(() => decode(withFields(METHOD_CALL, PATH, MEMBER, "00 01 79 00 01")), /number 0/);
  const many = Array(65).fill("2a 01 79 00 01");
  assert.throws(() => decode(withFields(METHOD_CALL, PATH, MEMBER, ...many)), /too many variants/);
});

Deno.test("header fields are of their types, and those are there that a message must have", () => {
  assert.throws(() => decode(withFields(METHOD_CALL, PATH, MEMBER.replace("73", "6f"))), ProtocolError);
  assert.throws(
    () => decode(withFields(METHOD_CALL, PATH.replace("6f", "73"), MEMBER)),
    /path is of a wrong type/,
  );
  assert.throws(() => decode(withFields(METHOD_CALL, PATH)), /lacks its member/);
  assert.throws(() => decode(withFields(METHOD_CALL, MEMBER)), /lacks its path/);
  assert.throws(() => decode(withFields(METHOD_RETURN, PATH, MEMBER)), /lacks its replySerial/);
  assert.throws(() => decode(withFields(ERROR, PATH, MEMBER)), /lacks its errorName/);
  assert.throws(() => decode(withFields(SIGNAL, PATH, MEMBER)), /lacks its interface/);
  assert.throws(() => decode(withFields(0, PATH, MEMBER)), /type 0/);
  assert.equal(decode(withFields(9)).type, 9);
  assert.throws(
    () => decode(withFields(METHOD_CALL, PATH, MEMBER, "08 01 67 00 01 28 00")),
    /invalid signature/,
  );
});

Deno.test("a header does not reach into the body behind it", () => {
  const bytes = encode({
    type: METHOD_CALL,
    flags: 0,
    serial: 1,
    path: "/a",
    member: "M",
    signature: "s",
    body: ["abc"],
  });
  bytes.writeUInt32LE(bytes.readUInt32LE(12) - 2, 12);
  assert.throws(() => decode(bytes), /end of the header/);
});

Deno.test("a body is not read before it is asked for", () => {
  const bytes = encode(CALL);
  bytes.fill(0xff, bytes.length - 12);
  const reader = new MessageReader(1 << 20);
  reader.push(bytes);
  const received = reader.receive()!;
  assert.equal(received.header.member, "EmitEvent");
  assert.throws(() => received.body(), ProtocolError);
});

Deno.test("bytes that trickle in take no more memory than twice their length", () => {
  const bytes = encode({ ...CALL, signature: "s", body: ["x".repeat(100_000)] });
  const reader = new MessageReader(1 << 20);
  for (const byte of bytes.subarray(0, -1)) reader.push(Buffer.of(byte));
  assert.equal(reader.available, bytes.length - 1);
  assert.equal(reader.next(), undefined);
  reader.push(bytes.subarray(-1));
  assert.deepEqual(reader.next()?.body, ["x".repeat(100_000)]);
  assert.equal(reader.available, 0);
});

Deno.test("messages are found in bytes however these are cut", () => {
  const bytes = Buffer.concat([encode(CALL), encode({ ...CALL, serial: 8 }), encode({ ...CALL, serial: 9 })]);
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 200 })), (cuts) => {
    const reader = new MessageReader(1 << 20);
    const serials: number[] = [];
    let at = 0;
    for (const cut of [...cuts, bytes.length]) {
      reader.push(bytes.subarray(at, at + cut));
      at += cut;
      for (let message; (message = reader.next());) serials.push(message.serial);
    }
    assert.deepEqual(serials, [7, 8, 9]);
  }));
});

Deno.test("changed bytes are a message or a breach of the protocol, never anything else", () => {
  const bytes = encode(CALL);
  const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
      const changed = Buffer.from(bytes);
      for (const [at, value] of changes) changed[at] = value;
      try {
        const reader = new MessageReader(1 << 20);
        reader.push(changed);
        reader.next();
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("a length beyond the limit is refused before its bytes arrive", () => {
  const reader = new MessageReader(1000);
  const header = encode(CALL).subarray(0, 16);
  header.writeUInt32LE(0xfffffff0, 4);
  reader.push(header);
  assert.throws(() => reader.next(), /more than the 1000 allowed/);
});

Deno.test("an array of empty structures, which would never end, is refused", () => {
  const bytes = encode({ ...CALL, signature: "ay", body: [Buffer.alloc(8)] });
  bytes.write("a(", bytes.indexOf("ay\0"), "latin1");
  assert.throws(() => decode(bytes), ProtocolError);
});
