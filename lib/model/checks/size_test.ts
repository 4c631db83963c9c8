/** Sizes: what is one, and how it is written. */

import assert from "node:assert/strict";
import { formatSize, parseSize } from "./size.ts";

Deno.test("sizes are bytes, or text with a unit, each 1024 of the one before", () => {
  const given = [1, "1", "512MB", "512mb", "1.5GB", "2KB", "1TB", "7B"];
  assert.deepEqual(given.map(parseSize), [1, 1, 1 << 29, 1 << 29, 1.5 * 2 ** 30, 2048, 2 ** 40, 7]);
  for (const wrong of [0, -1, NaN, Infinity, "", "MB", "1 MB", "-1MB", "1PB", "99999999TB", null, {}]) {
    assert.equal(parseSize(wrong), undefined, String(wrong));
  }
});

Deno.test("they are written with the largest unit that they are a whole number of", () => {
  for (const text of ["1B", "1023B", "1KB", "1025B", "512MB", "3GB", "5000TB"]) {
    assert.equal(formatSize(parseSize(text)!), text);
  }
});
