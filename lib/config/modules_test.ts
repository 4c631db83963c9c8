/** Job modules in a configuration: when they are evaluated, and what counts of them. */

import assert from "node:assert/strict";
import * as fs from "node:fs";
import type { Evaluate } from "./evaluation/evaluator.ts";
import { fakeEvaluator, test } from "./testing/test_configuration.ts";

test("modules are evaluated, go before other files, and keep what they said when they break", async (it) => {
  it.write("one/a.ts", "a module");
  it.write("one/a.conf", "usage conf");
  it.write("one/b.ts", "b module");
  await it.load(["one"], { evaluate: fakeEvaluator() });
  assert.deepEqual(it.usages, { a: "module", b: "module" });
  for (const name of ["a", "b"]) it.write(`one/${name}.ts`, "error");
  await it.until({ a: "conf", b: "module" });
  await it.reported("one/b.ts:1: broken");
  it.write("one/b.ts", "b mended");
  it.remove("one/a.conf");
  await it.until({ a: "module", b: "mended" });
  it.remove("one/b.ts");
  await it.until({ a: "module" });
});

test("modules are evaluated again when what they import changes", async (it) => {
  it.write("lib/shared.ts", "");
  it.write("one/i.ts", `import ${it.at("lib/shared.ts")}`);
  const evaluated: string[] = [];
  await it.load(["one"], { evaluate: fakeEvaluator(evaluated) });
  assert.equal(evaluated.length, 1);
  fs.writeFileSync(it.at("one/i.ts.new"), "i new");
  it.write("lib/shared.ts", "changed");
  await it.configuration.reload();
  await it.seen();
  assert(evaluated.length >= 2);
  it.move("one/i.ts.new", "one/i.ts");
  await it.until({ i: "new" });
});

test("a reload evaluates what has changed, or imports what has, and what is broken", async (it) => {
  it.write("lib/shared.ts", "");
  for (const name of ["a", "b", "c"]) it.write(`one/${name}.ts`, `${name} old`);
  it.write("one/i.ts", `import ${it.at("lib/shared.ts")}`);
  it.write("one/x.ts", "error");
  const evaluated: string[] = [];
  await it.load(["one"], { evaluate: fakeEvaluator(evaluated) });
  const names = () =>
    [...new Set(evaluated.splice(0))].map((path) => path.slice(it.at("one/").length)).sort();
  assert.deepEqual(names(), ["a.ts", "b.ts", "c.ts", "i.ts", "x.ts"]);
  // What has only just changed is evaluated again, to be sure.
  const settle = async (last: string[]) => {
    while (JSON.stringify(names()) !== JSON.stringify(last)) await it.configuration.reload();
  };
  await settle(["x.ts"]);
  it.write("one/b.ts", "b new");
  await it.configuration.reload();
  assert.deepEqual(names(), ["b.ts", "x.ts"]);
  await settle(["x.ts"]);
  it.write("lib/shared.ts", "changed");
  await it.configuration.reload();
  assert.deepEqual(names(), ["i.ts", "x.ts"]);
});

test("jobs compiled in are there, and give way to files and overrides", async (it) => {
  it.write("one/a.conf", "usage mine");
  it.write("one/b.override", "usage override");
  await it.load(["one"], { evaluate: fakeEvaluator(), compiledIn: ["a", "b", "c"] });
  assert.deepEqual(it.usages, { a: "mine", b: "override", c: "shipped" });
  it.remove("one/a.conf");
  await it.until({ a: "shipped", b: "override", c: "shipped" });
});

test("an evaluator that fails altogether leaves the rest alone", async (it) => {
  it.write("one/a.ts", "a module");
  it.write("one/b.conf", "usage b");
  await it.load(["one"], { evaluate: () => Promise.reject(new Error("no")) });
  assert.deepEqual(it.usages, { b: "b" });
});

test("a module that there was no room for is evaluated again after a while, and told of once", async (it) => {
  it.write("one/a.ts", "a fine");
  const triedAgain = Promise.withResolvers<void>();
  let room = false, tries = 0;
  const evaluate: Evaluate = async (modules, onOutcome) => {
    if (++tries > 3) triedAgain.resolve();
    if (room) return await fakeEvaluator()(modules, onOutcome);
    for (const module of modules) {
      onOutcome({ module, imports: [], error: { file: module, reason: "no room" }, isTemporary: true });
    }
  };
  await it.load(["one"], { evaluate, retryDelay: 1 });
  await triedAgain.promise;
  assert.deepEqual([it.usages, it.reports], [{}, ["one/a.ts: no room"]]);
  room = true;
  await it.until({ a: "fine" });
  assert.deepEqual(it.configuration.problems(), []);
});
