import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
// @ts-types="./dbus_message.d.ts"
import { marshall } from "dbus-native/lib/message.js";
import fc from "fast-check";
import { decode, encode, type Message, MessageReader, METHOD_CALL, ProtocolError } from "./message.ts";
import { parseSignature } from "./signature.ts";

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

Deno.test("a message that is encoded and decoded is the same", () => {
  assert.deepEqual(decode(encode(CALL)), CALL);
});

/** What the other implementation takes. */
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

/** Values of all types that have a place in a variant, with their signatures. */
const { variant } = fc.letrec((tie) => ({
  variant: fc.oneof(
    { maxDepth: 4 },
    fc.tuple(fc.constant("y"), fc.nat(255)),
    fc.tuple(fc.constant("b"), fc.boolean()),
    fc.tuple(fc.constant("n"), fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 })),
    fc.tuple(fc.constant("q"), fc.nat(2 ** 16 - 1)),
    fc.tuple(fc.constant("i"), fc.integer()),
    fc.tuple(fc.constant("u"), fc.nat(2 ** 31)),
    fc.tuple(fc.constant("x"), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    fc.tuple(fc.constant("t"), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
    fc.tuple(fc.constant("d"), finite),
    fc.tuple(fc.constant("s"), fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0"))),
    fc.tuple(fc.constant("o"), fc.constantFrom("/", "/a", "/com/ubuntu/Upstart")),
    fc.tuple(fc.constant("g"), fc.constantFrom("", "a(sa(sssa(si)))")),
    fc.tuple(fc.constant("as"), fc.array(fc.constantFrom("", "A=1", "B=ü"))),
    fc.tuple(fc.constant("a{sv}"), fc.array(fc.tuple(fc.constantFrom("a", "b"), tie("variant")))),
    fc.tuple(fc.constant("a(yv)"), fc.array(fc.tuple(fc.nat(255), tie("variant")))),
    fc.tuple(fc.constant("(id)"), fc.tuple(fc.integer(), finite)),
    fc.tuple(fc.constant("v"), tie("variant")),
  ),
}));

Deno.test("bytes are those that another implementation makes", () => {
  fc.assert(fc.property(fc.string(), variant, (event, value) => {
    fc.pre(!event.includes("\0"));
    const message: Message = { ...CALL, signature: "svb", body: [event, value, true] };
    assert.deepEqual(encode(message).toString("hex"), marshall(message).toString("hex"));
  }));
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
  const bytes = encode({ ...CALL, signature: "ay", body: [[1, 2, 3, 4, 5, 6, 7, 8]] });
  const at = bytes.indexOf("ay\0");
  bytes.write("a(", at, "latin1");
  assert.throws(() => decode(bytes), ProtocolError);
  for (
    const signature of ["()", "a()", "a{}", "a{vs}", "a{s}", "(", "a", "{ss}", "z", "a".repeat(40) + "s"]
  ) {
    assert.equal(parseSignature(signature), undefined, signature);
  }
  for (const signature of ["", "s", "a{sv}", "a(sa(sssa(si)))", "aas", "(y(nqi)(uxtd))sogh"]) {
    assert(parseSignature(signature), signature);
  }
});

Deno.test("variants within variants without end, and strings with null characters, are refused", () => {
  let value: unknown = ["s", "x"];
  for (let depth = 0; depth < 40; depth++) value = ["v", value];
  assert.throws(() => decode(encode({ ...CALL, signature: "v", body: [value] })), /nested too deeply/);
  const bytes = encode({ ...CALL, signature: "s", body: ["abc"] });
  bytes[bytes.indexOf("abc") + 1] = 0;
  assert.throws(() => decode(bytes), /null character/);
});

Deno.test("big-endian messages are read as well", () => {
  const fields = Buffer.from(
    "0101 6f00 00000002 2f61 00 00000000 00 0301 7300 00000001 4d 00".replaceAll(" ", ""),
    "hex",
  );
  const header = Buffer.from("4200000100000000000000050000000000".slice(0, 32), "hex");
  header[1] = METHOD_CALL;
  header.writeUInt32BE(fields.length, 12);
  const padded = Buffer.alloc(Math.ceil(fields.length / 8) * 8);
  fields.copy(padded);
  const message = decode(Buffer.concat([header, padded]));
  assert.equal(message.path, "/a");
  assert.equal(message.member, "M");
  assert.equal(message.serial, 5);
});
