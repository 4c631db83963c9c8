import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TemporaryDirectory } from "../testing/directory.ts";
import type { Accounts } from "./accounting.ts";
import { recordBoot, recordEnd, recordLevel, recordStart } from "./process_records.ts";
import { FIELD, RECORD_SIZE } from "./records.ts";

function test(name: string, fn: (accounts: Accounts) => void): void {
  Deno.test(name, () => {
    using temporary = new TemporaryDirectory();
    const accounts = { utmp: join(temporary.path, "utmp"), wtmp: join(temporary.path, "wtmp") };
    for (const file of Object.values(accounts)) writeFileSync(file, "");
    fn(accounts);
  });
}

/** Type, ID, user, process and end of each record. */
function summary(file: string): string[] {
  const bytes = readFileSync(file);
  return Array.from({ length: bytes.length / RECORD_SIZE }, (_, index) => {
    const record = bytes.subarray(index * RECORD_SIZE, (index + 1) * RECORD_SIZE);
    const text = (start: number, end: number) => record.toString("latin1", start, end).split("\0", 1)[0];
    const end = [record.readInt16LE(332), record.readInt16LE(334)].join("/");
    return [record.readInt16LE(FIELD.type), text(FIELD.id, FIELD.user), record.readInt32LE(FIELD.pid), end]
      .join(" ");
  });
}

test("utmp has one record of each line and kind, wtmp has all", (accounts) => {
  recordStart({ id: "si", pid: 7 }, accounts);
  recordEnd({ id: "si", pid: 7 }, { status: 3 }, accounts);
  recordBoot(accounts);
  recordLevel("2", "N", accounts);
  recordStart({ id: "1", pid: 8 }, accounts);
  recordLevel("3", "2", accounts);
  recordEnd({ id: "1", pid: 8 }, { signal: 15 }, accounts);
  recordStart({ id: "long1", pid: 9 }, accounts);
  const [two, three] = [0x32 + 256 * 0x4e, 0x33 + 256 * 0x32];
  assert.deepEqual(summary(accounts.utmp), [
    "8 si 7 0/3",
    "2 ~~ 0 0/0",
    `1 ~~ ${three} 0/0`,
    "8 1 8 15/0",
    "5 long 9 0/0",
  ]);
  assert.deepEqual(summary(accounts.wtmp), [
    "5 si 7 0/0",
    "8 si 7 0/3",
    "2 ~~ 0 0/0",
    `1 ~~ ${two} 0/0`,
    "5 1 8 0/0",
    `1 ~~ ${three} 0/0`,
    "8 1 8 15/0",
    "5 long 9 0/0",
  ]);
});

test("a login on a line takes the place of its record, and gives it back", (accounts) => {
  recordStart({ id: "1", pid: 8 }, accounts);
  const login = Buffer.from(readFileSync(accounts.utmp));
  login.writeInt16LE(7, FIELD.type);
  login.write("ann", FIELD.user);
  writeFileSync(accounts.utmp, login);
  recordEnd({ id: "1", pid: 8 }, {}, accounts);
  assert.deepEqual(summary(accounts.utmp), ["8 1 8 0/0"]);
  assert.equal(readFileSync(accounts.utmp).toString("latin1", FIELD.user, FIELD.user + 3), "\0\0\0");
});

test("a pipe in the place of a file is not waited for, and nothing is made", (accounts) => {
  execFileSync("rm", [accounts.utmp, accounts.wtmp]);
  recordBoot(accounts);
  assert(!existsSync(accounts.utmp) && !existsSync(accounts.wtmp));
  execFileSync("mkfifo", [accounts.utmp, accounts.wtmp]);
  recordBoot(accounts);
  recordStart({ id: "1", pid: 8 }, accounts);
});
