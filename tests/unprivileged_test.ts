/** Users without rights at the system's init: what they may ask, and that they hold up nobody. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { until, within } from "./support/deadline.ts";
import { NamespaceInit, NAMESPACES_POSSIBLE } from "./support/namespace.ts";
import { isRunning } from "./support/processes.ts";
import { installed } from "./support/programs.ts";

const PYTHON = "/usr/bin/python3";
const ATTACKS = readFileSync(join(import.meta.dirname!, "fixtures/attacks.py"), "utf8");
const AS_NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];

const JOBS = Object.fromEntries(
  Array.from({ length: 200 }, (_, index) => [`job${index}.conf`, "exec sleep 600\n"]),
);

/** The most memory that init may ever have had, in kB: about twice what it has at rest. */
const MOST_MEMORY = 150_000;

function test(name: string, fn: () => Promise<void>, needs: string[] = []): void {
  const ignore = !NAMESPACES_POSSIBLE || !installed("setpriv") || !needs.every((path) => existsSync(path));
  Deno.test({ name, ignore, fn });
}

/** Has nobody attack init, while a function runs. */
async function attacked(init: NamespaceInit, kind: string, during: () => Promise<void>): Promise<void> {
  const enter = ["--target", String(init.pid), "--pid", "--mount", "--net"];
  const words = [...enter, ...AS_NOBODY, PYTHON, "-c", ATTACKS, kind];
  const attacker = spawn("nsenter", words, { stdio: ["ignore", "pipe", "inherit"], detached: true });
  try {
    await within("the attack's begin", new Promise((resolve) => attacker.stdout!.once("data", resolve)));
    attacker.stdout!.resume();
    await during();
    assert.equal(attacker.exitCode, null, "the attack goes on");
  } finally {
    const gone = new Promise((resolve) => attacker.once("exit", resolve));
    if (isRunning(attacker)) {
      process.kill(-attacker.pid, "SIGKILL");
      await gone;
    }
  }
}

const KINDS = {
  "large": "messages of four megabytes that lack their end",
  "slow": "messages that come byte by byte",
  "half": "clients that do not say who they are",
  "connects": "clients that come and go",
  "deaf": "clients that ask and do not read",
  "introspect": "clients that ask for much",
  "length": "messages that promise 64 MB",
  "array": "arrays of a thousand texts",
  "nested": "types within types",
  "fields": "headers of many fields",
  "variants": "a million variants",
};

for (const [kind, what] of Object.entries(KINDS)) {
  test(`${what}, sent by nobody, cost init little, and root is answered`, async () => {
    await using init = await NamespaceInit.start(JOBS);
    await until("the jobs are there", async () => (await init.run("initctl", "status", "job199")).exit === 0);
    await attacked(init, kind, async () => {
      for (let count = 0; count < 5; count++) {
        assert.equal(await init.ask("status", "job7"), "job7 stop/waiting\n");
        await init.ask("emit", "--no-wait", `event${count}`, `LARGE=${"x".repeat(20_000)}`);
      }
    });
    assert.equal(await init.ask("status", "job7"), "job7 stop/waiting\n");
    const [, peak] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${init.pid}/status`, "utf8"))!;
    assert.ok(Number(peak) < MOST_MEMORY, `${peak} kB`);
  }, [PYTHON]);
}

test("anybody may ask how things stand, and do no more", async () => {
  await using init = await NamespaceInit.start({ "web.conf": "usage 'N=number'\nexec sleep 600\n" });
  const nobody = (...words: string[]) => init.run(...AS_NOBODY, ...words);
  await until("the job is there", async () => (await init.run("initctl", "status", "web")).exit === 0);
  await init.ask("start", "web");
  const allowed = [["list"], ["status", "web"], ["usage", "web"], ["version"], ["show-config"], [
    "log-priority",
  ]];
  for (const words of allowed) assert.equal((await nobody("initctl", ...words)).exit, 0, words.join(" "));
  const denied = [
    ["start", "web"],
    ["stop", "web"],
    ["restart", "web"],
    ["reload", "web"],
    ["emit", "go"],
    ["reload-configuration"],
    ["log-priority", "debug"],
    ["list-env"],
    ["get-env", "PATH"],
    ["set-env", "A=1"],
    ["unset-env", "PATH"],
    ["reset-env"],
    ["notify-disk-writeable"],
  ];
  for (const words of denied) {
    const { exit, stdout, stderr } = await nobody("initctl", ...words);
    assert.deepEqual([exit, stdout], [1, ""], words.join(" "));
    assert.match(stderr, /You do not have permission to /, words.join(" "));
  }
  assert.match(await init.ask("status", "web"), /^web start\/running/);
});

test("root has a socket of its own, which nobody else can connect to", async () => {
  await using init = await NamespaceInit.start({});
  const { stdout } = await init.shell("stat -c '%a %u' /run/rouse/private /run/rouse/control");
  assert.equal(stdout, "600 0\n666 0\n");
  const asked = await init.run("env", "UPSTART_SESSION=unix:path=/run/rouse/private", "initctl", "version");
  assert.equal(asked.exit, 0);
  const other = await init.run(
    ...AS_NOBODY,
    "env",
    "UPSTART_SESSION=unix:path=/run/rouse/private",
    "initctl",
    "version",
  );
  assert.match(other.stderr, /Permission denied/);
});
