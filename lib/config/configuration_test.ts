/** The configuration: which files count, precedence, overrides, errors. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as fs from "node:fs";
import { test } from "./testing/test_configuration.ts";

test("the files of all directories are read, sub-directories too; other files are passed over", async (it) => {
  it.write("one/a.conf", "usage one");
  it.write("two/a.conf", "usage two");
  it.write("two/net/b.conf", "usage two");
  it.write("one/a.conf~", "bogus");
  it.write("one/dir.conf/in.conf", "usage in");
  fs.symlinkSync("/dev/null", it.at("one/null.conf"));
  assert(new Deno.Command("mkfifo", { args: [it.at("one/pipe.conf")] }).outputSync().success);
  await it.load(["one", "two", "three"]);
  assert.deepEqual(it.usages, { a: "one", "dir.conf/in": "in", "net/b": "two" });
  assert.deepEqual(it.reports, []);
});

test("errors are told in the order of the files' names", async (it) => {
  const names = ["a.conf", "Z.conf", "a.override", "b/c.conf", "a-x.conf", "b.conf"];
  for (const name of names) it.write(`one/${name}`, "bogus");
  await it.load();
  const order = ["Z.conf", "a-x.conf", "a.conf", "a.override", "b/c.conf", "b.conf"];
  const reports = order.map((name) => `one/${name}:1: Unknown stanza`);
  assert.deepEqual(it.reports, reports);
  await it.configuration.reload();
  assert.deepEqual(it.reports, [...reports, ...reports]);
});

test("files of formats are told of before load returns", async (it) => {
  it.write("one/a.conf", "usage one");
  const loading = it.load();
  assert.deepEqual(it.usages, { a: "one" });
  await loading;
});

test("paths in messages are as the directory was written", async (it) => {
  it.write("one/a.conf", "bogus");
  fs.mkdirSync(it.at("two"));
  await it.load(["two/../one/"]);
  assert.deepEqual(it.reports, ["two/../one//a.conf:1: Unknown stanza"]);
});

test("a broken edit is reported and leaves the job as it was until it is mended or removed", async (it) => {
  it.write("one/a.conf", "usage good");
  it.write("one/b.conf", "usage good");
  await it.load();
  it.write("one/a.conf", "usage worse\nbogus\n");
  it.write("one/b.conf", "bogus\n");
  await it.reported("one/b.conf:1: Unknown stanza");
  assert.deepEqual(it.reports, ["one/a.conf:2: Unknown stanza", "one/b.conf:1: Unknown stanza"]);
  assert.deepEqual(it.usages, { a: "good", b: "good" });
  it.write("one/a.conf", "usage mended\n");
  it.remove("one/b.conf");
  await it.until({ a: "mended" });
});

test("a file broken in the first directory leaves the second's in place", async (it) => {
  it.write("one/a.conf", "bogus");
  it.write("one/b.conf", "usage first");
  for (const name of ["a", "b"]) it.write(`two/${name}.conf`, "usage second");
  await it.load(["one", "two"]);
  assert.deepEqual(it.usages, { a: "second", b: "first" });
  it.write("one/b.conf", "bogus");
  await it.until({ a: "second", b: "second" });
  it.write("one/a.conf", "usage mended");
  await it.until({ a: "mended", b: "second" });
});

test("overrides come, change, break, are mended and go", async (it) => {
  it.write("one/a.conf", "usage conf");
  it.write("one/b.override", "usage nothing");
  await it.load();
  assert.deepEqual(it.usages, { a: "conf" });
  it.write("one/a.override", "usage override");
  await it.until({ a: "override" });
  it.write("one/a.override", "usage worse\nbogus");
  await it.reported("one/a.override:2: Unknown stanza");
  it.write("one/a.conf", "usage conf\ndescription new");
  await it.when(() => it.jobs.get("a")?.description === "new", () => "the conf's edit was not seen");
  assert.deepEqual(it.usages, { a: "override" });
  it.write("one/a.override", "usage mended");
  await it.until({ a: "mended" });
  it.remove("one/a.override");
  await it.until({ a: "conf" });
  it.write("one/a.override", "usage again");
  await it.until({ a: "again" });
  it.remove("one/a.conf");
  await it.until({});
});

test("reload tells errors again, and of changed jobs alone", async (it) => {
  it.write("one/a.conf", "usage a");
  it.write("one/bad.conf", "task\nbogus");
  await it.load();
  const job = it.jobs.get("a");
  it.jobs.clear();
  await it.configuration.reload();
  await it.configuration.reload();
  assert.deepEqual(it.reports, Array(3).fill("one/bad.conf:2: Unknown stanza"));
  assert.deepEqual(it.usages, {}, `told of ${job?.name} although nothing changed`);
});

test("what cannot be read is reported and harms nothing else", async (it) => {
  it.write("one/a.conf", "usage a");
  it.write("one/large.conf", `usage ${"x".repeat(2 << 20)}`);
  fs.symlinkSync("loop.conf", it.at("one/loop.conf"));
  it.write("one/ctrl\u0001.conf", "usage c");
  await it.load();
  assert.deepEqual(it.usages, { a: "a" });
  assert.deepEqual(it.reports.sort(), [
    "one/ctrl\\x01.conf: File name holds control characters",
    "one/large.conf: File is too large, more than 1048576 bytes",
    "one/loop.conf: Too many levels of symbolic links",
  ]);
});

test("a name that is not UTF-8 is told of, once, and passed over", async (it) => {
  const bytes = (path: string) => Buffer.from(it.at(path), "latin1");
  it.write("one/a.conf", "usage a");
  fs.writeFileSync(bytes("one/b\xff.conf"), "usage b");
  fs.mkdirSync(bytes("one/c\xff"));
  await it.load();
  const reports = [
    "one/b\ufffd.conf: File name is not valid UTF-8",
    "one/c\ufffd: File name is not valid UTF-8",
  ];
  assert.deepEqual(it.reports.sort(), reports);
  fs.writeFileSync(bytes("one/b\xff.conf"), "usage b");
  fs.writeFileSync(bytes("one/d\xff.ts"), "");
  await it.reported("one/d\ufffd.ts: File name is not valid UTF-8");
  assert.equal(it.reports.length, 3);
  assert.deepEqual(it.usages, { a: "a" });
  it.reports.length = 0;
  await it.configuration.reload();
  assert.deepEqual(it.reports.slice(0, 2).sort(), reports);
});

test("a file that cannot be read for a while keeps its job, and is told of once", async (it) => {
  it.write("one/a.conf", "usage a");
  await it.load();
  fs.symlinkSync("a.conf", it.at("loop"));
  it.move("loop", "one/a.conf");
  await it.reported("one/a.conf: Too many levels of symbolic links");
  assert.deepEqual(it.usages, { a: "a" });
  it.write("new", "usage b");
  it.move("new", "one/a.conf");
  await it.until({ a: "b" });
  assert.equal(it.reports.length, 1);
});

test("a directory that is expected is told of while it is not there", async (it) => {
  const expected = [it.at("one")];
  await it.load(["one", "two"], { expected });
  const problem = "one: Configuration directory cannot be read: No such file or directory";
  assert.deepEqual(it.reports, [problem]);
  assert.equal(it.configuration.problems().length, 1);
  it.write("one/a.conf", "usage late");
  await it.until({ a: "late" });
  assert.deepEqual(it.configuration.problems(), []);
});
