/** The layout of messages, with colours and without. */

import assert from "node:assert/strict";
import { messageText, outcomeText, paletteOf } from "./messages.ts";

Deno.test("messages without colours: how something ended stands at the right edge below what is wrong", () => {
  const style = { columns: 80, indent: 2 };
  assert.equal(messageText("error", "no disk", style), " *   no disk");
  assert.equal(outcomeText(true, 0, style), " [ ok ]\n");
  const used = " *   no disk\n".length;
  assert.equal(outcomeText(false, used, style), `${" ".repeat(80 - 7 - used)} [ !! ]\n`);
  assert.equal(outcomeText(false, 100, style), " [ !! ]\n");
});

Deno.test("on a terminal with colours the end goes to the line above", () => {
  const palette = paletteOf({ TERM: "linux" });
  assert.ok(palette);
  const style = { palette, columns: 40, indent: 0, prefix: "web" };
  assert.equal(
    messageText("warning", "slow", style),
    `${palette.WARN}web${palette.NORMAL}| ${palette.WARN}*${palette.NORMAL} slow\x1b[K`,
  );
  assert.equal(
    outcomeText(true, 0, style),
    `\x1b[A\x1b[34G ${palette.BRACKET}[${palette.GOOD} ok ${palette.BRACKET}]${palette.NORMAL}\n`,
  );
});

Deno.test("a user may change colours, or have none", () => {
  assert.equal(paletteOf({ TERM: "dumb" }), undefined);
  assert.equal(paletteOf({ TERM: "xterm", EINFO_COLOR: "no" }), undefined);
  const palette = paletteOf({ TERM: "xterm-256color", EINFO_COLOR: "good=4;0:bad=5;1" });
  assert.equal(palette?.GOOD, "\x1b[0m\x1b[34m");
  assert.equal(palette?.BAD, "\x1b[1m\x1b[35m");
});
