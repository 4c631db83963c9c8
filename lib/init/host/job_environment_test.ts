/** The environment, umask and directory that processes of jobs get from init. */

import assert from "node:assert/strict";
import { defaultEnvironment, processDefaults, processEnvironment } from "./job_environment.ts";
import { parseCommandLine, readOptions } from "../options/command_line.ts";
import type { Role } from "./role.ts";

const FRESH: Array<[Role, string[], ReturnType<typeof processDefaults>]> = [
  ["machine", [], { umask: 0o022, chdir: "/" }],
  ["container", [], {}],
  ["container", ["--no-inherit-env"], { umask: 0o022, chdir: "/" }],
  ["session", [], {}],
  ["session", ["--no-inherit-env"], { umask: 0o022 }],
];

for (const [role, words, expected] of FRESH) {
  Deno.test(`mask and directory of jobs: ${role} ${words.join(" ")}`, () => {
    assert.deepEqual(processDefaults(readOptions(parseCommandLine(words, "none"), "none"), role), expected);
  });
}

Deno.test("what init tells a process replaces what others say, and only that", () => {
  const variables = ["UPSTART_JOB=x", "A=UPSTART_JOB=x", "UPSTART_SESSION=y", "UPSTART_JOBS=z"];
  assert.deepEqual(processEnvironment(variables, { job: "web", instance: "", session: "unix:z" }), [
    "A=UPSTART_JOB=x",
    "UPSTART_JOBS=z",
    "UPSTART_JOB=web",
    "UPSTART_INSTANCE=",
    "UPSTART_SESSION=unix:z",
  ]);
  // A job of the system may say whose session its commands are for.
  const { length } = processEnvironment(variables, { job: "web", instance: "1", session: undefined });
  assert.equal(length, 5);
});

Deno.test("jobs of a machine have Upstart's PATH, whatever the kernel or an initramfs gave to init", () => {
  const own = Deno.env.get("PATH")!;
  try {
    for (const given of [undefined, "/bin"]) {
      if (given === undefined) Deno.env.delete("PATH");
      else Deno.env.set("PATH", given);
      const pathFor = (role: Role, ...words: string[]) =>
        defaultEnvironment(readOptions(parseCommandLine(words, "none"), "none"), role).get("PATH");
      assert.equal(pathFor("machine"), "/usr/local/sbin:/usr/local/bin:/usr/bin:/usr/sbin:/sbin:/bin");
      assert.equal(pathFor("container"), given);
      assert.equal(pathFor("session", "--no-inherit-env"), given);
    }
  } finally {
    Deno.env.set("PATH", own);
  }
});
