import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { chmodSync, linkSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { TemporaryDirectory } from "../testing/directory.ts";
import { type Accounts, recordRunlevel, recordShutdown } from "./accounting.ts";
import { recordStart } from "./process_records.ts";
import { FIELD, RECORD_SIZE, recordedRunlevel } from "./records.ts";

/** Runs a test with two files of records. */
function test(name: string, fn: (accounts: Accounts) => void): void {
  Deno.test(name, () => {
    using temporary = new TemporaryDirectory();
    const directory = temporary.path;
    const accounts = { utmp: join(directory, "utmp"), wtmp: join(directory, "wtmp") };
    for (const file of Object.values(accounts)) writeFileSync(file, "");
    fn(accounts);
  });
}

/** Type, user and runlevels of each record. */
function summary(file: string): string[] {
  const bytes = readFileSync(file);
  return Array.from({ length: bytes.length / RECORD_SIZE }, (_, index) => {
    const record = bytes.subarray(index * RECORD_SIZE);
    const user = record.toString("latin1", FIELD.user, FIELD.user + 32).replaceAll("\0", "");
    const [now, before] = [record[FIELD.pid]!, record[FIELD.pid + 1]!];
    const levels = [before, now].filter((code) => code !== 0).map((code) => String.fromCharCode(code));
    return [record.readInt16LE(FIELD.type), user, ...levels].join(" ");
  });
}

test("the first runlevel comes with the system's start; utmp has the present, wtmp all", (accounts) => {
  recordRunlevel("2", "N", accounts);
  assert.deepEqual(summary(accounts.utmp), ["2 reboot", "1 runlevel 2"]);
  recordRunlevel("6", "2", accounts);
  recordShutdown(accounts);
  assert.deepEqual(summary(accounts.utmp), ["2 reboot", "1 shutdown"]);
  const past = ["2 reboot", "1 runlevel 2", "1 runlevel 2 6", "1 shutdown"];
  assert.deepEqual(summary(accounts.wtmp), past);
  writeFileSync(accounts.utmp, "");
  recordRunlevel("2", "N", accounts);
  assert.deepEqual(summary(accounts.wtmp), [...past, "2 reboot", "1 runlevel 2"]);
});

test("a runlevel that is not on record means that the system has started since", (accounts) => {
  recordRunlevel("3", "S", accounts);
  recordRunlevel("2", "3", accounts);
  assert.deepEqual(summary(accounts.wtmp), ["2 reboot", "1 runlevel S 3", "1 runlevel 3 2"]);
  assert.deepEqual(recordedRunlevel(accounts.utmp), { runlevel: "2", previous: "3" });
});

test("records of logins stay, and half a record is written over", (accounts) => {
  const login = Buffer.alloc(RECORD_SIZE);
  login.writeInt16LE(7, FIELD.type);
  login.write("ann", FIELD.user);
  writeFileSync(accounts.utmp, Buffer.concat([login, login.subarray(0, 100)]));
  recordRunlevel("2", "N", accounts);
  assert.deepEqual(summary(accounts.utmp), ["7 ann", "2 reboot", "1 runlevel 2"]);
});

test("without files there are no records, and no error", (accounts) => {
  for (const file of Object.values(accounts)) rmSync(file);
  recordRunlevel("2", "N", accounts);
  recordShutdown(accounts);
  assert.throws(() => readFileSync(accounts.utmp), { code: "ENOENT" });
});

test("other programs understand them", (accounts) => {
  const before = Math.floor(Date.now() / 1000);
  recordRunlevel("2", "S", accounts);
  const seconds = readFileSync(accounts.utmp).readUInt32LE(FIELD.seconds);
  assert(seconds >= before && seconds <= Date.now() / 1000);
  const who = ["-b", "-r", accounts.utmp];
  const text = execFileSync("who", who, { env: { ...process.env, LC_ALL: "C" }, encoding: "utf8" });
  assert.match(text, /system boot +\S.*\n +run-level 2 .* last=S\n/);
});

test("what is no error of the kernel is not passed over", (accounts) => {
  assert.throws(() => recordRunlevel(2 as unknown as string, "N", accounts), TypeError);
  assert.deepEqual(summary(accounts.utmp), []);
  const isNoFile = { ...accounts, utmp: 7.5 as unknown as string };
  assert.throws(() => recordShutdown(isNoFile), TypeError);
});

test("records are not written through links and other names that others could have made", (accounts) => {
  const { wtmp } = accounts, directory = dirname(wtmp), victim = `${wtmp}.victim`;
  const record = (make: () => void) => {
    rmSync(wtmp);
    make();
    recordRunlevel("2", "N", accounts);
    recordStart({ id: "1", pid: 1 }, accounts);
    return readFileSync(victim).length;
  };
  writeFileSync(victim, "");
  const ways = [() => symlinkSync(victim, wtmp), () => linkSync(victim, wtmp)];
  chmodSync(directory, 0o777);
  for (const way of ways) assert.equal(record(way), 0);
  // Where root alone could have made them, they are what root wants.
  chmodSync(directory, 0o755);
  let before = 0;
  for (const way of ways) {
    const after = record(way);
    assert(after > before);
    before = after;
  }
});
