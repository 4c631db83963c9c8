/** The rules of the engine within an init. */

import { isDeepStrictEqual } from "node:util";
import { Engine } from "../../../lib/engine/engine.ts";
import { compareTrace, differenceInWords } from "../../naive/compare.ts";
import type { Rule, Scene } from "./rule.ts";
import { ENVIRONMENT } from "../world.ts";

/** The engine does what the naive engine does by the same inputs, restarts of init in between. */
export const AS_NAIVE: Rule = {
  name: "the engine does what the naive engine does",
  atEnd({ history, world }) {
    const endsWithRunlevel = !world.options.setting.words.includes("--user");
    const surroundings = { defaults: ENVIRONMENT, initEnvironment: ENVIRONMENT, endsWithRunlevel };
    const { difference } = compareTrace({ ...surroundings, entries: history });
    if (!difference) return [];
    const entry = history[difference.entry]!;
    const input = "input" in entry ? JSON.stringify(entry.input).slice(0, 300) : "";
    return [`input ${difference.entry}, ${input}:\n${differenceInWords(difference).join("\n")}`];
  },
};

/** After how many inputs an engine is saved and restored anew. */
const SAVED_EVERY = 37;

/** An engine that was restored, and how many inputs it has had since. */
interface Restored {
  engine: Engine;
  inputs: number;
}

const restored = new WeakMap<Scene, Restored>();

/** An engine that was saved and restored at any step has the same future. */
export const SAME_FUTURE: Rule = {
  name: "what is saved and restored has the same future",
  atInput(scene, engine, input, effects) {
    const { clock } = scene.world.kernel, entry = scene.history.at(-1)!;
    // While init is restarted, the clocks of its engine stand still.
    const now = "now" in entry ? entry.now : { monotonic: clock.now, wall: clock.wall };
    const isMuted = "muted" in (scene.history.at(-2) ?? {});
    const before = isMuted ? undefined : restored.get(scene), problems: string[] = [];
    if (before) {
      const again = before.engine.handle(structuredClone(input), now);
      const [one, other] = [effects, again].map((list) => JSON.parse(JSON.stringify(list)));
      if (!isDeepStrictEqual(one, other)) {
        problems.push(
          `${JSON.stringify(input).slice(0, 300)} led to ${inWords(other)} instead of ${inWords(one)}`,
        );
      }
    }
    if (!before || ++before.inputs === SAVED_EVERY) {
      const saved = JSON.parse(JSON.stringify(engine.save({ ...now, monotonic: clock.now })));
      restored.set(scene, { engine: Engine.restore(saved, now), inputs: 0 });
    }
    return problems;
  },
};

function inWords(effects: unknown): string {
  return JSON.stringify(effects).slice(0, 600);
}
