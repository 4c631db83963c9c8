/** Which system's program a name means: the one that the machine is set up for, as far as root alone has said so. */

import assert from "node:assert/strict";
import { constants, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { TemporaryDirectory } from "../../lib/sys/testing/directory.ts";
import { type Outcome, run } from "../support/command.ts";
import { NAMESPACES_POSSIBLE } from "../support/namespace.ts";
import { EXECUTABLE } from "../support/programs.ts";

/** Runs words where /etc holds nothing but what a line of shell has put there. */
function inEtc(prepare: string, ...words: string[]): Promise<Outcome> {
  const script = `mount -t tmpfs -o mode=755 none /etc\n${prepare}\nexec "$@"`;
  const unshare = ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-ec", script, "sh"];
  return run([...unshare, ...words], { environment: { PATH: process.env["PATH"]! }, directory: "/" });
}

/** SysV's runlevel takes every word for a file's name. Upstart's has options. */
const SYSTEM_OF: Record<string, string> = { "unknown\n": "sysv" };

const SETUPS: Array<[what: string, prepare: string, system: string]> = [
  ["nothing", "", "upstart"],
  ["an inittab", "touch /etc/inittab", "sysv"],
  ["Debian's directories of runlevels", "mkdir /etc/rc2.d", "sysv"],
  ["Red Hat's directories of runlevels", "mkdir -p /etc/rc.d/rc5.d", "sysv"],
  ["links to them", "mkdir -p /etc/rc.d/rc1.d && ln -s rc.d/rc1.d /etc/rc1.d", "sysv"],
  ["a directory in the place of the inittab", "mkdir /etc/inittab", "upstart"],
  ["a file in the place of a directory", "touch /etc/rc2.d", "upstart"],
  ["a link that leads nowhere", "ln -s nowhere /etc/inittab", "upstart"],
  ["links that lead to each other", "ln -s inittab /etc/inittab", "upstart"],
  ["an inittab of somebody else", "touch /etc/inittab && chown 12345 /etc/inittab", "upstart"],
  ["an inittab that everyone can write", "touch /etc/inittab && chmod 666 /etc/inittab", "upstart"],
  ["a directory of somebody else", "mkdir /etc/rc2.d && chown 12345 /etc/rc2.d", "upstart"],
  [
    "a link to what somebody else has made",
    "mkdir -p /etc/other/x && chown 12345 /etc/other && ln -s other/x /etc/rc2.d",
    "upstart",
  ],
  ["an /etc that everyone can write", "touch /etc/inittab && chmod 777 /etc", "upstart"],
];

for (const [what, prepare, system] of SETUPS) {
  Deno.test({
    name: `a name means the program of ${system} where /etc has ${what}`,
    ignore: !NAMESPACES_POSSIBLE,
    fn: async () => {
      using directory = new TemporaryDirectory();
      const link = join(directory.path, "runlevel");
      symlinkSync(EXECUTABLE, link);
      for (const words of [[link], [EXECUTABLE, "runlevel"]]) {
        const { stdout } = await inEtc(prepare, ...words, "--version");
        assert.equal(SYSTEM_OF[stdout] ?? "upstart", system, stdout);
      }
      const outright = ["sysv", "upstart"].map(async (word) =>
        SYSTEM_OF[(await inEtc(prepare, EXECUTABLE, word, "runlevel", "--version")).stdout] ?? "upstart"
      );
      assert.deepEqual(await Promise.all(outright), ["sysv", "upstart"]);
    },
  });
}

/** The name of dpkg's where that of OpenRC has the usual one. */
const DPKG = "dpkg-start-stop-daemon";

/** Whose start-stop-daemon its name means, by what /etc has. */
const DAEMON_STARTERS: Array<[what: string, prepare: string, whose: string]> = [
  ["nothing", "", "dpkg"],
  ["an inittab", "touch /etc/inittab", "dpkg"],
  [
    "OpenRC's runlevels, an inittab and SysV's",
    "mkdir /etc/runlevels /etc/rc2.d; touch /etc/inittab",
    "OpenRC",
  ],
  ["a link to OpenRC's runlevels", "mkdir /etc/levels; ln -s levels /etc/runlevels", "OpenRC"],
  ["OpenRC's runlevels of somebody else", "mkdir /etc/runlevels; chown 12345 /etc/runlevels", "dpkg"],
  ["a file in the place of OpenRC's runlevels", "touch /etc/runlevels", "dpkg"],
];

Deno.test({
  name: "start-stop-daemon is OpenRC's where /etc has its runlevels, and SysV's names stay SysV's there",
  ignore: !NAMESPACES_POSSIBLE,
  fn: async () => {
    using directory = new TemporaryDirectory();
    const link = join(directory.path, "start-stop-daemon");
    symlinkSync(EXECUTABLE, link);
    for (const [what, prepare, whose] of DAEMON_STARTERS) {
      const { stdout } = await inEtc(prepare, link, "--version");
      assert.match(stdout, new RegExp(whose), `with ${what}`);
    }
    const openrc = "mkdir /etc/runlevels";
    for (const [word, whose] of [["openrc", "OpenRC"], ["sysv", "dpkg"]]) {
      const { stdout } = await inEtc(openrc, EXECUTABLE, word!, "start-stop-daemon", "--version");
      assert.match(stdout, new RegExp(whose!), word);
    }
    const { stdout } = await inEtc(openrc, EXECUTABLE, "runlevel", "--version");
    assert.equal(SYSTEM_OF[stdout], "sysv", stdout);
    // A file that is mounted in the place of another is the program of its own name.
    const place = join(directory.path, "mounted", "start-stop-daemon"), debian = join(directory.path, DPKG);
    copyFileSync(EXECUTABLE, debian, constants.COPYFILE_FICLONE);
    mkdirSync(dirname(place));
    writeFileSync(place, "");
    const mounted = await inEtc(`${openrc}; mount --bind ${debian} ${place}`, place, "--version");
    assert.match(mounted.stdout, /as dpkg has it/);
  },
});

Deno.test("`rouse sysv', `rouse openrc' and `rouse upstart' have the programs of their system alone", async () => {
  const options = { environment: { PATH: process.env["PATH"]! }, directory: "/" };
  for (
    const words of [["sysv", "initctl"], ["upstart", "insserv"], ["openrc", "initctl"], ["upstart"], [
      "openrc",
    ], ["sysv"]]
  ) {
    const { exit, stdout, stderr } = await run([EXECUTABLE, ...words], options);
    assert.deepEqual([exit, stdout], [2, ""]);
    assert.match(stderr, /^rouse.*: (unknown|missing) program/);
  }
  assert.equal((await run([EXECUTABLE, "upstart", "initctl", "--version"], options)).exit, 0);
  assert.equal((await run([EXECUTABLE, "sysv", "insserv", "--help"], options)).exit, 0);
});
