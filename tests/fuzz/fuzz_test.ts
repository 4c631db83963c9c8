/**
 * Readers of bytes from outside, each with its corpus, with inputs of the right form, with changes to both, and with pieces
 * that are repeated. `deno task fuzz` goes on from here, led by coverage.
 */

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { corpusFiles, corpusOf, longInputs, shapedInputs } from "./inputs.ts";
import { Mutator, Random } from "./mutation.ts";
import { failureOf, shrunk } from "./shrink.ts";
import type { Target } from "./target.ts";
import { TARGETS } from "./targets.ts";

/** The seed of all inputs that are made: the same ones each time. */
const SEED = 18;

/** So many inputs of the right form are read, and so many changed ones. */
const SHAPED = 20, CHANGED = 120;

/** So long are changed inputs, and those of one piece over and over, in bytes. */
const LENGTH = 4096;

/** Inputs of a target that are the same each time. */
function inputsOf(target: Target): Buffer[] {
  const known = [Buffer.alloc(0), ...corpusOf(target), ...shapedInputs(target, SHAPED, SEED)];
  const mutator = new Mutator(new Random(SEED), target.words ?? [], LENGTH);
  const changed = Array.from({ length: CHANGED }, () => mutator.next(known));
  return [...known, ...changed, ...longInputs(target, Math.min(LENGTH, target.longest ?? LENGTH))];
}

for (const target of TARGETS) {
  Deno.test(`${target.name}: ${target.from}`, async () => {
    for (const input of inputsOf(target)) {
      const error = await failureOf(target, input);
      if (error === undefined) continue;
      const short = await shrunk(target, input);
      throw new Error(`${target.name} fails on ${JSON.stringify(short.toString("latin1"))}`, {
        cause: error,
      });
    }
  });
}

Deno.test("each target has a name of its own, and a corpus; each corpus has a target", () => {
  const names = TARGETS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.deepEqual(readdirSync(join(import.meta.dirname!, "corpus")).sort(), [...names].sort());
  for (const target of TARGETS) {
    assert.ok(corpusFiles(target).every(existsSync) && corpusFiles(target).length > 0);
  }
});

Deno.test("a fault is found by the mutations, and its input is made short", async () => {
  const target: Target = {
    name: "broken",
    from: "a reader that fails",
    read: (bytes) => assert.ok(!/needle.*7$/.test(bytes.toString("latin1"))),
    words: ["needle"],
  };
  const mutator = new Mutator(new Random(SEED), ["needle"], LENGTH),
    known = [Buffer.from("some text that ends with 7")];
  let found: Buffer | undefined;
  for (let tries = 0; !found && tries < 1000; tries++) {
    const input = mutator.next(known);
    if (await failureOf(target, input)) found = input;
  }
  assert.ok(found, "nothing was found");
  assert.equal((await shrunk(target, found)).toString(), "needle7");
});
