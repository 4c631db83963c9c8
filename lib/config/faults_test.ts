/**
 * Exceptions of our own code while a configuration is read, thrown on purpose: each is logged, what it concerns counts as
 * broken, and all else is read.
 */

import assert from "node:assert/strict";
import type { JobDefinition } from "../model/job.ts";
import { FORMATS } from "./formats.ts";
import { type Evaluate, evaluator, type ModuleOutcome } from "./evaluation/evaluator.ts";
import { fakeEvaluator, test, type TestConfiguration } from "./testing/test_configuration.ts";
import { toy } from "./testing/toy_format.ts";

function broken(): never {
  return (undefined as unknown as { broken(): never }).broken();
}

/** Collects faults by the places that they are told of. */
class Faults {
  readonly places: string[] = [];

  readonly onFault = (where: string, error: unknown): void => {
    assert(error instanceof TypeError && error.stack !== undefined);
    this.places.push(where);
  };
}

/** Loads two files, of which one meets the fault of a format. */
async function loadWith(it: TestConfiguration, faulty: Partial<typeof toy>): Promise<string[]> {
  const faults = new Faults();
  it.write("one/a.toy", "use good");
  it.write("one/a.toy+", "use more");
  it.write("one/b.conf", "usage good\n");
  await it.load(["one"], { formats: [{ ...toy, ...faulty }, ...FORMATS], onFault: faults.onFault });
  return faults.places;
}

test("a fault of a format breaks the file that it parses, and no other", async (it) => {
  assert.deepEqual(await loadWith(it, { parse: broken }), ["the reading of job files"]);
  assert.deepEqual(it.usages, { b: "good" });
  assert.deepEqual(it.reports, ["one/a.toy: Internal error"]);
});

test("a fault in an override leaves the job as it was", async (it) => {
  const applyOverride: typeof toy.applyOverride = (job, file) => job.source === file.path ? job : broken();
  assert.deepEqual(await loadWith(it, { applyOverride }), ["the reading of job files"]);
  assert.deepEqual(it.usages, { a: "good", b: "good" });
  assert.deepEqual(it.reports, ["one/a.toy+: File is passed over: Internal error"]);
});

test("a fault of the claim of a file breaks that file, and what it said stays in force", async (it) => {
  let isBroken = false;
  const claim: typeof toy.claim = (file) => isBroken ? broken() : toy.claim(file);
  const places = await loadWith(it, { claim });
  assert.deepEqual(places, []);
  isBroken = true;
  await it.configuration.reload();
  assert.deepEqual(it.usages, { a: "good, more", b: "good" });
  assert(it.reports.includes("one/a.toy: Internal error"), it.reports.join());
  assert(places.every((place) => place === "the reading of job files") && places.length > 0);
});

test("a fault in what follows from new definitions keeps no other from being read", async (it) => {
  const faults = new Faults();
  it.write("one/a.conf", "usage a\n");
  await it.load(["one"], { onChanges: broken, onFault: faults.onFault });
  assert.deepEqual(faults.places, ["the change of definitions"]);
});

/** Loads the modules `a` and `b` with an evaluator. */
async function loadModules(it: TestConfiguration, evaluate: Evaluate): Promise<string[]> {
  const faults = new Faults();
  it.write("one/a.ts", "a good");
  it.write("one/b.ts", "b good");
  await it.load(["one"], { evaluate, onFault: faults.onFault });
  return faults.places;
}

const EVALUATION = ["the evaluation of modules"];

for (
  const [when, evaluate] of Object.entries<Evaluate>({
    "at once": broken,
    "later": () => Promise.reject(new TypeError("later")),
  })
) {
  test(`modules whose evaluation fails by a fault ${when} count as broken`, async (it) => {
    assert.deepEqual(await loadModules(it, evaluate), EVALUATION);
    assert.deepEqual(it.reports, ["one/a.ts: Internal error", "one/b.ts: Internal error"]);
    assert.equal(it.configuration.problems().length, 2);
  });
}

test("a module that was evaluated before the fault stays good", async (it) => {
  const evaluate: Evaluate = async ([first, ...others], onOutcome, signal) => {
    await fakeEvaluator()([first!], onOutcome, signal);
    assert.equal(others.length, 1);
    broken();
  };
  assert.deepEqual(await loadModules(it, evaluate), EVALUATION);
  assert.deepEqual(it.usages, { a: "good" });
  assert.deepEqual(it.reports, ["one/b.ts: Internal error"]);
});

test("a fault in what follows from an outcome breaks that module alone", async (it) => {
  const evaluate: Evaluate = async (modules, onOutcome, signal) => {
    const good = modules.filter((module) => module.endsWith("a.ts"));
    await fakeEvaluator()(good, onOutcome, signal);
    const [bad] = modules.filter((module) => !good.includes(module));
    onOutcome({ module: bad!, imports: [], jobs: [undefined as unknown as JobDefinition] });
  };
  assert.deepEqual(await loadModules(it, evaluate), EVALUATION);
  assert.deepEqual(it.usages, { a: "good" });
  assert.deepEqual(it.reports, ["one/b.ts: Internal error"]);
});

/** Evaluates a module with options that are broken. */
async function evaluateWith(
  options: Record<string, unknown>,
): Promise<{ told: string[]; faults: unknown[] }> {
  const outcomes: ModuleOutcome[] = [], faults: unknown[] = [];
  const evaluate = evaluator({
    command: ["/bin/true"],
    directories: [],
    onFault: (error) => faults.push(error),
    ...options,
  });
  await evaluate(["/nowhere/a.ts", "/nowhere/b.ts"], (outcome) => outcomes.push(outcome));
  return { told: outcomes.map(({ module, error }) => `${module}: ${error?.reason}`), faults };
}

Deno.test("a fault while a child is started breaks its modules, and is no mistake of theirs", async () => {
  const { told, faults } = await evaluateWith({ environment: { [Symbol.iterator]: broken } });
  assert.deepEqual(told, ["/nowhere/a.ts: Internal error", "/nowhere/b.ts: Internal error"]);
  assert.deepEqual(faults.map((fault) => fault instanceof TypeError), [true]);
});

Deno.test("a program that is missing is no fault", async () => {
  const { told, faults } = await evaluateWith({ command: ["/nowhere/evaluate"] });
  assert.match(told[0]!, /a\.ts: Module cannot be evaluated: unable to execute .*No such file or directory/);
  assert.deepEqual(faults, []);
});
