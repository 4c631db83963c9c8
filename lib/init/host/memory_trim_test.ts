import assert from "node:assert/strict";
import { MemoryTrim } from "./memory_trim.ts";

const MEGABYTE = 1 << 20;

/** A process of which the test says how much memory it uses, in MB, and which tells what is done about it. */
function makeProcess() {
  const done: string[] = [];
  let told = () => {};
  const tell = (what: string) => {
    done.push(what);
    told();
  };
  const process = {
    done,
    file: 0,
    own: 0,
    /** What of the file comes back at once. */
    needed: 0,
    /** What of its own it keeps. */
    kept: 0,
    residentMemory: () => (process.file + process.own) * MEGABYTE,
    ownMemory() {
      tell("looked");
      return process.own * MEGABYTE;
    },
    collectGarbage() {
      process.own = process.kept;
      tell("collected");
    },
    releaseMemory() {
      process.own = process.kept;
      tell("released");
      return Promise.resolve();
    },
    programMappings: () => [],
    releasePages() {
      process.file = process.needed;
      tell("program released");
    },
    /** Settles when so many things have been done. */
    async until(count: number): Promise<void> {
      while (done.length < count) await new Promise<void>((resolve) => told = resolve);
    },
  };
  return process;
}

/** Touches again and again, until the function returned is called. */
function keepBusy(trim: MemoryTrim): () => void {
  const timer = setInterval(() => trim.touch(), 1);
  return () => clearInterval(timer);
}

/** What a trim does at its end: what it leaves behind itself is given back, too, as the runtime would wake init for it. */
const LEFT = ["released", "program released"];
const TRIMMED = ["program released", "released", "program released", "looked", ...LEFT];

Deno.test("at rest memory is given back, the program alone when that is all there is to give", async () => {
  const process = Object.assign(makeProcess(), { file: 20, own: 8, needed: 6, kept: 5 });
  const trim = new MemoryTrim({ quiet: 5, busy: 1e9 }, process);
  trim.touch();
  await process.until(6);
  assert.deepEqual(process.done.splice(0), TRIMMED);
  process.file = 14;
  process.own = 8;
  trim.touch();
  await process.until(3);
  assert.deepEqual(process.done.splice(0), ["program released", ...LEFT]);
  process.own = 9;
  trim.touch();
  await process.until(6);
  assert.deepEqual(process.done, TRIMMED);
});

Deno.test("without any rest garbage is collected when there is much, and nothing else given back", async () => {
  const process = Object.assign(makeProcess(), { file: 20, own: 8, kept: 5 });
  // On a busy machine this process itself may rest for some time.
  const trim = new MemoryTrim({ quiet: 1000, busy: 0 }, process);
  const stop = keepBusy(trim);
  await process.until(3);
  assert.deepEqual(process.done.splice(0), ["looked", "collected", "looked"]);
  process.own = 8;
  await process.until(2);
  process.own = 9;
  await process.until(5);
  assert.deepEqual(process.done, ["looked", "looked", "looked", "collected", "looked"]);
  stop();
  // The rest that follows ends it.
  await process.until(6);
});

Deno.test("garbage is collected after so many bytes from clients, at once", () => {
  const process = makeProcess();
  const trim = new MemoryTrim({ quiet: 1e8, busy: 1e9 }, process);
  for (let megabytes = 0; megabytes < 15; megabytes++) trim.received(MEGABYTE);
  assert.deepEqual(process.done, []);
  trim.received(MEGABYTE);
  assert.deepEqual(process.done, ["collected"]);
  trim.received(15 * MEGABYTE);
  assert.deepEqual(process.done, ["collected"]);
});
