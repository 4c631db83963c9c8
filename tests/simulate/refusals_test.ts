/** Init lives and goes on whatever system call is refused once: a few of those that `deno task simulate --refusals` refuses. */

import assert from "node:assert/strict";
import { refuseCalls } from "./refusals.ts";

/** So many calls apart. */
const APART = 6;

Deno.test("init outlives the refusal of any one system call", async () => {
  const { problems, seen } = await refuseCalls(APART);
  assert(seen > 100);
  assert.deepEqual(problems, []);
});
