import assert from "node:assert/strict";
import { closest } from "./closest.ts";

Deno.test("the nearest word is suggested, and none for one that nobody mistypes", () => {
  assert.equal(closest("wbe", ["db", "web", "webs"]), "web");
  assert.equal(closest("wbe", ["queue"]), undefined);
  // To compare these would take minutes.
  const long = "a".repeat(1e6);
  assert.equal(closest(long, [long.slice(1), `${long}a`]), undefined);
});
