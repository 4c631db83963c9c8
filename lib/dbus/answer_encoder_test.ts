import assert from "node:assert/strict";
import fc from "fast-check";
import { AnswerEncoder } from "./answer_encoder.ts";
import { encode, ERROR, type Message, METHOD_RETURN } from "./message.ts";
import { bodies } from "./testing/values.ts";

const serials = fc.integer({ min: 1, max: 0xffffffff });
const texts = fc.string({ unit: "binary", minLength: 1, maxLength: 12 }).filter((text) =>
  !text.includes("\0")
);

/** The same answer by the general way. */
function encoded(answer: Omit<Message, "type" | "flags">): Uint8Array {
  return encode({ ...answer, type: answer.errorName === undefined ? METHOD_RETURN : ERROR, flags: 1 });
}

Deno.test("answers are encoded as any message, however often they come", () => {
  const encoder = new AnswerEncoder();
  const errorNames = fc.option(texts, { nil: undefined });
  fc.assert(fc.property(serials, serials, errorNames, bodies, (serial, replySerial, errorName, content) => {
    for (let round = 0; round < 2; round++) {
      const answer = { serial, replySerial, ...content, ...(errorName !== undefined && { errorName }) };
      assert.deepEqual(encoder.encode(answer), encoded(answer));
    }
  }));
});

Deno.test("properties are encoded as any dictionary, however often they come", () => {
  const encoder = new AnswerEncoder();
  const values = fc.oneof(
    fc.tuple(fc.constant("s"), texts),
    fc.tuple(fc.constant("o"), fc.constantFrom("/", "/a")),
    fc.tuple(fc.constant("as"), fc.array(texts)),
    fc.tuple(fc.constant("a(si)"), fc.array(fc.tuple(texts, fc.nat()))),
    fc.tuple(fc.constant("t"), fc.bigInt(0n, 9n)),
  );
  const properties = fc.array(fc.tuple(texts, values), { maxLength: 6 });
  fc.assert(fc.property(properties, serials, (entries, serial) => {
    for (const dictionary of [entries, new Map(entries)]) {
      const answer = { serial, replySerial: 7, signature: "a{sv}", body: [dictionary] };
      for (let round = 0; round < 2; round++) assert.deepEqual(encoder.encode(answer), encoded(answer));
    }
  }));
});

Deno.test("a value that does not fit its type is refused however often it comes", () => {
  const encoder = new AnswerEncoder();
  const answer = { serial: 1, replySerial: 2 };
  for (let round = 0; round < 2; round++) {
    const properties = { ...answer, signature: "a{sv}", body: [[["name", ["s", "a\0b"]]]] };
    assert.throws(() => encoder.encode(properties), /null byte/);
    assert.throws(() => encoder.encode({ ...answer, signature: "s", body: ["a\0b"] }), /null byte/);
  }
});
