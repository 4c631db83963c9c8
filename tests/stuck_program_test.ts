/** Programs that cannot be opened for long, as on a file system that does not answer: init goes on. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, writeFileSync } from "node:fs";
import { RunningInit } from "./support/init.ts";

/** Leases a file, so that the kernel keeps whoever opens it waiting (fcntl(2)); says so, and ends with its input. */
const LEASE = `
import fcntl, signal, sys
signal.signal(signal.SIGIO, signal.SIG_IGN)
file = open(sys.argv[1])
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print("leased", flush=True)
sys.stdin.read()`;

Deno.test("a program that cannot be opened for long keeps neither init nor other jobs waiting", async () => {
  const others = Array.from({ length: 12 }, (_, index) => `other${index}`);
  await using init = await RunningInit.start({
    jobs: {
      "stuck.conf": "exec @DIR@/program\n",
      ...Object.fromEntries(others.map((name) => [`${name}.conf`, "start on go\nexec sleep 1000\n"])),
    },
  });
  const program = init.path("program");
  writeFileSync(program, "#!/bin/sh\nexec sleep 1000\n");
  chmodSync(program, 0o755);
  const holder = spawn("python3", ["-c", LEASE, program], { stdio: ["pipe", "pipe", "inherit"] });
  try {
    await once(holder.stdout, "data");
    await init.ask("start", "--no-wait", "stuck");
    assert.equal(await init.ask("status", "stuck"), "stuck start/spawning\n");
    await init.ask("emit", "--no-wait", "go");
    // A few may have been described to the same thread already.
    await init.until(["list"], /(other\d+ start\/running, process \d+\n(.|\n)*){8}/);
    assert.equal(await init.ask("status", "stuck"), "stuck start/spawning\n");
  } finally {
    holder.stdin.end();
  }
  await init.until(["status", "stuck"], /^stuck start\/running, process \d+\n$/);
  await init.until(["list"], /(other\d+ start\/running, process \d+\n(.|\n)*){12}/);
});
