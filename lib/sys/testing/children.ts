/** Children that are run to their end, for tests. */

import type { Exit } from "../../model/exit.ts";
import { close, O_RDWR, open, pipe } from "../io/descriptors.ts";
import { call, kernel, required } from "../call/kernel.ts";
import { awaitEnd } from "../process/processes.ts";
import { processStatus } from "../process/procfs.ts";
import { spawn, type SpawnDescription } from "../spawn/spawn.ts";
import { readDescriptor } from "../io/streams.ts";

/** The output and the exit of a child. */
interface Ended {
  pid: number;
  output: string;
  exit: Exit;
}

/** All that a reader gives until its end, as text. */
export function readToEnd(fd: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  return new Promise((resolve) => {
    readDescriptor(fd, {
      onData: (bytes) => text += decoder.decode(bytes, { stream: true }),
      onEnd: () => resolve(text),
    });
  });
}

/** A description of a shell command with its standard streams at /dev/null, unless `more` says something else. */
export function shell(script: string, more: Partial<SpawnDescription> = {}): SpawnDescription {
  return { argv: ["/bin/sh", "-c", script], environment: ["PATH=/usr/bin:/bin"], descriptors: {}, ...more };
}

/** Spawns a child whose start must succeed, its input empty and its output collected, and waits for its end. */
export async function run(description: SpawnDescription): Promise<Ended> {
  const { reader, writer } = pipe();
  const nothing = open("/dev/null", O_RDWR);
  const descriptors = { 0: nothing, 1: writer, 2: writer, ...description.descriptors };
  const { pid, failed } = spawn({ ...description, descriptors });
  close(nothing);
  close(writer);
  const output = await readToEnd(reader);
  if (failed) throw new Error(failed.message);
  return { pid, output, exit: awaitEnd(pid) };
}

/** True while a process runs or sleeps; one that is only still to be reaped does not. */
export function isAlive(pid: number): boolean {
  const status = processStatus(pid);
  return status !== undefined && !/[XZ]/.test(status.state);
}

/** Waits until a process, which need not be a child, has ended. */
export async function untilGone(pid: number): Promise<void> {
  // A busy machine takes its time to end a process that was killed.
  for (let tries = 0; isAlive(pid); tries++) {
    if (tries === 1000) throw new Error(`process ${pid} lives on`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const P_PID = 1, WSTOPPED = 2;

/** Waits for the end of a child and reaps it. */
export { awaitEnd as waitForEnd } from "../process/processes.ts";

/** Waits until a child is stopped; gives the signal that stopped it. */
export function waitForStop(pid: number): number {
  const { address, bytes } = kernel().scratch;
  required(`wait for ${pid}`, call("waitid", P_PID, pid, address, WSTOPPED));
  return bytes.readInt32LE(24);
}
