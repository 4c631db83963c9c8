import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { SIGKILL } from "../../model/signals.ts";
import { close, O_RDWR, open, pipe } from "../io/descriptors.ts";
import { kill } from "../process/processes.ts";
import { processStatus } from "../process/procfs.ts";
import { spawn, type SpawnDescription } from "./spawn.ts";
import { isAlive, run, shell, untilGone, waitForEnd } from "../testing/children.ts";
import { TemporaryDirectory } from "../testing/directory.ts";

/** Runs a test with a confinement pipe: its reading end is descriptor 3 of the child. */
async function confined(
  test: (
    confinement: Pick<SpawnDescription, "descriptors" | "confinementPipe" | "newSession">,
    writer: number,
  ) => unknown,
): Promise<void> {
  const { reader, writer } = pipe();
  await test({ descriptors: { 3: reader }, confinementPipe: 3, newSession: true }, writer);
  close(reader);
  close(writer);
}

/** What tries to get away: it has a session, an environment and a parent of its own, and takes no notice of SIGTERM. */
const FUGITIVE = `(trap "" TERM HUP; setsid env -i /bin/sh -c 'echo $$ >&4; exec sleep 1000' &)`;

/** Starts a confined shell, waits until its fugitive is there, and gives the pids of both. */
async function startFugitive(
  confinement: Partial<SpawnDescription>,
): Promise<[shell: number, fugitive: number]> {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  const file = open(join(directory, "pid"), O_RDWR | 0o100, 0o600), nothing = open("/dev/null", O_RDWR);
  const streams = { 0: nothing, 1: nothing, 2: nothing, 4: file };
  const { pid, failed } = spawn({
    ...shell(`${FUGITIVE}; exec sleep 1000`),
    ...confinement,
    descriptors: { ...streams, ...confinement.descriptors },
  });
  assert.equal(failed, undefined);
  for (const descriptor of [file, nothing]) close(descriptor);
  let fugitive = 0;
  while (!fugitive) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    fugitive = Number(readFileSync(join(directory, "pid"), "utf8"));
  }
  return [pid!, fugitive];
}

Deno.test("one signal reaches all that descends from a confined child, after its end too", () =>
  confined(async (confinement) => {
    const [pid, fugitive] = await startFugitive(confinement);
    assert.equal(processStatus(fugitive)!.processGroup, pid);
    kill(pid, SIGKILL);
    waitForEnd(pid);
    assert(isAlive(fugitive));
    kill(-pid, SIGKILL);
    await untilGone(fugitive);
  }));

Deno.test("when nobody holds the other end of its pipe, all of them are killed", () =>
  confined(async (confinement, writer) => {
    const [pid, fugitive] = await startFugitive(confinement);
    close(writer);
    assert.deepEqual(waitForEnd(pid), { signal: SIGKILL });
    await untilGone(fugitive);
  }));

Deno.test("nothing that is confined gains privileges", () =>
  confined(async (confinement) => {
    const { output } = await run({ ...shell("grep NoNewPrivs /proc/self/status"), ...confinement });
    assert.equal(output, "NoNewPrivs:\t1\n");
  }));

Deno.test("confined programs that look after groups of their own do no harm to the others", () =>
  confined(async (confinement) => {
    const script = "timeout 0.1 sleep 100; echo $?; (kill 0; setsid echo b); echo c";
    const { output, exit } = await run({ ...shell(script), ...confinement });
    assert.equal(output.replace(/Terminated\n/g, ""), "124\nb\nc\n");
    assert.deepEqual(exit, { status: 0 });
  }));

Deno.test("nothing that is confined makes a namespace that its signals do not reach into, threads and programs do run", () =>
  confined(async (confinement) => {
    const ways = ["--pid", "--user", "--user --pid", "--pid --mount-proc"];
    const script = [
      ...ways.map((way) => `unshare ${way} --fork true 2>/dev/null && echo "made ${way}"`),
      `nsenter --target $$ --uts true 2>/dev/null && echo entered`,
      `unshare --mount true && echo mount`,
      `sort --parallel=2 -S1M /dev/null | cat && echo threads`,
    ].join("\n");
    const { output, exit } = await run({ ...shell(script), ...confinement });
    assert.equal(output, process.getuid!() === 0 ? "mount\nthreads\n" : "threads\n");
    assert.deepEqual(exit, { status: 0 });
  }));
