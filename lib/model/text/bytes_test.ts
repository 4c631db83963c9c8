import fc from "fast-check";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { decodeBytes, encodeBytes, hasRawBytes } from "./bytes.ts";

Deno.test("any bytes survive", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
    const latin1 = Buffer.from(bytes).toString("latin1");
    assert.equal(encodeBytes(decodeBytes(latin1)), latin1);
  }));
});

Deno.test("UTF-8 becomes the characters that it means, and nothing else is taken for bytes", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
    const decoded = decodeBytes(Buffer.from(text).toString("latin1"));
    assert.equal(decoded, text);
    assert.equal(hasRawBytes(decoded), false);
  }));
});

Deno.test("bytes that are no UTF-8 are held one by one: overlong forms, surrogates, what is beyond Unicode", () => {
  for (
    const bytes of [
      "\xff",
      "\xc0\xaf",
      "\xe0\x80\xaf",
      "\xed\xa0\x80",
      "\xf4\x90\x80\x80",
      "\xf5",
      "\xe2\x82",
    ]
  ) {
    const decoded = decodeBytes(`a${bytes}`);
    assert.equal(decoded.length, 1 + bytes.length);
    assert.ok(hasRawBytes(decoded));
  }
});
