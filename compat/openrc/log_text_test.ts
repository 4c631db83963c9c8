import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { logHeading, PlainOutput } from "./log_text.ts";

Deno.test("a log has what is printed without colours, wherever the pieces are cut", () => {
  const printed =
    " \x1b[32;01m*\x1b[0m Starting wëb ...\r\n\x1b[A\x1b[70C [ ok ]\r\n\x1bMup\x1b[3\nnext\x07\x7f\t." +
    "\x1b]0;title ü\x07a\x1b]8;;http://x\x1b\\b\x1bP1$q\x1b\\c\x1b(Bd\x1b[3~e\x1b[@f\x1b]open\ng\x1b[1\x1b[2mh";
  const expected = " * Starting wëb ...\n [ ok ]\nup\nnext.abcdef\ngh";
  const bytes = Buffer.from(printed);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const text = new PlainOutput();
    const pieces = [text.add(bytes.subarray(0, cut)), text.add(bytes.subarray(cut))];
    assert.equal(Buffer.concat(pieces).toString(), expected, `cut at ${cut}`);
  }
});

Deno.test("a heading has the local time as asctime(3) has it", () => {
  assert.equal(
    logHeading("boot", "started", new Date(2026, 1, 3, 4, 5, 6)),
    "\nrc boot logging started at Tue Feb  3 04:05:06 2026\n\n",
  );
});
