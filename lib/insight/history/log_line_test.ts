import assert from "node:assert/strict";
import { keptLine } from "./log_line.ts";

Deno.test("the returns at a line's end are no part of it, and many within take no longer than one", () => {
  const text = (text: string) => keptLine({ job: "a", instance: "", number: 1, at: 0, text }).text;
  assert.equal(text("one\r\r"), "one");
  assert.equal(text("\r"), "");
  const drawn = `${"\r".repeat(1e6)}done`;
  assert.equal(text(`${drawn}\r`), drawn);
});
