/** Settings as rc.conf has them, and the kernel's command line. */

import assert from "node:assert/strict";
import { kernelParameter, parseSettings, yesOrNo } from "./rc_conf.ts";

Deno.test("assignments are read, with their quotes off and their names in small letters", () => {
  const text = `# rc_parallel="NO"
rc_parallel="YES"  # side by side
export RC_PLUG_SERVICES='!net.eth0 *'
  rc_sys=docker
rc_nostop=""
words
rc_parallel=no
`;
  assert.deepEqual([...parseSettings(text)], [
    ["rc_parallel", "no"],
    ["rc_plug_services", "!net.eth0 *"],
    ["rc_sys", "docker"],
    ["rc_nostop", ""],
  ]);
});

Deno.test("yes and no have several words; all others are neither", () => {
  assert.deepEqual(["YES", "y", "True", "1"].map(yesOrNo), [true, true, true, true]);
  assert.deepEqual(["no", "N", "false", "0"].map(yesOrNo), [false, false, false, false]);
  assert.deepEqual(["", "maybe", undefined].map(yesOrNo), [undefined, undefined, undefined]);
});

Deno.test("of a parameter that is given twice the last one counts", () => {
  const line = "root=/dev/hda3 softlevel=one quiet softlevel=two xsoftlevel=three";
  assert.equal(kernelParameter(line, "softlevel"), "two");
  assert.equal(kernelParameter(line, "quiet"), "");
  assert.equal(kernelParameter(line, "level"), undefined);
});

Deno.test("a line of a megabyte is read at once, wherever its blanks stand", () => {
  const blanks = " ".repeat(1e6);
  assert.deepEqual([...parseSettings(blanks)], []);
  assert.deepEqual([...parseSettings(`${blanks}a=${blanks}b`)], [["a", `${blanks}b`]]);
  assert.deepEqual([...parseSettings(`a=b${blanks}`)], [["a", "b"]]);
});
