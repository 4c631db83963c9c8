/** Tests of what crashing processes leave behind. They count all descriptors, so they need a process of their own. */

import assert from "node:assert/strict";
import * as fs from "node:fs";
import { test, until } from "./output_fixture.ts";

/** The ends that this process reads from. */
function openEnds(): number {
  return fs.readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return /^(pipe:|\/dev\/ptmx|\/dev\/pts\/ptmx)/.test(fs.readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false;
    }
  }).length;
}

for (const console of ["log", "pipe"] as const) {
  test(`what crashing processes leave behind costs little, and what it prints arrives (console ${console})`, async (it) => {
    const script = "{ until [ -e $D/go ]; do sleep 0.05; done; echo late; } & echo now";
    const before = openEnds();
    for (let round = 0; round < 20; round++) await it.run(script, "job", "", console);
    assert.ok(openEnds() - before <= 4, "as many as there may be at a time");
    const end = console === "log" ? "\r\n" : "\n";
    assert.equal(it.log("job"), `now${end}`.repeat(20));
    // Others have their own.
    await it.run("echo other", "other", "", console);
    assert.equal(it.log("other"), `other${end}`);
    fs.writeFileSync(it.at("go"), "");
    await until(it.at("log"), () => it.log("job") === `now${end}`.repeat(20) + `late${end}`.repeat(20));
    await it.run("echo last", "job", "", console);
    assert.ok(it.log("job").endsWith(`late${end}last${end}`));
  });
}
