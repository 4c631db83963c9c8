/** Init lives and goes on whatever system call is refused once: a few of those that `deno task simulate --refusals` refuses. */

import assert from "node:assert/strict";
import { refuseCalls } from "./refusals.ts";

/** The share of calls that come often. */
const SHARE = 12;

Deno.test("init outlives the refusal of any one system call", async () => {
  const { problems, count } = await refuseCalls(SHARE);
  assert(count > 100);
  assert.deepEqual(problems, []);
});
