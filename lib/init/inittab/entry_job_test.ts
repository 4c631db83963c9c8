import assert from "node:assert/strict";
import type { InittabAction, InittabEntry } from "../../model/sysv/inittab.ts";
import { isJobName } from "../../model/validate.ts";
import { entryJob, idOf, jobNameOf } from "./entry_job.ts";

function entry(action: InittabAction): InittabEntry {
  const process = "/bin/true", file = "/etc/inittab";
  return { id: "a", levels: "2", action, process, isRecorded: true, isDirect: false, file };
}

Deno.test("who is waited for owns the console where that is a terminal, and writes to it where it is none", () => {
  const consoles = (console: "none" | "terminal" | "other") =>
    (["sysinit", "wait", "respawn"] as const).map((action) =>
      entryJob(entry(action), { console, hasInitscript: false }).console
    );
  assert.deepEqual(consoles("terminal"), ["owner", "owner", "output"]);
  assert.deepEqual(consoles("other"), ["output", "output", "output"]);
  assert.deepEqual(consoles("none"), ["none", "none", "none"]);
});

Deno.test("each ID gives a job a name that it may have, and is found by it", () => {
  const ids = ["1", "si", "/", "a/b", "//", "%", "%2f", "\x01", "\x7f", "é", "~~"];
  const names = ids.map(jobNameOf);
  assert.deepEqual(names.filter((name) => !isJobName(name)), []);
  assert.deepEqual(names.map(idOf), ids);
  assert.equal(new Set(names).size, ids.length);
});
