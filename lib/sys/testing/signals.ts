/** Tests of the handlers of further signals. They are the process's, so they need one of their own: see runtimes_test.ts. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import process from "node:process";
import { SIGPWR, SIGRTMIN } from "../../model/signals.ts";
import { close, pipe, write } from "../io/descriptors.ts";
import { openFfi } from "../runtime/ffi.ts";
import { takeSignals } from "../runtime/signal_handlers.ts";
import { run, shell } from "./children.ts";

const QUEUED = SIGRTMIN + 3;
const received = new Map([[SIGPWR, 0], [QUEUED, 0]]);
let onReceived = () => {};

const onHangup = () => {};
process.on("SIGHUP", onHangup);
const caughtBefore = caught();
const giveBack = takeSignals([SIGPWR, QUEUED], (signal) => {
  received.set(signal, received.get(signal)! + 1);
  onReceived();
});

/** Those of the signals that this process handles. */
function caught(): number[] {
  const [, mask = ""] = /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync("/proc/self/status", "utf8"))!;
  return [...received.keys()].filter((signal) => (BigInt(`0x${mask}`) >> BigInt(signal - 1) & 1n) === 1n);
}

/** Makes garbage and has it collected, turn by turn, until the promise is settled. Gives how often. */
async function amidGarbage(done: Promise<unknown>): Promise<number> {
  let isDone = false, collected = 0;
  done.finally(() => isDone = true);
  for (let garbage: unknown[] = []; !isDone; garbage = []) {
    for (let count = 0; count < 5_000; count++) garbage.push({ count, text: `${count}` });
    openFfi().collect();
    collected++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return collected;
}

/** Has another process send 200 signals, while garbage is collected. Gives how many came. */
async function send(signal: number, between = ":", input?: number): Promise<number> {
  const before = received.get(signal)!;
  const script =
    `i=0; while [ $i -lt 200 ]; do kill -${signal} ${process.pid}; ${between}; i=$((i + 1)); done`;
  const sent = run(shell(script, { descriptors: input === undefined ? {} : { 0: input } }));
  assert.ok(await amidGarbage(sent) > 0);
  assert.deepEqual((await sent).exit, { status: 0 });
  return received.get(signal)! - before;
}

/** Has the engine of the executable stop this thread by SIGPWR again and again, to look at its stack. */
async function sampleStacks(): Promise<void> {
  if (!("Bun" in globalThis)) return;
  // The type checker knows no such scheme.
  const name = "bun:jsc";
  const { startSamplingProfiler } = await import(name) as { startSamplingProfiler(): void };
  startSamplingProfiler();
}

Deno.test("of signals that are sent one by one, none is lost, and the engine has its own", async () => {
  await sampleStacks();
  const { reader, writer } = pipe();
  onReceived = () => write(writer, new TextEncoder().encode("\n"));
  assert.equal(await send(SIGPWR, "read -r answer", reader), 200);
  onReceived = () => {};
  close(reader);
  close(writer);
});

Deno.test("of signals that are sent in a rush, the last one is not lost, and nothing breaks", async () => {
  const before = received.get(SIGPWR)!;
  const first = new Promise<void>((resolve) => onReceived = resolve);
  await Promise.all([first, send(SIGPWR)]);
  const count = received.get(SIGPWR)! - before;
  assert.ok(count <= 200, `${count} came`);
});

Deno.test("signals that the kernel queues come all", async () => {
  let count = await send(QUEUED);
  // The last ones may lie in the pipe still.
  const rest = new Promise<void>((resolve) => onReceived = () => ++count === 200 && resolve());
  if (count < 200) await rest;
  assert.equal(count, 200);
});

Deno.test("a child has the signals as the kernel has them", async () => {
  for (const signal of [SIGPWR, QUEUED]) {
    assert.deepEqual((await run(shell(`kill -${signal} $$`))).exit, { signal });
  }
});

Deno.test("signals are given back to whoever had them", () => {
  assert.deepEqual(caught(), [...received.keys()]);
  giveBack();
  assert.deepEqual(caught(), caughtBefore);
  process.off("SIGHUP", onHangup);
});
