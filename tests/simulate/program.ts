/** The program that a simulation runs: init as a whole, and what a look at its inside is taken by. */

import type { Effect, Input, Time } from "../../lib/engine/effects.ts";
import { Engine } from "../../lib/engine/engine.ts";

export { main } from "../../lib/init/init.ts";

/** Has a function told of all that engines are given, and of what they answer. */
export function observe(
  told: (engine: Engine, input: Input, time: Time, effects: readonly Effect[]) => void,
): void {
  const { handle } = Engine.prototype;
  Engine.prototype.handle = function (input, time) {
    const effects = handle.call(this, input, time);
    told(this, input, time, effects);
    return effects;
  };
}
