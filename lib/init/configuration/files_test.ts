import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  classify,
  type Found,
  LARGEST_FILE,
  nameProblem,
  readListed,
  readSource,
  trustProblem,
} from "./files.ts";

const NAMED: Array<[file: string, name: string]> = [
  ["plain.conf", "plain"],
  ["with space.conf", "with space"],
  ["net/deep/er.conf", "net/deep/er"],
  ["twice.conf.conf", "twice.conf"],
  ["-dash.conf", "-dash"],
  [".hidden.conf", ".hidden"],
  ["tilde~.conf", "tilde~"],
  ["#hash#.conf", "#hash#"],
  ["x.dpkg-old.conf", "x.dpkg-old"],
  ["d.override/in.conf", "d.override/in"],
  ["web.override", "web"],
  ["web.ts", "web"],
];

const PASSED_OVER = [
  ".a.conf.swp",
  "a.conf~",
  "a.conf.bak",
  "#a.conf#",
  "4913",
  "a.conf.dpkg-new",
  "a.conf.rpmnew",
  "a.conf.tmp",
  "net/.conf",
  ".conf",
  ".override",
  "conf",
  "a.d.ts",
  "a_test.ts",
  "node_modules/x/index.ts",
];

Deno.test("files that define jobs, and their names", () => {
  for (const [file, name] of NAMED) assert.equal(classify(file)?.name, name, file);
  for (const file of PASSED_OVER) assert.equal(classify(file), undefined, file);
});

Deno.test("names that no job can bear", () => {
  assert.equal(nameProblem("ü"), undefined);
  assert.match(nameProblem("a\nb")!, /control/);
  assert.match(nameProblem("a\ufffd")!, /UTF-8/);
});

/** What was found, without the time of the last look. */
function withoutTimes(found: Found): unknown {
  return found.state === "regular" ? { ...found, status: found.status.ino } : found;
}

Deno.test("files are told apart without ever waiting for one", () => {
  const directory = fs.mkdtempSync(join(tmpdir(), "files-test-"));
  const at = (name: string) => join(directory, name);
  try {
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
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});

Deno.test("modules that somebody else may write are not trusted", () => {
  const status = (uid: number, gid: number, mode: number) => ({ uid, gid, mode }) as fs.Stats;
  assert.equal(trustProblem(status(0, 0, 0o100664)), undefined);
  assert.equal(trustProblem(status(1000, 1000, 0o100664)), undefined);
  assert.match(trustProblem(status(0, 50, 0o100664))!, /group/);
  for (const uid of [0, 1000]) assert.match(trustProblem(status(uid, uid, 0o100646))!, /everyone/);
});
