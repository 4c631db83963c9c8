import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { appendTo } from "./append.ts";
import { errnoName } from "../call/errno.ts";
import { kernel } from "../call/kernel.ts";
import { TemporaryDirectory } from "../testing/directory.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("a file is made, found anew each time, and left closed", () => {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  const path = join(directory, "größe");
  // Other tests share this process and its descriptors.
  const isHeld = (fd: string) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith(directory);
    } catch {
      return false;
    }
  };
  assert.equal(appendTo(path, bytes("one "), 0o640), 4);
  assert.equal(appendTo(path, Uint8Array.of(0, 255), 0o640), 2);
  assert.equal(fs.statSync(path).mode & 0o7777, 0o640);
  fs.renameSync(path, `${path}.1`);
  assert.equal(appendTo(path, bytes("two"), 0o600), 3);
  assert.equal(fs.readFileSync(`${path}.1`, "latin1"), "one \0\xff");
  assert.equal(fs.readFileSync(path, "latin1"), "two");
  assert.deepEqual(fs.readdirSync("/proc/self/fd").filter(isHeld), []);
});

Deno.test("what the kernel has just given is written as it lies there", () => {
  using temporary = new TemporaryDirectory();
  const path = join(temporary.path, "file");
  const { bytes: scratch } = kernel().scratch;
  scratch.write("from the arena");
  assert.equal(appendTo(path, scratch.subarray(5, 14), 0o600), 9);
  assert.equal(fs.readFileSync(path, "utf8"), "the arena");
});

Deno.test("what is no file is not written to, nor what is not there", () => {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  const error = (name: string) => errnoName(-appendTo(join(directory, name), bytes("x"), 0o600));
  fs.writeFileSync(join(directory, "target"), "");
  fs.symlinkSync("target", join(directory, "link"));
  execFileSync("mkfifo", [join(directory, "pipe")]);
  execFileSync("mkfifo", [join(directory, "read")]);
  const reader = fs.openSync(join(directory, "read"), fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  fs.mkdirSync(join(directory, "directory"));
  const names = ["link", "pipe", "read", "directory", "nowhere/file"];
  assert.deepEqual(names.map(error), ["ELOOP", "ENXIO", "ENXIO", "EISDIR", "ENOENT"]);
  assert.equal(fs.readSync(reader, new Uint8Array(1)), 0);
  fs.closeSync(reader);
  assert.equal(fs.readFileSync(join(directory, "target"), "utf8"), "");
});
