/** Files that somebody else can write: refused or warned of. */

import assert from "node:assert/strict";
import * as fs from "node:fs";
import { fakeEvaluator, test } from "./testing/test_configuration.ts";

test("a module that everybody may write is not evaluated", async (it) => {
  it.write("one/a.ts", "a module");
  fs.chmodSync(it.at("one/a.ts"), 0o666);
  await it.load(["one"], { evaluate: fakeEvaluator(), untrusted: "refused" });
  assert.deepEqual(it.usages, {});
  assert.equal(it.reports.length, 1);
  assert.match(
    it.reports[0]!,
    /^one\/a.ts: File is not read: one\/a.ts is writable by everyone .*chmod o-w one\/a.ts$/,
  );
  fs.chmodSync(it.at("one/a.ts"), 0o644);
  await it.until({ a: "module" });
});

test("a file that somebody else may write is refused, or warned of, until that is mended", async (it) => {
  it.write("one/a.conf", "usage a");
  it.write("one/b.conf", "usage b");
  it.write("one/b.override", "usage override");
  for (const name of ["a.conf", "b.override"]) fs.chmodSync(it.at(`one/${name}`), 0o666);
  await it.load(["one"], { untrusted: "refused" });
  assert.deepEqual(it.usages, { b: "b" });
  const [first = "", ...more] = it.reports.map((report) => report.replace(/owner [^,]+/, "owner ME"));
  assert.equal(
    first,
    "one/a.conf: File is not read: one/a.conf is writable by everyone (owner ME, mode 0666); chmod o-w one/a.conf",
  );
  assert.match(
    more.join(),
    /^one\/b.override: File is not read: [^,]*override is writable by everyone[^,]*, mode/,
  );
  for (const name of ["a.conf", "b.override"]) fs.chmodSync(it.at(`one/${name}`), 0o644);
  await it.until({ a: "a", b: "override" });
  // What it said when it could be trusted stays.
  fs.chmodSync(it.at("one/a.conf"), 0o666);
  it.write("one/a.conf", "usage theirs");
  await it.when(() => it.reports.length > 2, () => "nothing told");
  await it.seen();
  assert.deepEqual(it.usages, { a: "a", b: "override" });
});

test("a directory that somebody else may write is no better, and its mode is watched", async (it) => {
  it.write("one/deep/a.conf", "usage a");
  it.write("one/b.conf", "usage b");
  for (const directory of ["one/deep", "one"]) fs.chmodSync(it.at(directory), 0o777);
  await it.load(["one"], { untrusted: "refused" });
  assert.deepEqual(it.usages, {});
  fs.chmodSync(it.at("one"), 0o1777);
  await it.until({ b: "b" });
  fs.chmodSync(it.at("one/deep"), 0o755);
  await it.until({ b: "b", "deep/a": "a" });
});

test("of a directory that everybody may write there is one warning, and one more at a reload", async (it) => {
  for (const name of ["a", "b", "c"]) it.write(`one/${name}.conf`, `usage ${name}`);
  fs.chmodSync(it.at("one"), 0o777);
  await it.load(["one"], { untrusted: "warned of" });
  assert.deepEqual(it.usages, { a: "a", b: "b", c: "c" });
  assert.equal(it.reports.length, 1);
  assert.match(
    it.reports[0]!,
    /^one\/a.conf: File is read although one is writable by everyone .*chmod o-w one$/,
  );
  it.write("one/a.conf", "usage new");
  await it.until({ a: "new", b: "b", c: "c" });
  assert.equal(it.reports.length, 1);
  await it.configuration.reload();
  assert.equal(it.reports.length, 2);
});
