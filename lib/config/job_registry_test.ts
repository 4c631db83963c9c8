import assert from "node:assert/strict";
import { emptyJob, type JobDefinition } from "../model/job.ts";
import { JobRegistry, type Override } from "./job_registry.ts";
import { COMPILED_IN } from "./layered_index.ts";

function job(name: string, description: string): JobDefinition {
  return { ...emptyJob(name, "test"), description };
}

function append(text: string): Override {
  return (definition) => ({ ...definition, description: definition.description + text });
}

/** The changes as `name: description`, sorted. */
function told(registry: JobRegistry): string[] {
  return registry.changes().map((it) => `${it.name}: ${it.definition?.description ?? "-"}`).sort();
}

const precedence = (directory: number, rank = 1) => ({ directory, rank });

Deno.test("a definition is told once, and its removal too", () => {
  const registry = new JobRegistry();
  registry.define("a.conf", precedence(0), [job("a", "one")]);
  assert.deepEqual(told(registry), ["a: one"]);
  assert.deepEqual(told(registry), []);
  registry.remove("a.conf");
  assert.deepEqual(told(registry), ["a: -"]);
  registry.remove("a.conf");
  assert.deepEqual(told(registry), []);
});

Deno.test("what comes and goes between two questions is no change", () => {
  const registry = new JobRegistry();
  registry.define("a.conf", precedence(0), [job("a", "one")]);
  registry.remove("a.conf");
  assert.deepEqual(told(registry), []);
});

Deno.test("a file read again to the same definition is no change", () => {
  const registry = new JobRegistry();
  const same = job("a", "one");
  registry.define("a.conf", precedence(0), [same]);
  told(registry);
  registry.define("a.conf", precedence(0), [same]);
  assert.deepEqual(told(registry), []);
  registry.break("a.conf");
  assert.deepEqual(told(registry), []);
});

Deno.test("the first directory wins, and the next one follows when it goes", () => {
  const registry = new JobRegistry();
  registry.define("two/a.conf", precedence(2), [job("a", "two")]);
  registry.define("one/a.conf", precedence(1), [job("a", "one")]);
  assert.deepEqual(told(registry), ["a: one"]);
  registry.define("two/a.conf", precedence(2), [job("a", "two again")]);
  assert.deepEqual(told(registry), []);
  registry.remove("one/a.conf");
  assert.deepEqual(told(registry), ["a: two again"]);
});

Deno.test("a job of a directory goes before one compiled in, whichever comes first", () => {
  for (const order of [[0, 1], [1, 0]]) {
    const registry = new JobRegistry();
    const puts = [
      () =>
        registry.define("compiled-in", precedence(COMPILED_IN), [job("a", "shipped"), job("b", "shipped")]),
      () => registry.define("a.conf", precedence(7), [job("a", "mine")]),
    ];
    for (const index of order) puts[index]!();
    assert.deepEqual(told(registry), ["a: mine", "b: shipped"]);
  }
});

Deno.test("within a directory the lower rank goes first, also against a broken one", () => {
  const registry = new JobRegistry();
  registry.define("a.conf", precedence(0, 1), [job("a", "conf")]);
  registry.define("a.ts", precedence(0, 0), [job("a", "ts")]);
  assert.deepEqual(told(registry), ["a: ts"]);
  registry.break("a.ts");
  assert.deepEqual(told(registry), ["a: conf"]);
});

Deno.test("a broken edit keeps the last good definition", () => {
  const registry = new JobRegistry();
  registry.define("a.conf", precedence(0), [job("a", "good")]);
  told(registry);
  registry.break("a.conf");
  assert.deepEqual(told(registry), []);
  assert.equal(registry.definition("a")?.description, "good");
  registry.define("a.conf", precedence(0), [job("a", "mended")]);
  assert.deepEqual(told(registry), ["a: mended"]);
});

Deno.test("a file broken from the start defines nothing", () => {
  const registry = new JobRegistry();
  registry.break("a.conf");
  assert.deepEqual(told(registry), []);
});

Deno.test("a broken edit lets a good file of a later directory take over, and mending takes it back", () => {
  const registry = new JobRegistry();
  registry.define("one/a.conf", precedence(1), [job("a", "one")]);
  registry.define("two/a.conf", precedence(2), [job("a", "two")]);
  told(registry);
  registry.break("one/a.conf");
  assert.deepEqual(told(registry), ["a: two"]);
  registry.break("two/a.conf");
  assert.deepEqual(told(registry), ["a: one"]);
  registry.define("one/a.conf", precedence(1), [job("a", "mended")]);
  assert.deepEqual(told(registry), ["a: mended"]);
});

Deno.test("a broken file that is removed takes its last good definition along", () => {
  const registry = new JobRegistry();
  registry.define("a.conf", precedence(0), [job("a", "good")]);
  told(registry);
  registry.break("a.conf");
  registry.remove("a.conf");
  assert.deepEqual(told(registry), ["a: -"]);
});

Deno.test("a module may define several jobs, and fewer after an edit", () => {
  const registry = new JobRegistry();
  registry.define("a.ts", precedence(0), [job("a", "one"), job("b", "one")]);
  assert.deepEqual(told(registry), ["a: one", "b: one"]);
  registry.define("a.ts", precedence(0), [job("a", "two")]);
  assert.deepEqual(told(registry), ["a: two", "b: -"]);
});

Deno.test("an override counts from the definition's directory and those before it, the first one found", () => {
  const registry = new JobRegistry();
  registry.define("1/a.conf", precedence(1), [job("a", "conf")]);
  registry.override("2/a.override", precedence(2), "a", append("+2"));
  assert.deepEqual(told(registry), ["a: conf"]);
  registry.override("1/a.override", precedence(1), "a", append("+1"));
  assert.deepEqual(told(registry), ["a: conf+1"]);
  registry.override("0/a.override", precedence(0), "a", append("+0"));
  assert.deepEqual(told(registry), ["a: conf+0"]);
  registry.remove("1/a.conf");
  assert.deepEqual(told(registry), ["a: -"]);
  registry.define("2/a.conf", precedence(2), [job("a", "later")]);
  registry.remove("0/a.override");
  assert.deepEqual(told(registry), ["a: later+1"]);
});

Deno.test("an override alone makes no job", () => {
  const registry = new JobRegistry();
  registry.override("a.override", precedence(0), "a", append("+"));
  assert.deepEqual(told(registry), []);
});

Deno.test("a broken override keeps counting as it was", () => {
  const registry = new JobRegistry();
  registry.define("a.conf", precedence(0), [job("a", "conf")]);
  registry.override("a.override", precedence(0), "a", append("+good"));
  told(registry);
  registry.break("a.override");
  assert.deepEqual(told(registry), []);
  registry.define("a.conf", precedence(0), [job("a", "new")]);
  assert.deepEqual(told(registry), ["a: new+good"]);
  registry.remove("a.override");
  assert.deepEqual(told(registry), ["a: new"]);
});

Deno.test("an override works on a job that is compiled in", () => {
  const registry = new JobRegistry();
  registry.define("compiled-in", precedence(COMPILED_IN), [job("a", "shipped")]);
  registry.override("a.override", precedence(3), "a", append("+"));
  assert.deepEqual(told(registry), ["a: shipped+"]);
});

Deno.test("a job may be named as a property that every object has", () => {
  const registry = new JobRegistry();
  registry.define("x", precedence(0), [job("constructor", "c"), job("__proto__", "p")]);
  assert.deepEqual(told(registry), ["__proto__: p", "constructor: c"]);
});

Deno.test("what a file says, said before it broke, or would say without effect", () => {
  const registry = new JobRegistry();
  registry.define("1/a.conf", precedence(1), [job("a", "one")]);
  registry.override("1/b.override", precedence(1), "b", append("+"));
  assert.deepEqual(["1/a.conf", "1/b.override", "0/a.conf"].map((file) => registry.remembers(file)), [
    true,
    true,
    false,
  ]);
  assert.deepEqual([registry.defines("1/a.conf", "a"), registry.defines("1/a.conf", "b")], [true, false]);
  const goesBefore = (directory: number, rank = 1) => registry.goesBefore("a", precedence(directory, rank));
  assert.deepEqual([goesBefore(2), goesBefore(1, 0), goesBefore(0)], [true, false, false]);
  assert.equal(registry.goesBefore("b", precedence(2)), false);
  registry.break("1/a.conf");
  assert.equal(registry.remembers("1/a.conf"), true);
  assert.equal(goesBefore(2), false);
});

Deno.test("an override that asks for more than the file allows is passed over, and told of", () => {
  const told: Array<[string, string | undefined]> = [];
  const registry = new JobRegistry((file, error) => told.push([file, error?.message]));
  const confine = (job: JobDefinition): JobDefinition => {
    if (job.setuid === "root") throw new Error("not as root");
    return { ...job, setuid: job.setuid ?? "alice" };
  };
  const job = confine(emptyJob("web", "/etc/init/web.ts"));
  registry.define("/etc/init/web.ts", { directory: 0, rank: 0 }, [job], confine);
  const override = (user: string) =>
    registry.override("/etc/init/web.override", { directory: 0, rank: 0 }, "web", (job) => (
      { ...job, setuid: user, nice: 5 }
    ));
  override("root");
  registry.changes();
  assert.deepEqual(registry.definition("web"), job);
  override("alice");
  registry.changes();
  assert.deepEqual(registry.definition("web"), { ...job, nice: 5 });
  assert.deepEqual(told, [["/etc/init/web.override", "not as root"], ["/etc/init/web.override", undefined]]);
});
