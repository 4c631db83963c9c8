import assert from "node:assert/strict";
import { sysvWanted } from "./sysv.ts";

Deno.test("an option decides; no session and no command has it; a container does not have it by itself", () => {
  assert.equal(sysvWanted({ sysv: true }, "container"), true);
  assert.equal(sysvWanted({ sysv: false }, "machine"), false);
  assert.equal(sysvWanted({ sysv: true }, "session"), false);
  assert.equal(sysvWanted({ sysv: true, command: ["true"] }, "container"), false);
  assert.equal(sysvWanted({}, "container"), false);
});
