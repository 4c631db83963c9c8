/** What is read of a cached tree without the rest. */

import assert from "node:assert/strict";
import { providedIn } from "./cached_tree.ts";

const TEXT = [
  "depinfo_0_service='a'",
  "depinfo_0_iprovide_0='x'",
  "depinfo_1_service='net.lo'",
  "depinfo_1_ineed_0='a'",
  "depinfo_1_iprovide_0='net'",
  "depinfo_1_iprovide_1='loopback'",
  "depinfo_10_service='b'",
  "depinfo_10_iprovide_0='y'",
].map((line) => `${line}\n`).join("");

Deno.test("the virtual services of a service are found in the text of a tree", () => {
  assert.deepEqual(providedIn(TEXT, "net.lo"), ["net", "loopback"]);
  assert.deepEqual(providedIn(TEXT, "b"), ["y"]);
  assert.deepEqual(providedIn(TEXT, "net"), []);
  assert.deepEqual(providedIn("", "a"), []);
  assert.deepEqual(providedIn("x\n[_service='a'\n[_iprovide_0='b'\n", "a"), ["b"]);
});
