import assert from "node:assert/strict";
import { BoundedCache } from "./bounded_cache.ts";

/** A cache, and the keys whose values were made. */
function cacheOf(most: number): { cache: BoundedCache<string>; made: string[]; get(key: string): void } {
  const cache = new BoundedCache<string>(most);
  const made: string[] = [];
  const make = (key: string) => {
    made.push(key);
    return `value of ${key}`;
  };
  const get = (key: string) => assert.equal(cache.find(key) ?? cache.add(key, make(key)), `value of ${key}`);
  return { cache, made, get };
}

Deno.test("a value is made once, as long as it is asked for now and then", () => {
  const { made, get } = cacheOf(4);
  for (let round = 0; round < 20; round++) {
    get("often");
    get(`once ${round}`);
  }
  assert.equal(made.filter((key) => key === "often").length, 1);
  assert.equal(made.length, 21);
});

Deno.test("what is not asked for any more is forgotten, and never is much held", () => {
  const { cache, made, get } = cacheOf(4);
  get("first");
  for (let round = 0; round < 1000; round++) {
    get(`once ${round}`);
    assert.ok(cache.size <= 8, `${cache.size} values`);
  }
  get("first");
  assert.equal(made.filter((key) => key === "first").length, 2);
});

Deno.test("values of long keys are not held", () => {
  const { cache, made, get } = cacheOf(4);
  const long = "k".repeat(10_000);
  get(long);
  get(long);
  assert.deepEqual([cache.size, made.length], [0, 2]);
});
