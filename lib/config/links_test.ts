/** What is passed over, and what is behind links: at the start, and when it changes later. */

import assert from "node:assert/strict";
import * as fs from "node:fs";
import { dirname } from "node:path";
import { wayTo } from "./dependencies.ts";
import type { Evaluate } from "./evaluation/evaluator.ts";
import { fakeEvaluator, test, type TestConfiguration } from "./testing/test_configuration.ts";

const LEFTOVERS = [".git", "sub/CVS", "..v1", "back~", "#e#", "dir.dpkg-old", "node_modules"];

function fill(it: TestConfiguration, directory: string): void {
  it.write(`${directory}/x.conf`, "usage x");
  it.write(`${directory}/z.override`, "usage overridden");
  it.write(`${directory}/y.ts`, "y module");
  it.write(`${directory}/deep/x.conf`, "usage x");
}

function link(it: TestConfiguration, path: string, target: string): void {
  fs.mkdirSync(dirname(it.at(path)), { recursive: true });
  fs.symlinkSync(target, it.at(path));
}

/** Puts another link in the place of one, in one step. */
function swap(it: TestConfiguration, path: string, target: string): void {
  link(it, `${path}_tmp`, target);
  it.move(`${path}_tmp`, path);
}

test("directories of version control, editors and package managers are passed over, now and later", async (it) => {
  for (const name of LEFTOVERS) fill(it, `one/${name}`);
  fill(it, "one/sub");
  const all = { "sub/deep/x": "x", "sub/x": "x", y: "module" };
  await it.load(["one"], { evaluate: fakeEvaluator() });
  assert.deepEqual(it.usages, all);
  for (const name of LEFTOVERS) {
    it.remove(`one/${name}`);
    fill(it, `one/${name}`);
    fill(it, `away/${name}`);
    it.remove(`one/${name}`);
    it.move(`away/${name}`, `one/${name}`);
  }
  await it.seen();
  assert.deepEqual(it.usages, all);
  it.move("one/sub/deep", "one/sub/deep~");
  await it.until({ "sub/x": "x", y: "module" });
  it.move("one/back~", "one/back");
  await it.until({ "back/deep/x": "x", "back/x": "x", "sub/x": "x", y: "module" });
  await it.configuration.reload();
  assert.deepEqual(Object.keys(it.usages).length, 4);
  assert.deepEqual(it.reports, []);
});

test("of a configuration map each job is there once, and a swap of its link is seen", async (it) => {
  const version = (number: number) => {
    it.write(`one/..v${number}/web.conf`, `usage ${number}`);
    it.write(`one/..v${number}/plain.override`, `usage ${number}`);
    it.write(`one/..v${number}/api.ts`, `api ${number}`);
  };
  version(1);
  link(it, "one/..data", "..v1");
  for (const name of ["web.conf", "plain.override", "api.ts"]) link(it, `one/${name}`, `..data/${name}`);
  it.write("one/plain.conf", "");
  await it.load(["one"], { evaluate: fakeEvaluator() });
  const all = (number: number) => ({ api: `${number}`, plain: `${number}`, web: `${number}` });
  assert.deepEqual(it.usages, all(1));
  for (const number of [2, 3]) {
    version(number);
    swap(it, "one/..data", `..v${number}`);
    it.remove(`one/..v${number - 1}`);
    await it.until(all(number));
  }
  version(4);
  it.write("one/..v4/new.conf", "usage new");
  swap(it, "one/..data", "..v4");
  link(it, "one/new.conf", "..data/new.conf");
  await it.until({ api: "4", new: "new", plain: "4", web: "4" });
  it.write("one/..v4/web.conf", "usage edited");
  await it.until({ api: "4", new: "new", plain: "4", web: "edited" });
  it.remove("one/..v4");
  it.remove("one/api.ts");
  await it.until({ plain: "" });
});

test("chains of links are followed, each of them", async (it) => {
  for (const name of ["a", "b"]) it.write(`releases/${name}/jobs/web.conf`, `usage ${name}`);
  link(it, "current", "releases/a");
  link(it, "jobs", "current/jobs");
  link(it, "one/web.conf", it.at("jobs/web.conf"));
  await it.load();
  assert.deepEqual(it.usages, { web: "a" });
  swap(it, "current", "releases/b");
  await it.until({ web: "b" });
  it.write("other/web.conf", "usage other");
  swap(it, "jobs", "other");
  await it.until({ web: "other" });
  // Another directory in the place of the one that is watched.
  it.write("third/web.conf", "usage third");
  it.move("other", "old");
  await it.until({});
  it.move("third", "other");
  await it.until({ web: "third" });
  it.write("other/web.conf", "usage edited");
  await it.until({ web: "edited" });
  // A link that is made anew, not moved in.
  it.remove("jobs");
  await it.until({});
  link(it, "jobs", "current/jobs");
  await it.until({ web: "b" });
});

test("what modules import is followed through links as well", async (it) => {
  for (const name of ["a", "b"]) it.write(`${name}/shared.ts`, name);
  link(it, "lib", "a");
  it.write("one/i.ts", `import ${it.at("lib/shared.ts")}`);
  const evaluated: string[] = [];
  await it.load(["one"], { evaluate: fakeEvaluator(evaluated) });
  assert.equal(evaluated.length, 1);
  swap(it, "lib", "b");
  fs.writeFileSync(it.at("one/i.ts.new"), "");
  await it.when(() => evaluated.length === 2, () => `evaluated ${evaluated.length} times`);
});

test("a configuration directory may be a link, and lead elsewhere later", async (it) => {
  for (const name of ["a", "b"]) {
    it.write(`releases/${name}/one.conf`, `usage ${name}`);
    it.write(`releases/${name}/deep/${name}.conf`, `usage ${name}`);
  }
  link(it, "current", "releases/a");
  link(it, "one", "current");
  await it.load();
  assert.deepEqual(it.usages, { "deep/a": "a", one: "a" });
  swap(it, "current", "releases/b");
  await it.until({ "deep/b": "b", one: "b" });
  it.remove("releases/a");
  it.write("releases/b/deep/new.conf", "usage new");
  await it.until({ "deep/b": "b", "deep/new": "new", one: "b" });
  it.remove("one");
  it.write("elsewhere/one.conf", "usage elsewhere");
  link(it, "one", "elsewhere");
  await it.until({ one: "elsewhere" });
});

test("of a configuration directory that is gone, or the link to it, only that is told", async (it) => {
  const fill = (directory: string) => {
    it.write(`${directory}/lib.ts`, "lib module");
    for (const name of ["a", "b"]) it.write(`${directory}/${name}.ts`, `import ${it.at("one/lib.ts")}`);
  };
  let last = Promise.resolve();
  const evaluate: Evaluate = (modules, onOutcome) => {
    return last = (async () => {
      for (const module of modules) {
        await new Promise<void>((resolve) => setImmediate(resolve));
        if (fs.existsSync(module)) await fakeEvaluator()([module], onOutcome);
        else onOutcome({ module, imports: [], error: { file: module, reason: "cannot find module" } });
      }
    })();
  };
  fill("releases/a");
  link(it, "one", "releases/a");
  it.write("two/z.conf", "usage z");
  await it.load(["one", "two"], { evaluate });
  const all = { i: it.at("one/lib.ts"), lib: "module", z: "z" };
  assert.deepEqual(it.usages, all);
  it.remove("one");
  await it.reported("one: Configuration directory deleted");
  await it.seen("two");
  await last;
  link(it, "one", "releases/a");
  await it.seen("two");
  it.remove("releases/a");
  await it.until({ z: "z" });
  await it.seen("two");
  await last;
  assert.deepEqual(it.reports, Array(2).fill("one: Configuration directory deleted"));
});

test("a link to a configuration directory that is not there yet", async (it) => {
  link(it, "one", "far/away");
  await it.load();
  it.write("far/away/a.conf", "usage a");
  await it.until({ a: "a" });
});

test("links to directories are followed as they come, lead elsewhere and go", async (it) => {
  for (const name of ["a", "b"]) it.write(`releases/${name}/deep/${name}.conf`, `usage ${name}`);
  link(it, "current", "releases/a");
  link(it, "one/d.conf", "../current");
  link(it, "one/later.conf", "../later");
  await it.load();
  assert.deepEqual(it.usages, { "d.conf/deep/a": "a" });
  swap(it, "current", "releases/b");
  await it.until({ "d.conf/deep/b": "b" });
  it.move("releases/b", "releases/c");
  await it.until({});
  it.move("releases/c", "releases/b");
  await it.until({ "d.conf/deep/b": "b" });
  swap(it, "one/d.conf", "../releases/a");
  await it.until({ "d.conf/deep/a": "a" });
  it.remove("one/d.conf");
  await it.until({});
  it.write("later/x.conf", "usage x");
  await it.until({ "later.conf/x": "x" });
});

test("the way to a file is the links on it and where it lies, or what is missing", async (it) => {
  await Promise.resolve();
  it.write("a/b/file", "");
  link(it, "l", "a");
  link(it, "a/m", "./b/../b");
  link(it, "loop", "loop");
  link(it, "nowhere", "a/none/file");
  const way = (path: string) => wayTo(it.at(path)).map((part) => part.slice(it.root.length + 1));
  assert.deepEqual(way("a/b/file"), ["a/b/file"]);
  assert.deepEqual(way("l/m/file"), ["l", "a/m", "a/b/file"]);
  assert.deepEqual(way("l/none/file"), ["l", "a/none"]);
  assert.deepEqual(way("nowhere"), ["nowhere", "a/none"]);
  assert.equal(new Set(way("loop")).size, 2);
});
