import assert from "node:assert/strict";
import { emptyJob, type JobDefinition } from "../../model/job.ts";
import { Catalogue, COMPILED_IN, type Override } from "./catalogue.ts";

function job(name: string, description: string): JobDefinition {
  return { ...emptyJob(name, "test"), description };
}

function append(text: string): Override {
  return (definition) => ({ ...definition, description: definition.description + text });
}

/** The changes as `name: description`, sorted. */
function told(catalogue: Catalogue): string[] {
  return catalogue.changes().map((it) => `${it.name}: ${it.definition?.description ?? "-"}`).sort();
}

const place = (directory: number, rank = 1) => ({ directory, rank });

Deno.test("a definition is told once, and its removal too", () => {
  const catalogue = new Catalogue();
  catalogue.define("a.conf", place(0), [job("a", "one")]);
  assert.deepEqual(told(catalogue), ["a: one"]);
  assert.deepEqual(told(catalogue), []);
  catalogue.remove("a.conf");
  assert.deepEqual(told(catalogue), ["a: -"]);
  catalogue.remove("a.conf");
  assert.deepEqual(told(catalogue), []);
});

Deno.test("what comes and goes between two questions is no change", () => {
  const catalogue = new Catalogue();
  catalogue.define("a.conf", place(0), [job("a", "one")]);
  catalogue.remove("a.conf");
  assert.deepEqual(told(catalogue), []);
});

Deno.test("a file read again to the same definition is no change", () => {
  const catalogue = new Catalogue();
  const same = job("a", "one");
  catalogue.define("a.conf", place(0), [same]);
  told(catalogue);
  catalogue.define("a.conf", place(0), [same]);
  assert.deepEqual(told(catalogue), []);
  catalogue.break("a.conf");
  assert.deepEqual(told(catalogue), []);
});

Deno.test("the first directory wins, and the next one follows when it goes", () => {
  const catalogue = new Catalogue();
  catalogue.define("two/a.conf", place(2), [job("a", "two")]);
  catalogue.define("one/a.conf", place(1), [job("a", "one")]);
  assert.deepEqual(told(catalogue), ["a: one"]);
  catalogue.define("two/a.conf", place(2), [job("a", "two again")]);
  assert.deepEqual(told(catalogue), []);
  catalogue.remove("one/a.conf");
  assert.deepEqual(told(catalogue), ["a: two again"]);
});

Deno.test("a job of a directory goes before one compiled in, whichever comes first", () => {
  for (const order of [[0, 1], [1, 0]]) {
    const catalogue = new Catalogue();
    const puts = [
      () => catalogue.define("compiled-in", place(COMPILED_IN), [job("a", "shipped"), job("b", "shipped")]),
      () => catalogue.define("a.conf", place(7), [job("a", "mine")]),
    ];
    for (const index of order) puts[index]!();
    assert.deepEqual(told(catalogue), ["a: mine", "b: shipped"]);
  }
});

Deno.test("within a directory the lower rank goes first, also against a broken one", () => {
  const catalogue = new Catalogue();
  catalogue.define("a.conf", place(0, 1), [job("a", "conf")]);
  catalogue.define("a.ts", place(0, 0), [job("a", "ts")]);
  assert.deepEqual(told(catalogue), ["a: ts"]);
  catalogue.break("a.ts");
  assert.deepEqual(told(catalogue), ["a: conf"]);
});

Deno.test("a broken edit keeps the last good definition", () => {
  const catalogue = new Catalogue();
  catalogue.define("a.conf", place(0), [job("a", "good")]);
  told(catalogue);
  catalogue.break("a.conf");
  assert.deepEqual(told(catalogue), []);
  assert.equal(catalogue.definition("a")?.description, "good");
  catalogue.define("a.conf", place(0), [job("a", "mended")]);
  assert.deepEqual(told(catalogue), ["a: mended"]);
});

Deno.test("a file broken from the start defines nothing", () => {
  const catalogue = new Catalogue();
  catalogue.break("a.conf");
  assert.deepEqual(told(catalogue), []);
});

Deno.test("a broken edit lets a good file of a later directory take over, and mending takes it back", () => {
  const catalogue = new Catalogue();
  catalogue.define("one/a.conf", place(1), [job("a", "one")]);
  catalogue.define("two/a.conf", place(2), [job("a", "two")]);
  told(catalogue);
  catalogue.break("one/a.conf");
  assert.deepEqual(told(catalogue), ["a: two"]);
  catalogue.break("two/a.conf");
  assert.deepEqual(told(catalogue), ["a: one"]);
  catalogue.define("one/a.conf", place(1), [job("a", "mended")]);
  assert.deepEqual(told(catalogue), ["a: mended"]);
});

Deno.test("a broken file that is removed takes its last good definition along", () => {
  const catalogue = new Catalogue();
  catalogue.define("a.conf", place(0), [job("a", "good")]);
  told(catalogue);
  catalogue.break("a.conf");
  catalogue.remove("a.conf");
  assert.deepEqual(told(catalogue), ["a: -"]);
});

Deno.test("a module may define several jobs, and fewer after an edit", () => {
  const catalogue = new Catalogue();
  catalogue.define("a.ts", place(0), [job("a", "one"), job("b", "one")]);
  assert.deepEqual(told(catalogue), ["a: one", "b: one"]);
  catalogue.define("a.ts", place(0), [job("a", "two")]);
  assert.deepEqual(told(catalogue), ["a: two", "b: -"]);
});

Deno.test("an override counts from the definition's directory and those before it, the first one found", () => {
  const catalogue = new Catalogue();
  catalogue.define("1/a.conf", place(1), [job("a", "conf")]);
  catalogue.override("2/a.override", place(2), "a", append("+2"));
  assert.deepEqual(told(catalogue), ["a: conf"]);
  catalogue.override("1/a.override", place(1), "a", append("+1"));
  assert.deepEqual(told(catalogue), ["a: conf+1"]);
  catalogue.override("0/a.override", place(0), "a", append("+0"));
  assert.deepEqual(told(catalogue), ["a: conf+0"]);
  catalogue.remove("1/a.conf");
  assert.deepEqual(told(catalogue), ["a: -"]);
  catalogue.define("2/a.conf", place(2), [job("a", "later")]);
  catalogue.remove("0/a.override");
  assert.deepEqual(told(catalogue), ["a: later+1"]);
});

Deno.test("an override alone makes no job", () => {
  const catalogue = new Catalogue();
  catalogue.override("a.override", place(0), "a", append("+"));
  assert.deepEqual(told(catalogue), []);
});

Deno.test("a broken override keeps counting as it was", () => {
  const catalogue = new Catalogue();
  catalogue.define("a.conf", place(0), [job("a", "conf")]);
  catalogue.override("a.override", place(0), "a", append("+good"));
  told(catalogue);
  catalogue.break("a.override");
  assert.deepEqual(told(catalogue), []);
  catalogue.define("a.conf", place(0), [job("a", "new")]);
  assert.deepEqual(told(catalogue), ["a: new+good"]);
  catalogue.remove("a.override");
  assert.deepEqual(told(catalogue), ["a: new"]);
});

Deno.test("an override works on a job that is compiled in", () => {
  const catalogue = new Catalogue();
  catalogue.define("compiled-in", place(COMPILED_IN), [job("a", "shipped")]);
  catalogue.override("a.override", place(3), "a", append("+"));
  assert.deepEqual(told(catalogue), ["a: shipped+"]);
});

Deno.test("a job may be named as a property that every object has", () => {
  const catalogue = new Catalogue();
  catalogue.define("x", place(0), [job("constructor", "c"), job("__proto__", "p")]);
  assert.deepEqual(told(catalogue), ["__proto__: p", "constructor: c"]);
});
