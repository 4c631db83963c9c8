import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import {
  decode,
  encode,
  isSignature,
  type Message,
  MessageReader,
  METHOD_CALL,
  ProtocolError,
} from "./message.ts";

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
    assert.equal(isSignature(signature), false, signature);
  }
  for (const signature of ["", "s", "a{sv}", "a(sa(sssa(si)))", "aas", "(y(nqi)(uxtd))sogh"]) {
    assert.equal(isSignature(signature), true, signature);
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
