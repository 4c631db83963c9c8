import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { logPath } from "../../../model/logs/log_names.ts";
import { inDirectory } from "../../../sys/testing/directory.ts";
import { LogFile, MAX_KEPT, MemoryBudget } from "./log_file.ts";

/** Runs a test in a directory of its own. */
function test(name: string, fn: (directory: string) => void): void {
  Deno.test(name, inDirectory(fn));
}

const bytes = (text: string) => new TextEncoder().encode(text);
const read = (path: string) => fs.readFileSync(path, "latin1");

test("a log of the longest name is written", (directory) => {
  const path = logPath(directory, "job", "x".repeat(4000));
  new LogFile(path, new MemoryBudget()).append(bytes("text"));
  assert.equal(read(path), "text");
});

test("a pipe that somebody reads is not written to either, and that is told", (directory) => {
  const path = join(directory, "a.log");
  assert(new Deno.Command("mkfifo", { args: [path] }).outputSync().success);
  const reader = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  let told = 0;
  const log = new LogFile(path, new MemoryBudget(), { onFailing: () => told++ });
  log.append(bytes("secret"));
  assert.equal(fs.readSync(reader, new Uint8Array(10)), 0, "there is nothing, and nobody who writes");
  assert.equal(told, 1);
  fs.closeSync(reader);
  fs.rmSync(path);
  assert.equal(log.flush(), undefined);
  assert.equal(read(path), "secret");
});

test("the file is made with the first bytes, mode 640, and appended to", (directory) => {
  const log = new LogFile(join(directory, "a.log"), new MemoryBudget());
  assert.equal(fs.existsSync(log.path), false);
  log.append(bytes("one "));
  log.append(Uint8Array.of(0, 255));
  assert.equal(read(log.path), "one \0\xff");
  assert.equal(fs.statSync(log.path).mode & 0o7777, 0o640);
});

test("a log that was renamed or deleted is made anew", (directory) => {
  const log = new LogFile(join(directory, "a.log"), new MemoryBudget());
  log.append(bytes("one"));
  fs.renameSync(log.path, `${log.path}.1`);
  log.append(bytes("two"));
  assert.equal(read(`${log.path}.1`), "one");
  assert.equal(read(log.path), "two");
  fs.rmSync(log.path);
  log.append(bytes("three"));
  assert.equal(read(log.path), "three");
});

test("neither links nor pipes nor directories are written through", (directory) => {
  const target = join(directory, "target");
  fs.writeFileSync(target, "");
  const places: Array<(path: string) => void> = [
    (path) => fs.symlinkSync(target, path),
    (path) => fs.mkdirSync(path),
    (path) => assert(new Deno.Command("mkfifo", { args: [path] }).outputSync().success),
  ];
  for (const [index, make] of places.entries()) {
    const log = new LogFile(join(directory, `${index}.log`), new MemoryBudget());
    make(log.path);
    log.append(bytes("text"));
    assert(log.waiting);
  }
  assert.equal(read(target), "");
});

test("what cannot be written is kept and comes before what follows", (directory) => {
  const log = new LogFile(join(directory, "not", "yet", "a.log"), new MemoryBudget());
  log.append(bytes("one "));
  log.append(bytes("two "));
  assert.equal(log.flush(), "No such file or directory");
  fs.mkdirSync(join(directory, "not", "yet"), { recursive: true });
  log.append(bytes("three"));
  assert.equal(read(log.path), "one two three");
  assert.equal(log.waiting, false);
});

test("what is kept has a bound; what is lost is counted in the log", (directory) => {
  const budget = new MemoryBudget();
  const log = new LogFile(join(directory, "not", "yet", "a.log"), budget);
  const piece = new Uint8Array(1000).fill(120);
  const pieces = Math.ceil(MAX_KEPT / piece.length) + 10;
  for (let count = 0; count < pieces; count++) log.append(piece);
  fs.mkdirSync(join(directory, "not", "yet"), { recursive: true });
  assert.equal(log.flush(), undefined);
  const lost = pieces * piece.length - MAX_KEPT;
  const note = `[${lost} bytes of output were lost while this log could not be written]\r\n`;
  assert.equal(read(log.path), "x".repeat(MAX_KEPT) + note);
  assert.equal(budget.take(Infinity), 8 << 20);
});

test("all logs together have a bound", (directory) => {
  const budget = new MemoryBudget(10);
  const logs = ["a", "b"].map((name) => new LogFile(join(directory, "not", "yet", name), budget));
  logs[0]!.append(bytes("12345678"));
  logs[1]!.append(bytes("abcdef"));
  fs.mkdirSync(join(directory, "not", "yet"), { recursive: true });
  for (const log of logs) assert.equal(log.flush(), undefined);
  assert.equal(read(logs[0]!.path), "12345678");
  assert.match(read(logs[1]!.path), /^ab\[4 bytes/);
});

test("the note of what is lost ends as the lines of the log do", (directory) => {
  for (const lineEnd of ["\n", "\r\n"] as const) {
    const log = new LogFile(join(directory, "later", `${lineEnd.length}.log`), new MemoryBudget(0));
    log.lineEnd = lineEnd;
    fs.rmSync(join(directory, "later"), { recursive: true, force: true });
    fs.writeFileSync(join(directory, "later"), "");
    log.append(bytes("1234"));
    fs.rmSync(join(directory, "later"));
    assert.equal(log.flush(), undefined);
    assert.equal(
      read(log.path),
      `[4 bytes of output were lost while this log could not be written]${lineEnd}`,
    );
  }
});
