import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { TimeStamps } from "./line_format.ts";

/** What pieces become, with `@` for a time. */
function stamped(pieces: string[]): string[] {
  const stamps = new TimeStamps();
  return pieces.map((piece) => {
    const bytes = Buffer.from(stamps.add(Buffer.from(piece, "latin1"))).toString("latin1");
    return bytes.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /g, "@");
  });
}

Deno.test("each line bears one time, whatever pieces it comes in; no byte is changed", () => {
  assert.deepEqual(stamped(["one\r\ntwo\n", "three\n"]), ["@one\r\n@two\n", "@three\n"]);
  assert.deepEqual(stamped(["o", "ne", "\n", "two"]), ["@o", "ne", "\n", "@two"]);
  assert.deepEqual(stamped(["\n\n", "a\nb", "c\n"]), ["@\n@\n", "@a\n@b", "c\n"]);
  assert.deepEqual(stamped(["$& $1\n\0\xff"]), ["@$& $1\n@\0\xff"]);
});
