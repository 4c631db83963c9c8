/** The lock of a service, and what its file says of whoever holds it. */

import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { close, lockFile, O_RDONLY, open } from "../../sys/io/descriptors.ts";
import { processStatus } from "../../sys/process/procfs.ts";
import { inDirectory } from "../../sys/testing/directory.ts";
import { ServiceLock } from "./lock.ts";

const { startTime } = processStatus(process.pid)!;

/** Looks at the lock of the argument all the time, once it is told to. */
const WATCHER = `
import { ServiceLock } from ${JSON.stringify(import.meta.resolve("./lock.ts"))};
const lock = new ServiceLock(Deno.args[0]);
console.log("looks");
for (;;) lock.isHeld;
`;

Deno.test(
  "whoever takes the lock of one that was killed forgets what that one waited for, and keeps its script",
  inDirectory(async (directory) => {
    const path = join(directory, "a"), lock = new ServiceLock(path);
    writeFileSync(path, `waits b\nscript ${process.pid} ${startTime}\nwaits c\n\n`);
    assert.deepEqual(lock.waits, ["b", "c"]);
    assert.ok(lock.take());
    assert.deepEqual(lock.waits, []);
    assert.equal(lock.script, process.pid);
    lock.release();
    assert.equal(lock.script, process.pid, "nobody has waited for it");
    assert.ok(lock.take());
    await lock.waitingFor("other", () => {
      assert.deepEqual(new ServiceLock(path).waits, ["other"]);
      return Promise.resolve();
    });
    lock.noteScript(process.pid);
    assert.equal(new ServiceLock(path).script, process.pid);
    assert.deepEqual(new ServiceLock(path).waits, []);
  }),
);

Deno.test(
  "a line that is only half there says nothing, and no more does the rest of an earlier note",
  inDirectory((directory) => {
    const path = join(directory, "a"), lock = new ServiceLock(path);
    const whole = `waits b\nscript ${process.pid} ${startTime}\n\n`;
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path, whole.slice(0, length));
      const script = length >= whole.length - 1 ? process.pid : undefined;
      assert.deepEqual([lock.waits, lock.script], [length > 7 ? ["b"] : [], script], `${length} characters`);
    }
    // No process has this number, so it has no start either.
    for (const line of ["script 4194305", "script", "script x y"]) {
      writeFileSync(path, `${line}\n\n`);
      assert.equal(lock.script, undefined, line);
    }
    writeFileSync(path, `waits c\n\nits b\nscript ${process.pid} ${startTime}\n\n`);
    assert.deepEqual([lock.waits, lock.script], [["c"], undefined]);
  }),
);

Deno.test(
  "those who look at a lock keep nobody from taking it",
  inDirectory(async (directory) => {
    const path = join(directory, "exclusive", "a"), lock = new ServiceLock(path);
    const watcher = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-check", WATCHER, path],
      stdout: "piped",
    }).spawn();
    try {
      await watcher.stdout.getReader().read();
      for (let time = 0; time < 2000; time++) {
        assert.ok(lock.take(), `time ${time}`);
        lock.release();
      }
    } finally {
      watcher.kill("SIGKILL");
      await watcher.status;
      await watcher.stdout.cancel().catch(() => {});
    }
  }),
);

Deno.test(
  "one who goes on looking is not waited for, and other users cannot open the file",
  inDirectory((directory) => {
    const path = join(directory, "a"), lock = new ServiceLock(path);
    assert.ok(lock.take());
    assert.equal(statSync(path).mode & 0o777, 0o600);
    lock.noteScript(process.pid);
    const fd = open(path, O_RDONLY);
    assert.ok(!lockFile(fd, "shared"));
    lock.release();
    close(fd);
    const other = new ServiceLock(path);
    assert.ok(other.take());
    other.release();
    writeFileSync(path, "");
    const looking = open(path, O_RDONLY);
    assert.ok(lockFile(looking, "shared"));
    assert.ok(!other.take());
    close(looking);
    assert.ok(other.take());
    other.release();
  }),
);
