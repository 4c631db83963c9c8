/** The program that a simulation runs: init as a whole, and what a look at its inside is taken by. */

import type { Effect, Input, NoticeKind, Time } from "../../lib/engine/effects.ts";
import type { EngineSnapshot } from "../../lib/engine/snapshot/engine_snapshot.ts";
import { Engine } from "../../lib/engine/engine.ts";

export { main } from "../../lib/init/init.ts";

/** Who is told of all that engines are given, and of what they answer. */
export interface EngineListener {
  handled(engine: Engine, input: Input, now: Time, effects: readonly Effect[]): void;
  muted(kinds: readonly NoticeKind[]): void;
  /** An engine was restored: its clocks have stood still for so long, in ms. */
  restored(pause: number): void;
}

/** Has a listener told. */
export function observe(listener: EngineListener): void {
  const { handle } = Engine.prototype;
  Engine.prototype.handle = function (input, now) {
    const effects = handle.call(this, input, now);
    listener.handled(this, input, now, effects);
    return effects;
  };
  const { restore } = Engine;
  Engine.restore = (saved, now) => {
    const engine = restore.call(Engine, saved, now);
    listener.restored(now.monotonic - (saved as EngineSnapshot).now.monotonic);
    return engine;
  };
  const { set } = Object.getOwnPropertyDescriptor(Engine.prototype, "muted")!;
  Object.defineProperty(Engine.prototype, "muted", {
    set(kinds: ReadonlySet<NoticeKind>) {
      set!.call(this, kinds);
      listener.muted([...kinds]);
    },
  });
}
