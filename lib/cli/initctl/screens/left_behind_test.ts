import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { BegunProcesses } from "./left_behind.ts";

/** A child that was begun as an instance of a job, once it runs its program. */
async function begin(job: string, instance: string) {
  const environment = { UPSTART_JOB: job, UPSTART_INSTANCE: instance };
  const child = spawn("/bin/sh", ["-c", "echo; read _"], { env: environment, stdio: "pipe" });
  await once(child.stdout, "data");
  return {
    pid: child.pid!,
    async [Symbol.asyncDispose]() {
      child.kill();
      await once(child, "exit");
    },
  };
}

Deno.test("processes are told by their job and instance, and all are looked at once, however many are asked for", async () => {
  await using web = await begin("web", "");
  await using tty = await begin("tty", "1");
  const begun = new BegunProcesses(process.pid);
  assert.deepEqual(begun.of("web", ""), [web.pid]);
  await using _later = await begin("web", "2");
  assert.deepEqual(begun.of("tty", "1"), [tty.pid]);
  for (const [job, instance] of [["tty", ""], ["web", "1"], ["web", "2"], ["none", ""]] as const) {
    assert.deepEqual(begun.of(job, instance), []);
  }
});
