import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { signalSeen, watchProcess } from "./pidfd.ts";
import { processStatus } from "./procfs.ts";

Deno.test("the end of a process is told of that another process started", async () => {
  // The shell's child is none of this process's.
  const shell = spawn("/bin/sh", ["-c", "sleep 1000 >/dev/null & echo $!; wait"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(shell, "close");
  const [pid] = await once(shell.stdout!, "data");
  const ended = Promise.withResolvers<void>();
  assert(watchProcess(Number(pid), ended.resolve));
  const other = watchProcess(Number(pid), () => assert.fail("told of though the watch was ended"));
  other!();
  process.kill(Number(pid), "SIGKILL");
  await ended.promise;
  await closed;
  assert.equal(watchProcess(Number(pid), () => {}), undefined);
});

Deno.test("a process that lives is not told of", () => {
  const end = watchProcess(process.pid, () => assert.fail("it has not ended"));
  end!();
  end!();
});

Deno.test("a signal reaches the process that was seen, and no other of its number", async () => {
  const child = spawn("/bin/sleep", ["1000"]), ended = once(child, "exit");
  const status = processStatus(child.pid!)!;
  const SIGTERM = 15;
  assert.equal(signalSeen({ ...status, startTime: status.startTime - 1 }, SIGTERM), false);
  assert.equal(child.signalCode, null);
  assert(signalSeen(status, 0));
  assert(signalSeen(status, SIGTERM));
  assert.deepEqual(await ended, [null, "SIGTERM"]);
  assert.equal(signalSeen(status, SIGTERM), false);
});
