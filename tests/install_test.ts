/** What `rouse --install` replaces, and what it leaves alone. */

import assert from "node:assert/strict";
import {
  copyFileSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Outcome, run } from "./support/command.ts";
import { EXECUTABLE } from "./support/programs.ts";

/** Runs a test with a directory, and with a way to install symbolic links in it. */
async function withDirectory(
  test: (directory: string, install: (...words: string[]) => Promise<Outcome>) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "rouse-install."));
  const install = (...words: string[]) =>
    run([EXECUTABLE, "--install", ...words], { environment: { PATH: "/bin" }, directory: "/" });
  try {
    await test(directory, install);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

Deno.test("--install leaves programs of others alone, and then changes nothing", () =>
  withDirectory(async (directory, install) => {
    writeFileSync(join(directory, "init"), "#!/bin/sh\n");
    symlinkSync("/bin/sh", join(directory, "status"));
    const { exit, stdout, stderr } = await install("-s", directory);
    assert.deepEqual({ exit, stdout }, { exit: 1, stdout: "" });
    assert.match(stderr, /^rouse: Unable to install links, nothing is changed: .*\/init, .*\/status: .+\n$/);
    assert.deepEqual(readdirSync(directory).sort(), ["init", "status"]);
    assert.equal(readFileSync(join(directory, "init"), "utf8"), "#!/bin/sh\n");
  }));

Deno.test("--install replaces another version's executable and links that lead nowhere any more", () =>
  withDirectory(async (directory, install) => {
    copyFileSync(EXECUTABLE, join(directory, "start"));
    symlinkSync("/opt/rouse-0.0.1/rouse", join(directory, "stop"));
    const { exit, stderr } = await install("-s", directory);
    assert.deepEqual({ exit, stderr }, { exit: 0, stderr: "" });
    for (const name of ["start", "stop"]) {
      assert.ok(lstatSync(join(directory, name)).isSymbolicLink());
      assert.equal(statSync(join(directory, name)).ino, statSync(EXECUTABLE).ino);
    }
    assert.deepEqual(readdirSync(directory).filter((name) => name.startsWith(".")), []);
  }));

Deno.test("--install with a wrong command line says so", async () => {
  for (const words of [[], ["-x"], ["/tmp", "/tmp"]]) {
    const options = { environment: { PATH: "/bin" }, directory: "/" };
    const { exit, stderr } = await run([EXECUTABLE, "--install", ...words], options);
    assert.equal(exit, 2);
    assert.match(stderr, /^rouse: .+\nTry `rouse --help' for more information\.\n$/);
  }
});
