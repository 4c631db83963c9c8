/**
 * The product with faults, which tests provoke by events. An executable is made of it by `deno task build --main`, so that
 * nothing of it is in the product.
 */

import { existsSync } from "node:fs";
import { Engine } from "../../../lib/engine/engine.ts";
import type { Effect, Input } from "../../../lib/engine/effects.ts";
import { PendingRequests } from "../../../lib/init/parts/pending_requests.ts";
import { Timers } from "../../../lib/init/parts/timers.ts";

/** While this file is there, the engine fails at each end of a process. */
const FAILING_EXITS = "/run/failing-exits";

const { handle, save } = Engine.prototype;

const seen = new WeakSet<Input>();

/** How many ends of processes the engine still fails at. */
let failingExits = 0;

function fail(what: string): never {
  throw new TypeError(`a fault ${what}`);
}

/** Throws in a callback that nobody has around it. */
function failLater(): void {
  setTimeout(() => fail("in a callback"));
}

/** What an event of this name provokes. */
const FAULTS: Record<string, () => void> = {
  "fault-callback": failLater,
  "fault-rejection": () => void Promise.reject(new TypeError("a fault in a promise")),
  "fault-exit": () => void failingExits++,
  "fault-part-save"() {
    Timers.prototype.save = () => fail("in the save of the timers");
    PendingRequests.prototype.save = () => fail("in the save of the requests");
    failLater();
  },
  "fault-engine-save"() {
    let isFirst = true;
    Engine.prototype.save = function (now) {
      if (!isFirst) return save.call(this, now);
      isFirst = false;
      return fail("in the save of the engine");
    };
    failLater();
  },
  "fault-every-save"() {
    Engine.prototype.save = () => fail("in the save of the engine");
    failLater();
  },
};

function eventOf(input: Input): string | undefined {
  return input.kind === "request" && input.what.kind === "emit" ? input.what.event : undefined;
}

/** The engine does its work, and fails then: its state has changed, and the effects are lost. */
Engine.prototype.handle = function (input, now): Effect[] {
  const effects = handle.call(this, input, now);
  // It may be handled again, by an engine that is made from the inputs of before.
  if (seen.has(input)) return effects;
  seen.add(input);
  const event = eventOf(input);
  if (event === "fault-engine") fail("in the engine");
  if (input.kind === "exited" && (failingExits > 0 || existsSync(FAILING_EXITS))) {
    failingExits--;
    fail("in the engine at an exit");
  }
  if (event !== undefined) FAULTS[event]?.();
  return effects;
};

await import("../../../main.ts");
