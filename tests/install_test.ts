/** What `rouse --install` replaces, and what it leaves alone. */

import assert from "node:assert/strict";
import {
  chownSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { TemporaryDirectory } from "../lib/sys/testing/directory.ts";
import { type Outcome, run } from "./support/command.ts";
import { EXECUTABLE, installed } from "./support/programs.ts";

/** Runs a test with a directory, and with a way to install symbolic links in it. */
async function withDirectory(
  test: (directory: string, install: (...words: string[]) => Promise<Outcome>) => Promise<void>,
): Promise<void> {
  using temporary = new TemporaryDirectory();
  const install = (...words: string[]) =>
    run([EXECUTABLE, "--install", ...words], { environment: { PATH: "/bin" }, directory: "/" });
  await test(temporary.path, install);
}

Deno.test("--install leaves programs of others alone, and then changes nothing", () =>
  withDirectory(async (directory, install) => {
    writeFileSync(join(directory, "init"), "#!/bin/sh\n");
    symlinkSync("/bin/sh", join(directory, "status"));
    const { exit, stdout, stderr } = await install("-s", directory);
    assert.deepEqual({ exit, stdout }, { exit: 1, stdout: "" });
    assert.match(
      stderr,
      /^rouse: Unable to install links, nothing is changed: .*\/init, .*\/status: .+--skip .+--force .+\n$/,
    );
    assert.deepEqual(readdirSync(directory).sort(), ["init", "status"]);
    assert.equal(readFileSync(join(directory, "init"), "utf8"), "#!/bin/sh\n");
  }));

Deno.test("--install --skip links what is free, says what is not, and does so each time", () =>
  withDirectory(async (directory, install) => {
    writeFileSync(join(directory, "halt"), "#!/bin/sh\n");
    symlinkSync("/bin/sh", join(directory, "status"));
    for (let time = 0; time < 2; time++) {
      assert.deepEqual(await install("-s", "--skip", directory), {
        exit: 0,
        stdout: `Left as they are, for they are not of rouse: ${directory}/halt, ${directory}/status\n`,
        stderr: "",
      });
      assert.equal(readFileSync(join(directory, "halt"), "utf8"), "#!/bin/sh\n");
      assert.equal(readlinkSync(join(directory, "status")), "/bin/sh");
      assert.equal(statSync(join(directory, "init")).ino, statSync(EXECUTABLE).ino);
    }
  }));

Deno.test("--install --force replaces programs of others, but no directory", () =>
  withDirectory(async (directory, install) => {
    writeFileSync(join(directory, "halt"), "#!/bin/sh\n");
    symlinkSync("/bin/sh", join(directory, "status"));
    assert.deepEqual(await install("-s", "--force", directory), { exit: 0, stdout: "", stderr: "" });
    for (const name of ["halt", "status", "init"]) {
      assert.equal(statSync(join(directory, name)).ino, statSync(EXECUTABLE).ino);
    }
    assert.ok(statSync("/bin/sh").isFile());
    rmSync(join(directory, "halt"));
    mkdirSync(join(directory, "halt"));
    const { exit, stderr } = await install("-s", "--force", directory);
    assert.deepEqual([exit, stderr], [
      1,
      `rouse: Unable to install links, nothing is changed: ${directory}/halt: a directory. ` +
      "Move it away, or let --skip leave it and link the rest\n",
    ]);
  }));

Deno.test("--install links the programs that are named", () =>
  withDirectory(async (directory, install) => {
    writeFileSync(join(directory, "halt"), "#!/bin/sh\n");
    assert.deepEqual(await install("-s", directory, "init", "initctl"), { exit: 0, stdout: "", stderr: "" });
    assert.deepEqual(readdirSync(directory).sort(), ["halt", "init", "initctl"]);
    const { exit, stderr } = await install("-s", directory, "frob");
    assert.equal(exit, 2);
    assert.match(stderr, /^rouse --install: no program is called frob\n/);
  }));

Deno.test("--install leaves the executable in its place where that bears a program's name", () =>
  withDirectory(async (directory) => {
    mkdirSync(join(directory, "bin"));
    copyFileSync(EXECUTABLE, join(directory, "bin/init"));
    symlinkSync("bin", join(directory, "link"));
    symlinkSync("bin/init", join(directory, "rouse"));
    const own = join(directory, "bin/init");
    for (const target of ["bin", "link"]) {
      const outcome = await run([join(directory, "rouse"), "--install", "-s", join(directory, target)], {
        environment: { PATH: "/bin" },
        directory: "/",
      });
      assert.deepEqual(outcome, { exit: 0, stdout: "", stderr: "" });
      assert.ok(lstatSync(own).isFile());
      assert.equal(readlinkSync(join(directory, "bin/initctl")), own);
    }
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

Deno.test("--install makes Upstart's names, and with --sysv and --openrc those of others too", () =>
  withDirectory(async (directory, install) => {
    assert.equal((await install("-s", directory)).exit, 0);
    const upstart = readdirSync(directory);
    assert.ok(upstart.includes("runlevel") && !upstart.includes("insserv"));
    writeFileSync(join(directory, "insserv"), "#!/bin/sh\n");
    assert.equal((await install("-s", "--sysv", directory)).exit, 1);
    assert.deepEqual(await install("-s", "--sysv", "--skip-existing", directory), {
      exit: 0,
      stdout: `Left as they are, for they are not of rouse: ${directory}/insserv\n`,
      stderr: "",
    });
    rmSync(join(directory, "insserv"));
    assert.deepEqual(await install("-s", "--sysv", directory), { exit: 0, stdout: "", stderr: "" });
    assert.ok(readdirSync(directory).includes("insserv"));
    assert.ok(!readdirSync(directory).includes("supervise-daemon"));
    assert.equal((await install("-s", "--openrc", directory)).exit, 0);
    assert.ok(readdirSync(directory).includes("supervise-daemon"));
  }));

Deno.test("--install with a wrong command line says so", async () => {
  for (
    const words of [[], ["-x"], ["/tmp", "/tmp"], ["--skip", "--force", "/tmp"], [
      "--skip-existing",
      "--force",
      "/tmp",
    ]]
  ) {
    const options = { environment: { PATH: "/bin" }, directory: "/" };
    const { exit, stderr } = await run([EXECUTABLE, "--install", ...words], options);
    assert.equal(exit, 2);
    assert.match(stderr, /^rouse --install: .+\nTry `rouse --install --help' for more information\.\n$/);
  }
});

Deno.test("--install says what helps where there is no directory, or one in the way", () =>
  withDirectory(async (directory, install) => {
    const missing = join(directory, "bin");
    assert.deepEqual(await install("-s", missing), {
      exit: 1,
      stdout: "",
      stderr:
        `rouse: Unable to install links: there is no directory ${missing}; make it first, by mkdir -p ${missing}\n`,
    });
    mkdirSync(join(directory, "halt"));
    const { exit, stderr } = await install("-s", directory);
    assert.equal(exit, 1);
    assert.match(stderr, /\/halt: a directory\. Move it away, or let --skip leave it and link the rest\n$/);
    assert.doesNotMatch(stderr, /--force/);
  }));

/** True where the kernel keeps users from making hard links to files of others (proc_sys_fs(5)). */
const PROTECTED = Deno.uid() === 0 && installed("setpriv") &&
  readFileSync("/proc/sys/fs/protected_hardlinks", "latin1") === "1\n";

Deno.test({
  name: "--install says what helps where hard links to the executable's owner's files are not allowed",
  ignore: !PROTECTED,
  fn: () =>
    withDirectory(async (directory) => {
      chownSync(directory, 65534, 65534);
      const other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      assert.deepEqual(
        await run([...other, EXECUTABLE, "--install", directory], {
          environment: { PATH: "/usr/bin:/bin" },
          directory: "/",
        }),
        {
          exit: 1,
          stdout: "",
          stderr: `rouse: Unable to install links: ${directory}: Operation not permitted; ` +
            "-s makes symbolic links, which may lead to files of another user\n",
        },
      );
      assert.deepEqual(readdirSync(directory), []);
    }),
});

Deno.test("--install links rouse itself, unless it is there already", () =>
  withDirectory(async (directory, install) => {
    assert.equal((await install("-s", directory)).exit, 0);
    assert.equal(readlinkSync(join(directory, "rouse")), EXECUTABLE);
    const own = join(directory, "own");
    mkdirSync(own);
    copyFileSync(EXECUTABLE, join(own, "rouse"));
    const words = [join(own, "rouse"), "--install", "-s", own];
    assert.equal((await run(words, { environment: {}, directory: "/" })).exit, 0);
    assert(!lstatSync(join(own, "rouse")).isSymbolicLink());
    assert.equal((await install("-s", own, "rouse", "init")).exit, 0);
    assert.equal(readlinkSync(join(own, "rouse")), EXECUTABLE);
  }));
