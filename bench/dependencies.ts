/**
 * Measures the engine alone with jobs that depend on each other: loaded, started by one event, stopped in order.
 * `deno run -A bench/dependencies.ts [JOBS]`: the time per job should not grow with their number.
 */

import type { Input } from "../lib/engine/effects.ts";
import { Engine } from "../lib/engine/engine.ts";
import { NOTICE_KINDS } from "../lib/engine/effects.ts";
import { job } from "../lib/engine/testing/definitions.ts";
import type { JobDefinition } from "../lib/model/job.ts";

/** How many jobs stand on each other. */
const DEPTH = 20;

const name = (index: number) => `job-${index}`;

/** Three jobs of the layer below, for each job but those of the lowest. */
function below(index: number, width: number): string[] {
  const layer = Math.floor(index / width) - 1;
  return layer < 0 ? [] : [0, 31, 62].map((step) => name(layer * width + (index * 7 + step) % width));
}

type Shape = (index: number, jobs: number) => Partial<JobDefinition>;

const SHAPES: Record<string, Shape> = {
  "no dependencies": () => ({}),
  [`needs, ${DEPTH} deep`]: (index, jobs) => ({ needs: below(index, jobs / DEPTH) }),
  [`after, ${DEPTH} deep`]: (index, jobs) => ({ after: below(index, jobs / DEPTH) }),
  "all need one": (index) => ({ needs: index === 0 ? [] : [name(0)] }),
  "one needs all": (index, jobs) =>
    index === 0 ? { needs: Array.from({ length: jobs - 1 }, (_, other) => name(other + 1)) } : {},
  "a chain": (index) => ({ needs: index === 0 ? [] : [name(index - 1)] }),
};

/** An engine whose processes run as soon as they are spawned, and end as soon as they are told to. */
class World {
  readonly engine = new Engine();
  #lastPid = 0;

  constructor() {
    this.engine.muted = new Set(NOTICE_KINDS);
  }

  drive(first: Input): void {
    const inputs = [first];
    for (const input of inputs) {
      for (const effect of this.engine.handle(input, { monotonic: 0, wall: 0 })) {
        if (effect.kind === "spawn") {
          inputs.push({ kind: "spawned", spawn: effect.spawn, pid: ++this.#lastPid });
        } else if (effect.kind === "kill") {
          inputs.push({ kind: "exited", pid: effect.pid, exit: { signal: effect.signal } });
        } else if (effect.kind === "set-timer" && effect.delay === 0) {
          inputs.push({ kind: "timer", timer: effect.timer });
        }
      }
    }
  }
}

function measure(shape: string, jobs: number): string {
  const definitions = Array.from(
    { length: jobs },
    (_, index) => job(name(index), { startOn: "go", ...SHAPES[shape]!(index, jobs) }),
  );
  const world = new World();
  const times = ([
    {
      kind: "definitions",
      changes: definitions.map((definition) => ({ name: definition.name, definition })),
    },
    { kind: "event", event: "go", environment: [] },
    { kind: "stop-all", inOrder: true },
  ] satisfies Input[]).map((input) => {
    const start = performance.now();
    world.drive(input);
    return `${(performance.now() - start).toFixed(0)} ms`.padStart(9);
  });
  return `${shape.padEnd(20)}${times.join("")}`;
}

const jobs = Number(Deno.args[0] ?? 2000);
console.log(`${`${jobs} jobs`.padEnd(20)}     load    start     stop`);
for (const shape of Object.keys(SHAPES)) console.log(measure(shape, jobs));
