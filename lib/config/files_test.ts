import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { type FileState, LARGEST_FILE, readHead, readListed, readSource } from "./files.ts";
import { HEAD_LENGTH } from "../formats/format.ts";
import { TemporaryDirectory } from "../sys/testing/directory.ts";

/** What was found, without the time of the last look. */
function withoutTimes(found: FileState): unknown {
  return found.state === "regular" ? { ...found, status: found.status.ino } : found;
}

Deno.test("files are told apart without ever waiting for one", () => {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  const at = (name: string) => join(directory, name);
  fs.writeFileSync(at("regular"), Uint8Array.of(0x61, 0xff));
  fs.writeFileSync(at("empty"), "");
  fs.writeFileSync(at("page"), "x".repeat(64 * 1024));
  fs.writeFileSync(at("largest"), "x".repeat(LARGEST_FILE));
  fs.writeFileSync(at("larger"), "x".repeat(LARGEST_FILE + 1));
  fs.symlinkSync("regular", at("link"));
  fs.symlinkSync("nowhere", at("dangling"));
  fs.symlinkSync("loop", at("loop"));
  fs.symlinkSync("/dev/null", at("device"));
  assert(new Deno.Command("mkfifo", { args: [at("pipe")] }).outputSync().success);
  const text = (name: string) => {
    const found = readSource(at(name));
    // What a directory says may be out of date.
    assert.deepEqual(withoutTimes(readListed(at(name))), withoutTimes(found), name);
    return found.state === "regular" ? found.text : found.state;
  };
  assert.equal(text("regular"), "a\xff");
  assert.equal(text("link"), "a\xff");
  assert.equal(text("empty"), "");
  assert.equal(text("page").length, 64 * 1024);
  assert.equal(text("largest").length, LARGEST_FILE);
  assert.equal(text("larger"), "unreadable");
  assert.equal(text("dangling"), "dangling");
  assert.equal(text("loop"), "unreadable");
  assert.equal(text("absent"), "absent");
  assert.equal(text("regular/absent"), "absent");
  for (const name of ["device", "pipe", "."]) assert.equal(text(name), "special", name);
  for (const name of ["link", "dangling", "loop", "device"]) assert(readSource(at(name)).isLink, name);
  for (const name of ["regular", "pipe", ".", "absent"]) assert(!readSource(at(name)).isLink, name);
  assert.deepEqual(readSource(at("dangling")), {
    isLink: true,
    state: "dangling",
    reason: "No such file or directory",
  });
  assert.deepEqual(readSource(at("loop")), {
    isLink: true,
    state: "unreadable",
    reason: "Too many levels of symbolic links",
  });
});

Deno.test("the head of a file is its first bytes, and nothing of what is no regular file", () => {
  using temporary = new TemporaryDirectory();
  const at = (name: string) => join(temporary.path, name);
  fs.writeFileSync(at("short"), Uint8Array.of(0x23, 0x21, 0xff));
  fs.writeFileSync(at("long"), "x".repeat(HEAD_LENGTH + 1));
  fs.symlinkSync("short", at("link"));
  assert(new Deno.Command("mkfifo", { args: [at("pipe")] }).outputSync().success);
  assert.deepEqual(["short", "link"].map((name) => readHead(at(name))), ["#!\xff", "#!\xff"]);
  assert.equal(readHead(at("long")), "x".repeat(HEAD_LENGTH));
  assert.deepEqual(["pipe", ".", "absent"].map((name) => readHead(at(name))), ["", "", ""]);
});
