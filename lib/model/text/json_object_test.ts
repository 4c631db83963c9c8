import assert from "node:assert/strict";
import { jsonObject } from "./json_object.ts";

Deno.test("only what is an object in JSON is one, and nothing throws", () => {
  assert.deepEqual(jsonObject('{"passed":1}'), { passed: 1 });
  for (const text of ["", "{", "1", "null", '"a"', "[".repeat(100_000)]) {
    assert.equal(jsonObject(text), undefined, text.slice(0, 10));
  }
});
