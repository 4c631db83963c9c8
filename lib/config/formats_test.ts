/** A further format: what it takes beside a folder and a line in `formats.ts` is nothing, as this one shows. */

import assert from "node:assert/strict";
import * as fs from "node:fs";
import { emptyJob } from "../model/job.ts";
import { FORMATS } from "./formats.ts";
import { fakeEvaluator, test } from "./testing/test_configuration.ts";
import { INTERPRETER, toy } from "./testing/toy_format.ts";

const formats = [...FORMATS, toy];

test("a further format's files are loaded beside all others, and take precedence in the formats' order", async (it) => {
  it.write("one/a.toy", "use toy");
  it.write("one/b.toy", "use toy\nalso c second");
  it.write("one/b.conf", "usage conf");
  it.write("one/m.toy", "use toy");
  it.write("one/m.ts", "m module");
  it.write("two/b.toy", "use later");
  it.write("one/d.toys", "bogus");
  await it.load(["one", "two"], { formats, evaluate: fakeEvaluator() });
  assert.deepEqual(it.usages, { a: "toy", b: "conf", c: "second", m: "module" });
  assert.deepEqual(it.reports, []);
  it.remove("one/b.conf");
  await it.until({ a: "toy", b: "toy", c: "second", m: "module" });
  it.remove("one/b.toy");
  await it.until({ a: "toy", b: "later", m: "module" });
});

test("its overrides work on jobs of all formats, and others' overrides on its jobs", async (it) => {
  it.write("one/a.toy", "use toy");
  it.write("one/a.override", "usage classic");
  it.write("one/b.conf", "usage conf");
  it.write("one/b.toy+", "use more");
  await it.load(["one"], { formats });
  assert.deepEqual(it.usages, { a: "classic", b: "conf, more" });
  it.remove("one/a.override");
  it.write("one/b.toy+", "use most");
  it.write("one/a.toy+", "use more");
  await it.until({ a: "toy, more", b: "conf, most" });
  it.remove("one/b.toy+");
  await it.until({ a: "toy, more", b: "conf" });
});

test("its errors are told at the start and while watching; the last good definition stays", async (it) => {
  it.write("one/a.toy", "use good");
  it.write("one/b.toy", "use good\nbogus");
  await it.load(["one"], { formats });
  assert.deepEqual([it.usages, it.reports], [{ a: "good" }, ["one/b.toy:2: Unknown word"]]);
  it.write("one/a.toy", "\n\nworse");
  await it.reported("one/a.toy:3: Unknown word");
  assert.deepEqual(it.usages, { a: "good" });
  assert.equal(it.configuration.problem("a")?.detail, ": worse");
  assert.deepEqual(it.configuration.problems().map(({ isMissed }) => isMissed), [true, false]);
  it.write("one/a.toy", "use mended");
  it.write("one/b.toy", "use mended");
  await it.until({ a: "mended", b: "mended" });
  it.write("one/a.toy+", "worst");
  await it.reported("one/a.toy+:1: Unknown word");
  assert.deepEqual(it.usages, { a: "mended", b: "mended" });
});

test("a file can be claimed by how it begins, and is given up when it begins otherwise", async (it) => {
  it.write("one/toy.d/a", `${INTERPRETER}use program`);
  it.write("one/toy.d/b", "#!/bin/sh\nuse another");
  it.write("one/toy.d/deeper/c", `${INTERPRETER}use elsewhere`);
  await it.load(["one"], { formats });
  assert.deepEqual(it.usages, { a: "program" });
  it.write("one/toy.d/b", `${INTERPRETER}use program`);
  await it.until({ a: "program", b: "program" });
  it.write("one/toy.d/a", "#!/bin/sh\nuse another");
  await it.until({ b: "program" });
  it.remove("one/toy.d/b");
  await it.until({});
  assert.deepEqual(it.reports, []);
});

test("a link to a directory is followed where a format claims its name, as any file of that name", async (it) => {
  it.write("away/in.toy", "use linked");
  it.write("one/a.conf", "usage a");
  for (const name of ["plain", "d.toy", "e.toy+"]) fs.symlinkSync("../away", it.at(`one/${name}`));
  await it.load(["one"], { formats });
  assert.deepEqual(it.usages, { a: "a", in: "linked" });
});

test("a withheld job waits for all that further formats say of it", async (it) => {
  const withheld = { ...emptyJob("main", "command line"), usage: "bare" };
  it.write("one/main.toy", "bogus");
  await it.load(["one"], { formats, withheld });
  assert.deepEqual(it.usages, {});
  it.write("one/main.toy", "use toy");
  await it.until({ main: "toy" });
  fs.mkdirSync(it.at("one/main.toy+"));
  await it.configuration.reload();
  const problems = it.configuration.problemsOfJob("main").map(({ file, reason }) => [file, reason]);
  assert.deepEqual(problems, [[it.at("one/main.toy+"), "Not a regular file"]]);
});
