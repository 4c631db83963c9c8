/** The engine does what the naive engine does. `deno task engines` compares for as long as one likes. */

import assert from "node:assert/strict";
import { job, on } from "../../lib/engine/testing/definitions.ts";
import { compareHistories } from "./check.ts";
import { compareTrace, effectInWords, type Trace, type TraceEntry } from "./compare.ts";
import { History } from "./history.ts";

Deno.test("by random histories, both engines do the same", () => {
  const { histories, inputs, effects } = compareHistories(1, 500);
  assert.equal(histories, 500);
  assert(inputs > 10_000 && effects > 50_000, `${inputs} inputs, ${effects} effects`);
});

/** What an engine does when `web` starts and stops, and `db` with it. */
function trace(): Trace & { entries: TraceEntry[] } {
  const history = new History([
    job("web", { runs: ["main", "post-stop"], startOn: on("started db") }),
    job("db", { env: ["K=1"] }),
  ]);
  const what = { job: "db", environment: [], wait: true };
  history.step({ kind: "request", what: { kind: "start", ...what } });
  history.step({ kind: "spawn-all" });
  history.step({ kind: "set-env", variable: "K=2", replace: true, job: "db" });
  history.step({ kind: "request", what: { kind: "stop", ...what } });
  history.step({ kind: "exit", which: 0, exit: { status: 0 }, forks: 0 });
  return { ...history.trace, entries: history.entries };
}

Deno.test("an effect that is missing, one too many, and one that is another are found where they are", () => {
  const { entries, ...world } = trace();
  assert.equal(compareTrace({ ...world, entries }).difference, undefined);
  entries.forEach((entry, place) => {
    if (!("effects" in entry)) return;
    const { effects } = entry;
    effects.forEach((effect, index) => {
      const other = { kind: "log", priority: "info", message: "another" } as const;
      for (const instead of [[], [effect, other], [other]]) {
        const wrong = { ...entry, effects: effects.toSpliced(index, 1, ...instead) };
        const { difference } = compareTrace({ ...world, entries: entries.with(place, wrong) });
        assert.equal(difference?.entry, place);
        assert.equal(difference.effect, index + (instead.length === 2 ? 1 : 0), effectInWords(effect));
      }
    });
  });
});

Deno.test("muted kinds are left out from then on", () => {
  const { entries, ...world } = trace();
  const quiet = entries.map((entry) => {
    if (!("effects" in entry)) return entry;
    return { ...entry, effects: entry.effects.filter((one) => one.kind !== "log" && one.kind !== "notice") };
  });
  const kinds = ["info", "job-added", "instance-added", "instance-removed", "goal-changed", "state-changed"];
  const muted = [...kinds, "spawned", "event-begun", "event-emitted"] as never[];
  assert.notEqual(compareTrace({ ...world, entries: quiet }).difference, undefined);
  assert.equal(compareTrace({ ...world, entries: [{ muted }, ...quiet] }).difference, undefined);
});
