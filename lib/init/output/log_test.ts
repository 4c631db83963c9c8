import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Budget, Log, logPath, MOST_KEPT } from "./log.ts";

/** Runs a test in a directory of its own. */
function inDirectory(name: string, test: (directory: string) => void): void {
  Deno.test(name, () => {
    const directory = fs.mkdtempSync(join(tmpdir(), "log-test-"));
    try {
      test(directory);
    } finally {
      fs.rmSync(directory, { recursive: true });
    }
  });
}

const bytes = (text: string) => new TextEncoder().encode(text);
const read = (path: string) => fs.readFileSync(path, "latin1");

Deno.test("logs are named after job and instance", () => {
  assert.equal(logPath("/log", "web", ""), "/log/web.log");
  assert.equal(logPath("/log", "net/web", "/dev/tty1"), "/log/net_web-_dev_tty1.log");
  assert.equal(logPath("/log", "a", "../../x"), "/log/a-.._.._x.log");
});

inDirectory("the file is made with the first bytes, mode 640, and appended to", (directory) => {
  const log = new Log(join(directory, "a.log"), new Budget());
  assert.equal(fs.existsSync(log.path), false);
  log.append(bytes("one "));
  log.append(Uint8Array.of(0, 255));
  assert.equal(read(log.path), "one \0\xff");
  assert.equal(fs.statSync(log.path).mode & 0o7777, 0o640);
});

inDirectory("a log that was renamed or deleted is made anew", (directory) => {
  const log = new Log(join(directory, "a.log"), new Budget());
  log.append(bytes("one"));
  fs.renameSync(log.path, `${log.path}.1`);
  log.append(bytes("two"));
  assert.equal(read(`${log.path}.1`), "one");
  assert.equal(read(log.path), "two");
  fs.rmSync(log.path);
  log.append(bytes("three"));
  assert.equal(read(log.path), "three");
});

inDirectory("neither links nor pipes nor directories are written through", (directory) => {
  const target = join(directory, "target");
  fs.writeFileSync(target, "");
  const places: Array<(path: string) => void> = [
    (path) => fs.symlinkSync(target, path),
    (path) => fs.mkdirSync(path),
    (path) => assert(new Deno.Command("mkfifo", { args: [path] }).outputSync().success),
  ];
  for (const [index, make] of places.entries()) {
    const log = new Log(join(directory, `${index}.log`), new Budget());
    make(log.path);
    log.append(bytes("text"));
    assert(log.waiting);
  }
  assert.equal(read(target), "");
});

inDirectory("what cannot be written is kept and comes before what follows", (directory) => {
  const log = new Log(join(directory, "not", "yet", "a.log"), new Budget());
  log.append(bytes("one "));
  log.append(bytes("two "));
  assert.equal(log.flush(), "No such file or directory");
  fs.mkdirSync(join(directory, "not", "yet"), { recursive: true });
  log.append(bytes("three"));
  assert.equal(read(log.path), "one two three");
  assert.equal(log.waiting, false);
});

inDirectory("what is kept has a bound; what is lost is counted in the log", (directory) => {
  const budget = new Budget();
  const log = new Log(join(directory, "not", "yet", "a.log"), budget);
  const piece = new Uint8Array(1000).fill(120);
  const pieces = Math.ceil(MOST_KEPT / piece.length) + 10;
  for (let count = 0; count < pieces; count++) log.append(piece);
  fs.mkdirSync(join(directory, "not", "yet"), { recursive: true });
  assert.equal(log.flush(), undefined);
  const lost = pieces * piece.length - MOST_KEPT;
  const note = `[${lost} bytes of output were lost while this log could not be written]\r\n`;
  assert.equal(read(log.path), "x".repeat(MOST_KEPT) + note);
  assert.equal(budget.take(Infinity), 8 << 20);
});

inDirectory("all logs together have a bound", (directory) => {
  const budget = new Budget(10);
  const logs = ["a", "b"].map((name) => new Log(join(directory, "not", "yet", name), budget));
  logs[0]!.append(bytes("12345678"));
  logs[1]!.append(bytes("abcdef"));
  fs.mkdirSync(join(directory, "not", "yet"), { recursive: true });
  for (const log of logs) assert.equal(log.flush(), undefined);
  assert.equal(read(logs[0]!.path), "12345678");
  assert.match(read(logs[1]!.path), /^ab\[4 bytes/);
});
