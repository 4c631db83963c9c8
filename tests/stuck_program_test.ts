/** Programs that cannot be opened for long, as on a file system that does not answer: init goes on. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, writeFileSync } from "node:fs";
import { connectBeside } from "../lib/control/testing/socket_client.ts";
import { JOB_INTERFACE, jobPath, MANAGER_INTERFACE, MANAGER_PATH, PEER } from "../lib/control/names.ts";
import { RunningInit } from "./support/init.ts";

/** Leases a file, so that the kernel keeps whoever opens it waiting (fcntl(2)); says so, and ends with its input. */
const LEASE = `
import fcntl, signal, sys
signal.signal(signal.SIGIO, signal.SIG_IGN)
file = open(sys.argv[1])
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print("leased", flush=True)
sys.stdin.read()`;

/** Makes a program that cannot be opened until the function returned is called. */
async function leasedProgram(program: string): Promise<() => void> {
  writeFileSync(program, "#!/bin/sh\nexec sleep 1000\n");
  chmodSync(program, 0o755);
  const holder = spawn("python3", ["-c", LEASE, program], { stdio: ["pipe", "pipe", "inherit"] });
  await once(holder.stdout, "data");
  return () => holder.stdin.end();
}

Deno.test("a program that cannot be opened for long keeps neither init nor other jobs waiting", async () => {
  const others = Array.from({ length: 12 }, (_, index) => `other${index}`);
  await using init = await RunningInit.start({
    jobs: {
      "stuck.conf": "exec @DIR@/program\n",
      ...Object.fromEntries(others.map((name) => [`${name}.conf`, "start on go\nexec sleep 1000\n"])),
    },
  });
  const release = await leasedProgram(init.path("program"));
  try {
    await init.ask("start", "--no-wait", "stuck");
    assert.equal(await init.ask("status", "stuck"), "stuck start/spawning\n");
    await init.ask("emit", "--no-wait", "go");
    // A few may have been described to the same thread already.
    await init.until(["list"], /(other\d+ start\/running, process \d+\n(.|\n)*){8}/);
    assert.equal(await init.ask("status", "stuck"), "stuck start/spawning\n");
  } finally {
    release();
  }
  await init.until(["status", "stuck"], /^stuck start\/running, process \d+\n$/);
  await init.until(["list"], /(other\d+ start\/running, process \d+\n(.|\n)*){12}/);
});

Deno.test("while those who ask how jobs are wait for a start to settle, init serves others", async () => {
  const jobs = Array.from({ length: 10 }, (_, index) => `stuck${index}`);
  await using init = await RunningInit.start({
    jobs: Object.fromEntries(jobs.map((name) => [`${name}.conf`, "exec @DIR@/program\n"])),
  });
  const release = await leasedProgram(init.path("program"));
  const [reader, other] = await Promise.all(
    [0, 1].map(() => connectBeside(init.environment["UPSTART_SESSION"]!)),
  );
  try {
    let overtaken = 0;
    // A start that has just begun is waited for; on a busy machine that wait may be over before others are served.
    for (const job of jobs) {
      let answered = false;
      const started = reader!.call(jobPath(job), JOB_INTERFACE, "Start", "asb", [[], false]);
      const read = reader!.call(MANAGER_PATH, MANAGER_INTERFACE, "GetAllJobs").then(() => answered = true);
      let served = 0;
      while (!answered) {
        await other!.call(MANAGER_PATH, PEER, "Ping");
        if (!answered) served++;
      }
      await Promise.all([started, read]);
      // One call may be taken before the read; an init that slept would serve the next one only behind it.
      if (served > 1) overtaken++;
    }
    assert(overtaken > 0, "a reader's wait holds up others");
    assert.equal(await init.ask("status", "stuck0"), "stuck0 start/spawning\n");
  } finally {
    release();
    reader!.close();
    other!.close();
  }
  await init.until(["status", "stuck0"], /^stuck0 start\/running, process \d+\n$/);
});
