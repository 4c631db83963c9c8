/** What process 1 of a machine does, as far as it can be seen in namespaces. */

import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { TemporaryDirectory } from "../lib/sys/testing/directory.ts";
import process from "node:process";
import { run } from "./support/command.ts";
import { contain, CONTAINERS_POSSIBLE } from "./support/container.ts";
import { NAMESPACES_POSSIBLE } from "./support/namespace.ts";

const BOOT = resolve(import.meta.dirname!, "../lib/init/host/machine_boot.ts");
const DISKS = resolve(import.meta.dirname!, "../lib/sys/machine/disks.ts");
const SIGNALS = resolve(import.meta.dirname!, "../lib/init/host/signal_actions.ts");

/** Runs a test with a directory of its own. */
function test(name: string, fn: (directory: string) => Promise<void>): void {
  Deno.test({
    name,
    ignore: !NAMESPACES_POSSIBLE,
    async fn() {
      using temporary = new TemporaryDirectory();
      const directory = temporary.path;
      await fn(directory);
    },
  });
}

test("what is missing is mounted, and what is there is left alone", async (directory) => {
  const script = join(directory, "mount.ts");
  writeFileSync(
    script,
    `import { mountMissing } from ${JSON.stringify(BOOT)};
     const root = ${JSON.stringify(join(directory, "root"))};
     const problems: string[] = [];
     mountMissing((problem) => problems.push(problem), root);
     const mounts = () => Deno.readTextFileSync("/proc/self/mountinfo").split("\\n").filter((line) => line.includes(root));
     const first = mounts();
     mountMissing((problem) => problems.push(problem), root);
     const types = first.map((line) => [line.split(" ")[4].slice(root.length), line.split(" - ")[1].split(" ")[0]]);
     console.log(JSON.stringify({ problems, types, again: mounts().length }));`,
  );
  // /run is mounted already.
  const line = `mkdir -p ${directory}/root/run && mount -t ramfs ramfs ${directory}/root/run && ` +
    `exec ${Deno.execPath()} run -q -A --no-check ${script}`;
  const { exit, stdout, stderr } = await run(
    ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", line],
    { environment: Deno.env.toObject(), directory: "/" },
  );
  assert.equal(exit, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), {
    problems: [],
    types: [["/run", "ramfs"], ["/sys", "sysfs"], ["/dev", "devtmpfs"], ["/dev/pts", "devpts"], [
      "/dev/shm",
      "tmpfs",
    ], ["/sys/fs/cgroup", "cgroup2"]],
    again: 6,
  });
});

test("what cannot be mounted is told, and the rest is mounted", async (directory) => {
  const root = join(directory, "root");
  mkdirSync(root);
  symlinkSync("/nowhere/at/all", join(root, "sys"));
  const script = join(directory, "mount.ts");
  writeFileSync(
    script,
    `import { mountMissing } from ${JSON.stringify(BOOT)};
     mountMissing((problem) => console.log(problem), ${JSON.stringify(root)});
     console.log(Deno.readTextFileSync("/proc/self/mountinfo").includes(${JSON.stringify(root + "/run ")}));`,
  );
  const { stdout, stderr } = await run(
    [
      "unshare",
      "--mount",
      "--propagation",
      "private",
      Deno.execPath(),
      "run",
      "-q",
      "-A",
      "--no-check",
      script,
    ],
    { environment: Deno.env.toObject(), directory: "/" },
  );
  const lines = stdout.trim().split("\n");
  assert.equal(lines.pop(), "true", stderr);
  // What is below it cannot be mounted either.
  assert.equal(lines.length, 2, stdout);
  for (const problem of lines) assert.match(problem, /sys/);
});

test("at the end what is on devices is unmounted, or read-only where it is in use; the rest is left", async (directory) => {
  const script = join(directory, "release.ts");
  writeFileSync(
    script,
    `import { releaseDisks } from ${JSON.stringify(DISKS)};
     const busy = Deno.openSync(${JSON.stringify(join(directory, "busy/reader"))});
     releaseDisks((problem) => console.log(problem), ${JSON.stringify(directory)});
     busy.close();
     const lines = Deno.readTextFileSync("/proc/self/mountinfo").split("\\n");
     for (const line of lines.filter((line) => line.includes(${JSON.stringify(directory)}))) {
       const [, , , , point, options] = line.split(" ");
       console.log(point.slice(${directory.length + 1}), options.split(",")[0]);
     }`,
  );
  // Only the names of the sources say that these are on devices.
  const mount = (source: string, name: string) =>
    `mkdir "${directory}/${name}"; mount -t tmpfs ${source} "${directory}/${name}"; `;
  const line = "set -e; " +
    mount("/dev/rouse-1", "disk") + mount("/dev/rouse-2", "disk/with blank") + mount("/dev/rouse-3", "busy") +
    mount("none", "other") +
    `touch ${directory}/busy/reader; exec ${Deno.execPath()} run -q -A --no-check ${script}`;
  const { exit, stdout, stderr } = await run(
    ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", line],
    { environment: Deno.env.toObject(), directory: "/" },
  );
  assert.equal(exit, 0, stderr);
  assert.equal(stdout, "busy ro\nother rw\n");
});

test("what the kernel and the power supply tell by signals becomes events", async (directory) => {
  const script = join(directory, "signals.ts");
  writeFileSync(
    script,
    `import process from "node:process";
     import { SignalTable } from ${JSON.stringify(SIGNALS)};
     const signals = ["SIGPWR", "SIGINT", "SIGWINCH"];
     const nothing = () => {};
     const others = { stop: nothing, reload: nothing, listen: nothing, list: nothing, forward: nothing, warn: nothing };
     const next = () => {
       const signal = signals.shift();
       if (signal) process.kill(process.pid, signal);
       else process.exit(0);
     };
     const event = (signal: number, name: string) => {
       console.log(signal, name);
       next();
     };
     new SignalTable({ role: "machine", runsCommand: false, isSysv: false }).act({ ...others, event });
     next();`,
  );
  const { exit, stdout, stderr } = await run([Deno.execPath(), "run", "-q", "-A", "--no-check", script], {
    environment: Deno.env.toObject(),
    directory: "/",
  });
  assert.equal(exit, 0, stderr);
  assert.equal(stdout, "30 power-status-changed\n2 control-alt-delete\n28 keyboard-request\n");
});

/** Of a container's namespaces, the kernel shows /proc twice: the one of outside is below. */
const WITHOUT_PROC = "umount -l /proc; umount -l /proc";
const PROC_MOUNTS = "grep -E '^[^ ]+ /proc ' /proc/mounts";

/** What a shell of the container tells once the executable is process 1 there. */
async function told(prepare: string, line: string): Promise<string> {
  const { exit, stdout, stderr } = await contain(["run", "--", "/bin/sh", "-c", line], { prepare });
  assert.deepEqual({ exit, stderr }, { exit: 0, stderr: "" });
  return stdout;
}

// In a user namespace the kernel lets nobody mount it anew. The executables for other machines have no prologue.
const MOUNTS_PROC = process.arch === "x64" && process.getuid?.() === 0 && CONTAINERS_POSSIBLE;

Deno.test({
  name: "process 1 mounts /proc where there is none",
  ignore: !MOUNTS_PROC,
  async fn() {
    assert.equal(
      await told(WITHOUT_PROC, PROC_MOUNTS),
      "proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\n",
    );
  },
});

Deno.test({
  name: "process 1 leaves a /proc that is there as it is",
  ignore: !MOUNTS_PROC,
  async fn() {
    const prepare = `mount -o remount,nosuid,noexec,dev /proc; ${PROC_MOUNTS} > /run/before`;
    assert.match(await told(prepare, "cat /run/before"), /^proc \/proc proc rw,nosuid,noexec,relatime/m);
    assert.equal(await told(prepare, `${PROC_MOUNTS} | cmp - /run/before`), "");
  },
});

Deno.test({
  name: "another process than process 1 mounts nothing",
  ignore: !MOUNTS_PROC,
  async fn() {
    const prepare = `${WITHOUT_PROC}; "$1" --version > /dev/null 2>&1 || :; [ ! -e /proc/mounts ] && exit 7`;
    assert.equal((await contain(["run", "--", "true"], { prepare })).exit, 7);
  },
});
