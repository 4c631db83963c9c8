/** Pid files: which are waited for, and which processes are believed. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Input } from "../../engine/effects.ts";
import { ticksSinceBoot } from "../../sys/process/procfs.ts";
import { TemporaryDirectory } from "../../sys/testing/directory.ts";
import { findService, PidFiles, remarkOn } from "./pid_files.ts";

/** A process that is nobody's job, or one of the job `web`. */
async function start(environment: Record<string, string> = {}) {
  const child = spawn("/bin/sh", ["-c", "echo; exec sleep 1000"], {
    env: environment,
    stdio: ["ignore", "pipe", "ignore"],
  });
  await once(child.stdout!, "data");
  return child;
}

/** A file that is waited for since before the process was started. */
function awaited(path: string, since = ticksSinceBoot(), startedAt = Date.now()) {
  return { job: "web", instance: "", path, main: 1 << 22, startTime: since, startedAt };
}

Deno.test("a process that is the job's is believed; another only when nobody else can write the file", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.at("web.pid"), file = awaited(path);
  const [own, foreign] = [await start({ UPSTART_JOB: "web", UPSTART_INSTANCE: "" }), await start()];
  try {
    const found = (pid: number) => {
      writeFileSync(path, `${pid}\n`);
      return findService(file);
    };
    assert.deepEqual(Object.keys(found(own.pid!)), ["pid", "session"]);
    assert.deepEqual(Object.keys(found(foreign.pid!)), ["pid", "session"]);
    chmodSync(path, 0o666);
    assert.deepEqual(Object.keys(found(own.pid!)), ["pid", "session"]);
    const { reason } = found(foreign.pid!) as { reason: string };
    assert.match(
      reason,
      /names process \d+ \(sleep\), which is not known as one of the job's, and \S+ is writable by/,
    );
    // One that was written before the start, and whose number another process has since.
    chmodSync(path, 0o600);
    utimesSync(path, 1, 1);
    assert.match((findService(file) as { reason: string }).reason, /was written before the job was started/);
    assert.match(
      (findService(awaited(path, ticksSinceBoot() + 100)) as { reason: string }).reason,
      /is stale: it names process \d+ \(sleep\), which was there before the job was started/,
    );
  } finally {
    own.kill("SIGKILL");
    foreign.kill("SIGKILL");
    await Promise.all([once(own, "close"), once(foreign, "close")]);
  }
});

Deno.test("what is no pid file, or names nobody, is told", () => {
  using directory = new TemporaryDirectory();
  const path = directory.at("web.pid");
  const reason = () => (findService(awaited(path)) as { reason: string }).reason;
  assert.equal(reason(), `its pid file ${path} is not there`);
  for (const text of ["", "web", "-5", "1", "0", "99999999", "12 34", String(process.pid)]) {
    writeFileSync(path, text);
    assert.equal(reason(), `its pid file ${path} names no process of a service`, text);
  }
  writeFileSync(path, "4194304");
  assert.equal(reason(), `its pid file ${path} is stale: there is no process 4194304`);
  assert.equal(
    remarkOn("$DIR/web.pid", [`DIR=${directory.path}`]),
    `dead, but its pid file ${path} is there`,
  );
  assert.equal(remarkOn("$NOWHERE/web.pid", []), "");
  assert.equal(remarkOn(join(directory.path, "none"), []), "");
  writeFileSync(path, String(process.ppid));
  assert.equal(remarkOn(path, []), `its pid file ${path} names process ${process.ppid}, which runs`);
  using other = new TemporaryDirectory();
  mkdirSync(other.at("web.pid"));
  const found = findService(awaited(other.at("web.pid"))) as { reason: string };
  assert.equal(found.reason, `its pid file ${other.at("web.pid")} cannot be read`);
});

Deno.test("a file is waited for until it is forgotten, also where another init goes on", async () => {
  using directory = new TemporaryDirectory();
  const path = directory.at("web.pid");
  const { promise, resolve } = Promise.withResolvers<Input>();
  const before = new PidFiles(() => {}, (look) => look());
  const after = new PidFiles((input) => input.kind === "pid-file" && resolve(input), (look) => look());
  before.starting("web", "");
  before.wait({ kind: "await-pid-file", job: "web", instance: "", path, main: 1 << 22 });
  after.restore(JSON.parse(JSON.stringify(before.save())));
  before.close();
  assert.deepEqual(before.save().awaited, []);
  const child = await start({ UPSTART_JOB: "web", UPSTART_INSTANCE: "" });
  writeFileSync(path, String(child.pid));
  const input = await promise;
  assert.equal(input.kind === "pid-file" && input.pid, child.pid);
  after.forget("web", "");
  assert.deepEqual(after.save().awaited, []);
  after.release("web", "");
  assert.deepEqual(after.save(), { awaited: [], starts: [] });
  child.kill("SIGKILL");
  await once(child, "close");
});
