/** What the notes on daemons say of them. The daemon is this process. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { inDirectory } from "../../../sys/testing/directory.ts";
import { ServiceStates } from "../states.ts";
import { hasCrashed } from "./crashed.ts";
import { findProcesses } from "./processes.ts";
import { forgetDaemon, noteDaemon, readNotes } from "./notes.ts";

const OWN = readFileSync("/proc/self/cmdline", "utf8").split("\0").slice(0, -1);

/** True while another process has the same command line, as when these tests are run twice at once. */
function hasTwin(): boolean {
  return findProcesses(({ arguments: given }) => given?.join("\0") === OWN.join("\0")).length > 0;
}

Deno.test(
  "a daemon runs while its pid file says so; without a pid file it is known by its words",
  inDirectory((directory) => {
    const states = new ServiceStates(directory), pidFile = join(directory, "a.pid");
    assert.ok(!hasCrashed(states, "a"), "nothing is noted of it");
    noteDaemon(states, "a", { exec: "/nowhere", argv: ["/nowhere"], pidFile });
    assert.ok(hasCrashed(states, "a"));
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o644 });
    assert.ok(!hasCrashed(states, "a"));
    unlinkSync(pidFile);
    noteDaemon(states, "b", { argv: OWN });
    assert.equal(hasCrashed(states, "b"), !hasTwin(), "the asking process is never meant");
    assert.deepEqual(readNotes(states, "b"), [{ exec: undefined, argv: OWN, pidFile: undefined }]);
  }),
);

Deno.test(
  "a pid file that everyone can write is not believed: the words count",
  inDirectory(async (directory) => {
    const states = new ServiceStates(directory), pidFile = join(directory, "a.pid");
    writeFileSync(pidFile, `${process.pid}\n`);
    chmodSync(pidFile, 0o666);
    noteDaemon(states, "a", { argv: ["/nowhere"], pidFile });
    assert.ok(hasCrashed(states, "a"));
    const words = ["/bin/sleep", `1000.${process.pid}`], daemon = spawn(words[0]!, words.slice(1));
    const ended = once(daemon, "exit");
    try {
      noteDaemon(states, "b", { argv: words, pidFile });
      assert.ok(!hasCrashed(states, "b"));
    } finally {
      daemon.kill("SIGKILL");
      await ended;
    }
    assert.ok(hasCrashed(states, "b"));
  }),
);

Deno.test(
  "notes keep empty words, and are numbered without gaps",
  inDirectory((directory) => {
    const states = new ServiceStates(directory);
    const notes = ["one", "two", "three"].map((exec) => ({
      exec,
      argv: [exec, "", "end"],
      pidFile: undefined,
    }));
    for (const note of notes) noteDaemon(states, "a", note);
    assert.deepEqual(readNotes(states, "a"), notes);
    forgetDaemon(states, "a", { exec: "two", argv: [] });
    assert.deepEqual(readNotes(states, "a"), [notes[0], notes[2]]);
    assert.deepEqual(states.daemonFiles("a").map((path) => path.slice(-3)), ["001", "002"]);
  }),
);
