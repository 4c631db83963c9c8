import assert from "node:assert/strict";
import fc from "fast-check";
import { ProtocolError } from "./protocol_error.ts";
import { type DBusType, parseSignature } from "./signature.ts";
import { types } from "./testing/values.ts";

/** The signature of a type. */
function textOf({ code, children }: DBusType): string {
  const inner = children.map(textOf).join("");
  return code === "(" ? `(${inner})` : code === "{" ? `{${inner}}` : code + inner;
}

Deno.test("a signature is the types that it is made of", () => {
  fc.assert(fc.property(fc.array(types, { maxLength: 4 }), (some) => {
    const signature = some.join("");
    fc.pre(signature.length <= 255);
    assert.deepEqual(parseSignature(signature).map(textOf), some);
    assert.deepEqual(parseSignature(signature).map(({ length }) => length), some.map(({ length }) => length));
  }));
});

for (
  const wrong of [
    "()",
    "a()",
    "a{}",
    "a{vs}",
    "a{ass}",
    "a{s}",
    "a{sss}",
    "(",
    "a",
    "{ss}",
    "z",
    "(s",
    "s)",
    "}",
    "\0",
    "ä",
  ]
) {
  Deno.test(`${JSON.stringify(wrong)} is no signature`, () => {
    for (let time = 0; time < 2; time++) assert.throws(() => parseSignature(wrong), ProtocolError);
  });
}

Deno.test("any text is a signature or a breach of the protocol", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."ybnqiuxtdsogh(){}avz") }), (text) => {
      try {
        assert.equal(parseSignature(text).map(textOf).join(""), text);
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error));
      }
    }),
    { numRuns: 1000 },
  );
});

Deno.test("signatures are as long and as deep as the specification says", () => {
  const arrays = (depth: number) => `${"a".repeat(depth)}s`;
  const structures = (depth: number) => `${"(".repeat(depth)}s${")".repeat(depth)}`;
  parseSignature("y".repeat(255));
  parseSignature(arrays(32));
  parseSignature(structures(32));
  parseSignature("a".repeat(32) + structures(32));
  parseSignature(`${"a{s".repeat(32)}s${"}".repeat(32)}`);
  for (
    const wrong of ["y".repeat(256), arrays(33), structures(33), `${"a{s".repeat(33)}s${"}".repeat(33)}`]
  ) {
    assert.throws(() => parseSignature(wrong), ProtocolError, wrong);
  }
});
