/** The watching of directories: files and directories that come, change and go while the configuration is in force. */

import assert from "node:assert/strict";
import * as fs from "node:fs";
import { test } from "./testing/test_configuration.ts";

test("files written in place, copied, moved in, edited, renamed and removed", async (it) => {
  fs.mkdirSync(it.at("one"));
  await it.load();
  it.write("one/a.conf", "usage one");
  await it.until({ a: "one" });
  it.write("one/a.conf", "usage two");
  await it.until({ a: "two" });
  it.write("b.tmp", "usage b");
  it.move("b.tmp", "one/b.conf");
  await it.until({ a: "two", b: "b" });
  it.move("one/b.conf", "one/c.conf");
  await it.until({ a: "two", c: "b" });
  it.move("one/a.conf", "one/a.conf~");
  it.write("one/a.conf", "usage three");
  await it.until({ a: "three", c: "b" });
  it.remove("one/a.conf");
  await it.until({ c: "b" });
  assert.deepEqual(it.reports, []);
});

test("an editor's rename to and fro never takes the job away", async (it) => {
  it.write("one/a.conf", "usage one");
  let gone = 0;
  await it.load();
  const watched = it.jobs.delete.bind(it.jobs);
  it.jobs.delete = (name) => (gone++, watched(name));
  it.write("one/a.conf.tmp", "usage two");
  it.move("one/a.conf.tmp", "one/a.conf");
  await it.until({ a: "two" });
  assert.equal(gone, 0);
});

test("directories made, moved in, renamed, emptied and removed", async (it) => {
  it.write("one/net/a.conf", "usage a");
  await it.load();
  it.write("one/new/deep/b.conf", "usage b");
  await it.until({ "net/a": "a", "new/deep/b": "b" });
  it.write("sub/deep/c.conf", "usage c");
  it.move("sub", "one/sub");
  await it.until({ "net/a": "a", "new/deep/b": "b", "sub/deep/c": "c" });
  it.write("one/sub/deep/d.conf", "usage d");
  await it.until({ "net/a": "a", "new/deep/b": "b", "sub/deep/c": "c", "sub/deep/d": "d" });
  it.move("one/sub", "one/moved");
  await it.until({ "moved/deep/c": "c", "moved/deep/d": "d", "net/a": "a", "new/deep/b": "b" });
  it.write("one/moved/deep/d.conf", "usage changed");
  await it.until({ "moved/deep/c": "c", "moved/deep/d": "changed", "net/a": "a", "new/deep/b": "b" });
  it.remove("one/new");
  await it.until({ "moved/deep/c": "c", "moved/deep/d": "changed", "net/a": "a" });
  it.move("one/moved", "away");
  await it.until({ "net/a": "a" });
  it.write("away/deep/c.conf", "usage unseen");
  await it.seen();
  assert.deepEqual(it.usages, { "net/a": "a" });
});

test("a directory moved from one configuration directory to another", async (it) => {
  it.write("one/net/a.conf", "usage a");
  fs.mkdirSync(it.at("two"));
  await it.load(["one", "two"]);
  it.move("one/net", "two/web");
  await it.until({ "web/a": "a" });
  it.write("two/web/a.conf", "usage changed");
  await it.until({ "web/a": "changed" });
});

test("one directory named twice, in different words", async (it) => {
  it.write("one/a.conf", "usage a");
  await it.load(["one", "one/."]);
  it.write("one/a.conf", "usage changed");
  await it.until({ a: "changed" });
  it.remove("one/a.conf");
  await it.until({});
});

test("a hard link is seen by a reload", async (it) => {
  it.write("x", "usage linked");
  fs.mkdirSync(it.at("one"));
  await it.load();
  fs.linkSync(it.at("x"), it.at("one/a.conf"));
  await it.seen();
  assert.deepEqual(it.usages, {});
  await it.configuration.reload();
  assert.deepEqual(it.usages, { a: "linked" });
});

test("symbolic links are seen as they come and go, and so are changes of what they lead to", async (it) => {
  it.write("home/x", "usage linked");
  fs.mkdirSync(it.at("one"));
  await it.load();
  fs.symlinkSync("../home/x", it.at("one/a.conf"));
  await it.until({ a: "linked" });
  it.write("home/x", "usage changed");
  await it.until({ a: "changed" });
  it.move("home/x", "home/y");
  await it.reported("one/a.conf: No such file or directory");
  await it.until({});
  it.move("home/y", "home/x");
  await it.until({ a: "changed" });
  it.remove("one/a.conf");
  await it.until({});
  it.write("home/x", "usage forgotten");
  await it.seen();
  assert.deepEqual(it.usages, {});
});

test("a link to a directory is followed only if its name ends in .conf; loops end", async (it) => {
  it.write("home/d/in.conf", "usage in");
  it.write("one/a.conf", "usage a");
  fs.symlinkSync("../home/d", it.at("one/plain"));
  fs.symlinkSync("../home/d", it.at("one/d.conf"));
  fs.symlinkSync(".", it.at("one/self.conf"));
  fs.symlinkSync("..", it.at("home/d/up.conf"));
  await it.load();
  assert.deepEqual(it.usages, { a: "a", "d.conf/in": "in" });
  it.write("home/d/in.conf", "usage changed");
  await it.until({ a: "a", "d.conf/in": "changed" });
  it.remove("one/d.conf");
  await it.until({ a: "a" });
});

test("a configuration directory that is moved away keeps its jobs until a reload", async (it) => {
  it.write("one/a.conf", "usage a");
  it.write("one/net/b.conf", "usage b");
  it.write("two/c.conf", "usage c");
  await it.load(["one", "two"]);
  it.move("one", "away");
  await it.reported("one: Configuration directory deleted");
  it.write("away/a.conf", "usage changed");
  it.write("away/net/b.conf", "usage changed");
  await it.seen("two");
  assert.deepEqual(it.usages, { a: "a", c: "c", "net/b": "b" });
  await it.configuration.reload();
  assert.deepEqual(it.usages, { c: "c" });
  it.move("away", "one");
  await it.until({ a: "changed", c: "c", "net/b": "changed" });
  it.write("one/net/b.conf", "usage seen");
  await it.until({ a: "changed", c: "c", "net/b": "seen" });
  assert.deepEqual(it.reports, ["one: Configuration directory deleted"]);
});

test("a configuration directory that is not there yet is found when it is made", async (it) => {
  await it.load();
  assert.deepEqual(it.reports, []);
  it.write("one/a.conf", "usage late");
  await it.until({ a: "late" });
  it.remove("one");
  await it.reported("one: Configuration directory deleted");
  await it.until({});
  it.write("one/a.conf", "usage again");
  await it.until({ a: "again" });
});

test("more changes at once than the kernel's queue holds", async (it) => {
  fs.mkdirSync(it.at("one"));
  await it.load();
  // A new file makes three events: created, modified, written.
  const queue = Number(fs.readFileSync("/proc/sys/fs/inotify/max_queued_events", "utf8"));
  const usages: Record<string, string> = {};
  for (let index = 0; index < Math.min(queue / 3 + 500, 20_000); index++) {
    const name = `job${String(index).padStart(5, "0")}`;
    fs.writeFileSync(it.at(`one/${name}.conf`), `usage ${index}`);
    usages[name] = String(index);
  }
  await it.until(usages);
  it.write("one/job00000.conf", "usage changed");
  await it.until({ ...usages, job00000: "changed" });
});
