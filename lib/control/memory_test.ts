import assert from "node:assert/strict";
import { Memory } from "./memory.ts";

/** A memory, and the keys whose values were made. */
function memoryOf(most: number): { memory: Memory<string>; made: string[]; get(key: string): void } {
  const memory = new Memory<string>(most);
  const made: string[] = [];
  const make = (key: string) => {
    made.push(key);
    return `value of ${key}`;
  };
  const get = (key: string) => assert.equal(memory.get(key, () => make(key)), `value of ${key}`);
  return { memory, made, get };
}

Deno.test("a value is made once, as long as it is asked for now and then", () => {
  const { made, get } = memoryOf(4);
  for (let round = 0; round < 20; round++) {
    get("often");
    get(`once ${round}`);
  }
  assert.equal(made.filter((key) => key === "often").length, 1);
  assert.equal(made.length, 21);
});

Deno.test("what is not asked for any more is forgotten, and never is much held", () => {
  const { memory, made, get } = memoryOf(4);
  get("first");
  for (let round = 0; round < 1000; round++) {
    get(`once ${round}`);
    assert.ok(memory.size <= 8, `${memory.size} values`);
  }
  get("first");
  assert.equal(made.filter((key) => key === "first").length, 2);
});

Deno.test("values of long keys are not held", () => {
  const { memory, made, get } = memoryOf(4);
  const long = "k".repeat(10_000);
  get(long);
  get(long);
  assert.deepEqual([memory.size, made.length], [0, 2]);
});

Deno.test("a value that cannot be made is not held", () => {
  const { memory, get } = memoryOf(4);
  const fail = () => {
    throw new Error("no value");
  };
  assert.throws(() => memory.get("key", fail), /no value/);
  assert.equal(memory.size, 0);
  get("key");
});
