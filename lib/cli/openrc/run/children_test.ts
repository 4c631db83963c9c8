/** Children, where two chunks of a program have this module each. */

import assert from "node:assert/strict";
import { startChild } from "./children.ts";

Deno.test("each copy of the module is told of the ends of its own children", async () => {
  const copy = `${import.meta.resolve("./children.ts")}?copy`;
  const other = (await import(copy)).startChild as typeof startChild;
  const start = (own: typeof startChild, status: number) =>
    own({ argv: ["/bin/sh", "-c", `exit ${status}`], environment: [], descriptors: { 0: 0, 1: 1, 2: 2 } })
      .end;
  for (let round = 0; round < 20; round++) {
    const ends = [start(startChild, 3), start(other, 4), start(startChild, 5), start(other, 6)];
    assert.deepEqual(await Promise.all(ends), [3, 4, 5, 6].map((status) => ({ status })));
  }
});
