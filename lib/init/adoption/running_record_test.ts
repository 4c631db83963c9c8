import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import type { RunningMain } from "../../engine/services/adoption.ts";
import { TemporaryDirectory } from "../../sys/testing/directory.ts";
import type { Messages } from "../logs/messages.ts";
import { readRecord } from "./record.ts";
import { RunningRecord } from "./running_record.ts";

/** Runs a test with a record, and a function that reads it. */
function withRecord(
  running: () => RunningMain[],
  test: (record: RunningRecord, read: () => { lines: number; running: RunningMain[] }) => void,
): void {
  using directory = new TemporaryDirectory();
  const before = process.env.XDG_RUNTIME_DIR;
  process.env.XDG_RUNTIME_DIR = directory.path;
  const unexpected = (...words: unknown[]) => assert.fail(words.join(" "));
  const messages = { log: unexpected, logOnce: unexpected, attempt: (_: string, act: () => void) => act() };
  const record = new RunningRecord({
    isSession: true,
    configuration: "test",
    messages: messages as unknown as Messages,
    running,
  });
  try {
    assert.deepEqual(record.open(), []);
    const name = readdirSync(`${directory.path}/rouse`).find((name) => name.startsWith("running-"));
    test(record, () => {
      const text = readFileSync(`${directory.path}/rouse/${name}`, "utf8");
      return { lines: text.split("\n").length, running: readRecord(text)!.running };
    });
  } finally {
    record.close();
    if (before === undefined) delete process.env.XDG_RUNTIME_DIR;
    else process.env.XDG_RUNTIME_DIR = before;
  }
}

/** This process, as that of an instance. */
const main = (instance: number, environment: string[] = []): RunningMain => (
  { job: "web", instance: String(instance), pid: process.pid, environment }
);

Deno.test("what runs is rarely looked through, however much it is, and a record of what has ended is made short", () => {
  const mains: RunningMain[] = [];
  let looks = 0;
  withRecord(() => (looks++, mains), (record, read) => {
    for (let instance = 0; instance < 5000; instance++) {
      mains.push(main(instance));
      record.add(mains.at(-1)!);
    }
    assert.deepEqual(read().running, mains);
    assert(looks < 10, `${looks} times`);
    mains.length = 1;
    for (let count = 0; count < 20_000; count++) record.add(main(0));
    assert.deepEqual(read().running, mains);
    assert(read().lines < 10_000);
  });
});

Deno.test("a large environment is recorded as a whole, and what comes behind it", () => {
  const mains = [main(1, [`A=${"x".repeat(300_000)}`]), main(2)];
  withRecord(() => mains, (record, read) => {
    for (const one of mains) record.add(one);
    assert.deepEqual(read().running, mains);
  });
});
