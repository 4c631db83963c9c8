import assert from "node:assert/strict";
import fc from "fast-check";
import { Environment, environment, isPair, setPair } from "./environment.ts";

Deno.test("the last of several values counts, in the place of the first", () => {
  assert.deepEqual(environment(["A=1", "B=2", "A=3"]).pairs(), ["A=3", "B=2"]);
});

Deno.test("values may hold anything, and a string without = is ignored", () => {
  assert.deepEqual([...environment(["A=x=y", "B=", "none", "C=a b\n"])], [["A", "x=y"], ["B", ""], [
    "C",
    "a b\n",
  ]]);
  const target = environment(["A=1"]);
  setPair(target, "A");
  assert.deepEqual(target.pairs(), ["A=1"]);
});

Deno.test("what is a pair", () => {
  for (const text of ["A=", "a_9=x=y", "9=1", "A=\n", "A b=1", "A-B=1", " A=1", "ü=1", "=1"]) {
    assert(isPair(text), text);
  }
  for (const text of ["", "A", "A b"]) assert(!isPair(text), text);
});

const name = fc.constantFrom("A", "B", "C", "D", "");

/** Something that is done with an environment. */
const step = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), name, value: fc.constantFrom("", "1", "2") }),
  fc.record({ kind: fc.constant("delete" as const), name }),
  fc.record({ kind: fc.constant("derive" as const) }),
  fc.record({ kind: fc.constant("clear" as const) }),
);

const sorted = (variables: Iterable<[string, string]>) => Array.from(variables).sort();

Deno.test("environments that begin as others are as independent of them as copies, and as complete", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), step), { maxLength: 30 }), (steps) => {
      const environments = [new Environment([["A", "0"], ["B", "0"]])];
      const copies = [new Map([["A", "0"], ["B", "0"]])];
      for (const [which, step] of steps) {
        const index = which % environments.length;
        const [changed, copy] = [environments[index]!, copies[index]!];
        if (step.kind === "set") {
          changed.set(step.name, step.value);
          copy.set(step.name, step.value);
        } else if (step.kind === "delete") {
          changed.delete(step.name);
          copy.delete(step.name);
        } else if (step.kind === "clear") {
          changed.clear();
          copy.clear();
        } else {
          environments.push(changed.derive());
          copies.push(new Map(copy));
        }
        environments.forEach((environment, index) => {
          const copy = copies[index]!;
          assert.deepEqual(sorted(environment), sorted(copy));
          assert.deepEqual(
            environment.pairs(),
            Array.from(environment, ([name, value]) => `${name}=${value}`),
          );
          assert.deepEqual(environment.values(), Array.from(environment, ([, value]) => value));
          for (const name of ["A", "B", "C", "D", ""]) {
            assert.equal(environment.get(name), copy.get(name));
            assert.equal(environment.has(name), copy.has(name));
          }
        });
      }
    }),
  );
});

Deno.test("variables stay in the order in which they were first set, those that were there from the beginning first", () => {
  const first = new Environment([["Z", "1"], ["A", "2"]]);
  const second = first.derive();
  second.set("B", "3");
  second.set("Z", "4");
  first.set("Z", "5");
  assert.deepEqual(second.pairs(), ["Z=4", "A=2", "B=3"]);
  assert.deepEqual(second.derive().pairs(), ["Z=4", "A=2", "B=3"]);
  assert.deepEqual(first.derive().pairs(), ["Z=5", "A=2"]);
});
