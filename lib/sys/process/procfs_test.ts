import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import process from "node:process";
import { SIGKILL, SIGSTOP } from "../../model/signals.ts";
import { kill } from "./processes.ts";
import { childrenOf, processes, processStatus } from "./procfs.ts";
import { spawn } from "../spawn/spawn.ts";
import { waitForEnd, waitForStop } from "../testing/children.ts";
import { TemporaryDirectory } from "../testing/directory.ts";

Deno.test("a process's status is read, whatever its name is", () => {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  const name = "a) R 1 (b";
  copyFileSync("/bin/sleep", `${directory}/${name}`);
  const argv = [`${directory}/${name}`, "1000"];
  const { pid } = spawn({ argv, environment: [], descriptors: {}, newSession: true });
  const status = processStatus(pid!)!;
  assert.equal(status.command, name);
  assert.equal(status.parent, process.pid);
  assert.equal(status.session, pid);
  assert.equal(status.processGroup, pid);
  assert.ok(status.startTime >= processStatus(process.pid)!.startTime);
  assert.deepEqual(processes().filter(({ session }) => session === pid).map((member) => member.pid), [pid]);
  assert.ok(childrenOf(process.pid).includes(pid!));
  assert.ok(processes().some((one) => one.pid === pid));

  kill(pid!, SIGSTOP);
  waitForStop(pid!);
  assert.equal(processStatus(pid!)?.state, "T");
  kill(pid!, SIGKILL);
  assert.deepEqual(waitForEnd(pid!), { signal: SIGKILL });
  assert.equal(processStatus(pid!), undefined);
  assert.deepEqual(childrenOf(pid!), []);
  assert.ok(!childrenOf(process.pid).includes(pid!));
});
