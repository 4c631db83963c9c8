import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { appendTo } from "./append.ts";
import { errnoName } from "./errno.ts";
import { kernel } from "./kernel.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("a file is made, found anew each time, and left closed", () => {
  const directory = fs.mkdtempSync(join(tmpdir(), "append-"));
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
  fs.rmSync(directory, { recursive: true });
});

Deno.test("what the kernel has just given is written as it lies there", () => {
  const path = join(fs.mkdtempSync(join(tmpdir(), "append-")), "file");
  const { bytes: scratch } = kernel().scratch;
  scratch.write("from the arena");
  assert.equal(appendTo(path, scratch.subarray(5, 14), 0o600), 9);
  assert.equal(fs.readFileSync(path, "utf8"), "the arena");
  fs.rmSync(join(path, ".."), { recursive: true });
});

Deno.test("what is no file is not written to, nor what is not there", () => {
  const directory = fs.mkdtempSync(join(tmpdir(), "append-"));
  const error = (name: string) => errnoName(-appendTo(join(directory, name), bytes("x"), 0o600));
  fs.writeFileSync(join(directory, "target"), "");
  fs.symlinkSync("target", join(directory, "link"));
  execFileSync("mkfifo", [join(directory, "pipe")]);
  fs.mkdirSync(join(directory, "directory"));
  const names = ["link", "pipe", "directory", "nowhere/file"];
  assert.deepEqual(names.map(error), ["ELOOP", "ENXIO", "EISDIR", "ENOENT"]);
  assert.equal(fs.readFileSync(join(directory, "target"), "utf8"), "");
  fs.rmSync(directory, { recursive: true });
});
