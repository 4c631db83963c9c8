/** Checkpoints: an engine that has failed halfway through an input is made anew as it was before that. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Input } from "../effects.ts";
import type { Engine } from "../engine.ts";
import { EngineState } from "../engine_state.ts";
import { job } from "../testing/definitions.ts";
import { Harness, newEngine } from "../testing/harness.ts";
import { definitions, histories, PARAMETERS } from "../testing/histories.ts";
import { Checkpoint } from "./checkpoint.ts";

/** The operations of the engine's state that all its parts go through, so that a fault in one is a fault anywhere. */
const OPERATIONS = ["effect", "notice", "emit", "number", "setTimer", "unsubscribe"] as const;

class Fault extends Error {}

/** Has the engine fail at an operation, counted from 0. False: it has not come so far. */
function fails(engine: Engine, input: Input, now: { monotonic: number; wall: number }, at: number): boolean {
  const originals = OPERATIONS.map((name) => [name, EngineState.prototype[name]] as const);
  let left = at;
  for (const [name, original] of originals) {
    EngineState.prototype[name] = function (this: EngineState, ...words: never[]) {
      if (left-- === 0) throw new Fault();
      return (original as (...words: never[]) => unknown).apply(this, words);
    } as never;
  }
  try {
    engine.handle(input, now);
    return false;
  } catch (error) {
    assert(error instanceof Fault, String(error));
    return true;
  } finally {
    for (const [name, original] of originals) EngineState.prototype[name] = original as never;
  }
}

Deno.test("whatever input an engine fails at, and wherever, it is as before, and has the same future", () => {
  let failures = 0;
  const places = fc.array(fc.tuple(fc.nat(80), fc.nat(12)), { minLength: 1, maxLength: 8 });
  const property = fc.property(definitions, histories, places, (definitions, steps, places) => {
    const harness = new Harness(definitions, false);
    for (const step of steps) harness.step(step);
    const checkpoint = new Checkpoint(), faults = new Map(places);
    let engine = newEngine();
    harness.inputs.forEach(([input, now], index) => {
      const at = faults.get(index);
      if (at !== undefined) {
        const before = JSON.stringify(engine.save(now));
        checkpoint.note(engine, input, now);
        if (fails(engine, input, now, at)) {
          failures++;
          engine = checkpoint.undo();
          assert.equal(JSON.stringify(engine.save(now)), before);
        } else engine = checkpoint.undo();
      }
      checkpoint.note(engine, input, now);
      assert.equal(JSON.stringify(engine.handle(input, now)), JSON.stringify(harness.effects[index]));
    });
  });
  fc.assert(property, PARAMETERS);
  assert(failures > PARAMETERS.numRuns / 10, `${failures} failures`);
});

const AT = { monotonic: 1, wall: 1 }, EVENT: Input = { kind: "event", event: "x", environment: [] };

Deno.test("a checkpoint is made anew when the engine is changed by something else, and after many inputs", () => {
  const engine = newEngine(), checkpoint = new Checkpoint();
  let saves = 0;
  const save = engine.save.bind(engine);
  engine.save = (now) => {
    saves++;
    return save(now);
  };
  engine.environments.onChange = () => checkpoint.forget();
  checkpoint.note(engine, EVENT, AT);
  engine.environments.set("A=1", true);
  assert.throws(() => checkpoint.rebuild(), /no checkpoint/);
  checkpoint.note(engine, EVENT, AT);
  assert.deepEqual(checkpoint.undo().environments.list(), ["A=1", "HOME=/", "PATH=/bin"]);
  assert.equal(saves, 2);
  for (let count = 0; count < 1001; count++) checkpoint.note(engine, EVENT, AT);
  assert.equal(saves, 3);
});

Deno.test("an input at which the engine cannot be saved is undone, and none of those before", () => {
  const engine = newEngine(), checkpoint = new Checkpoint();
  const last: Input = { kind: "definitions", changes: [{ name: "web", definition: job("web") }] };
  for (let count = 1; count <= 1000; count++) {
    const input = count < 1000 ? EVENT : last;
    checkpoint.note(engine, input, AT);
    engine.handle(input, AT);
  }
  const before = JSON.stringify(engine.save(AT));
  engine.save = () => {
    throw new Fault();
  };
  assert.throws(() => checkpoint.note(engine, EVENT, AT), Fault);
  assert.equal(JSON.stringify(checkpoint.undo().save(AT)), before);
});
