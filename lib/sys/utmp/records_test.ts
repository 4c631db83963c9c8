import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { appendFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { recordedRunlevel, runlevelOfEnvironment, terminalsInUse } from "./records.ts";
import { makeFifo } from "../io/fifo.ts";
import { TemporaryDirectory } from "../testing/directory.ts";

function record(type: number, line = "", user = "", pid = 0): Buffer {
  const bytes = Buffer.alloc(process.arch === "arm64" ? 400 : 384);
  bytes.writeInt16LE(type, 0);
  bytes.writeInt32LE(pid, 4);
  bytes.write(line, 8, 32);
  bytes.write(user, 44, 32);
  return bytes;
}

/** Runs a test with a file of records. */
function withRecords(bytes: Buffer, test: (file: string) => void): void {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  writeFileSync(join(directory, "utmp"), bytes);
  test(join(directory, "utmp"));
}

/** A name that fills its field, without a null character behind it. */
const LONGEST = `tty${"a".repeat(29)}`;

Deno.test("terminals are those of users, not of logins that wait, and no other devices", () => {
  const records = [
    record(7, "tty1", "ann"),
    record(6, "tty2", "LOGIN"),
    record(7, "pts/0", "bob"),
    record(8, "pts/1", "carl"),
    record(7, "pts/2"),
    record(7, "/dev/pts/3", "dan"),
    record(7, LONGEST, "eve"),
    record(7, "sda", "mallory"),
    record(7, "../tmp/tty", "mallory"),
  ];
  withRecords(Buffer.concat(records), (file) => {
    assert.deepEqual(terminalsInUse(file), [
      "/dev/tty1",
      "/dev/pts/0",
      "/dev/pts/3",
      `/dev/${LONGEST}`,
    ]);
  });
  assert.deepEqual(terminalsInUse("/nonexistent"), []);
});

Deno.test("the last runlevel counts, and half a record does not", () => {
  const levels = [record(1, "~", "runlevel", 0x53), record(1, "~", "runlevel", 0x5332)];
  withRecords(Buffer.concat([...levels, record(1, "~", "runlevel", 0x3236).subarray(0, 100)]), (file) => {
    assert.deepEqual(recordedRunlevel(file), { runlevel: "2", previous: "S" });
  });
  withRecords(Buffer.alloc(0), (file) => assert.equal(recordedRunlevel(file), undefined));
  assert.throws(() => recordedRunlevel("/nonexistent"), { code: "ENOENT" });
});

Deno.test("the environment tells the runlevel only with RUNLEVEL", () => {
  assert.deepEqual(runlevelOfEnvironment({ RUNLEVEL: "2" }), { runlevel: "2", previous: "N" });
  assert.deepEqual(runlevelOfEnvironment({ RUNLEVEL: "", PREVLEVEL: "" }), { runlevel: "N", previous: "N" });
  assert.equal(runlevelOfEnvironment({ PREVLEVEL: "2" }), undefined);
});

Deno.test("of a file that somebody has made large no more is read than its beginning, or its end", () => {
  withRecords(Buffer.concat([record(1, "~", "runlevel", 0x32), record(7, "tty1", "ann")]), (file) => {
    truncateSync(file, 2 ** 33);
    assert.deepEqual(terminalsInUse(file), ["/dev/tty1"]);
    assert.equal(recordedRunlevel(file)!.runlevel, "2");
    appendFileSync(file, record(7, "tty2", "bob"));
    assert.deepEqual(terminalsInUse(file), ["/dev/tty1"]);
  });
  withRecords(record(1, "~", "runlevel", 0x32), (file) => {
    const records = Array.from({ length: 5000 }, () => record(8, "tty1"));
    appendFileSync(file, Buffer.concat([...records, record(1, "~", "runlevel", 0x3332)]));
    assert.deepEqual(recordedRunlevel(file), { runlevel: "2", previous: "3" });
  });
});

Deno.test("a pipe in the place of the file has no records, and is not waited for", () => {
  using temporary = new TemporaryDirectory();
  const path = join(temporary.path, "utmp");
  makeFifo(path, 0o600);
  assert.deepEqual(terminalsInUse(path), []);
  assert.equal(recordedRunlevel(path), undefined);
});
