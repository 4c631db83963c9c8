/** The counters of starts, respawns, failures, exits and events. */

import { Counter, type CounterConfiguration, type Registry } from "prom-client";
import type { Part } from "../parts/part.ts";
import type { Notice } from "../../model/requests.ts";
import { signalName } from "../../model/signals.ts";

/** How many names of events have a counter. Clients choose names freely; the others are counted together, as `other`. */
const MAX_EVENT_NAMES = 200, OTHER = "other";

/** The notices of one kind. */
type NoticeOf<Kind extends Notice["kind"]> = Extract<Notice, { kind: Kind }>;

/** What is saved of a {@link Tally}. */
type SavedTally = Array<[labels: Record<string, string>, count: number]>;

/** What is saved of {@link NoticeCounters}, by the counters' names. */
export type SavedCounters = Record<string, SavedTally>;

/** The counts of a counter, by its labels: a counter of prom-client does not give its values at once. */
class Tally<Label extends string> implements Part<SavedTally> {
  readonly #counts = new Map<string, [labels: Record<Label, string>, count: number]>();

  constructor(readonly name: string, options: Omit<CounterConfiguration<Label>, "name" | "collect">) {
    const counts = this.#counts;
    new Counter({
      ...options,
      name,
      collect() {
        this.reset();
        for (const [labels, count] of counts.values()) this.inc(labels, count);
      },
    });
  }

  inc(labels: Record<Label, string>, count = 1): void {
    const key = JSON.stringify(labels), known = this.#counts.get(key);
    if (known) known[1] += count;
    else this.#counts.set(key, [labels, count]);
  }

  remove(labels: Record<Label, string>): void {
    this.#counts.delete(JSON.stringify(labels));
  }

  save(): SavedTally {
    return [...this.#counts.values()];
  }

  restore(saved: SavedTally): void {
    for (const [labels, count] of saved) this.inc(labels as Record<Label, string>, count);
  }
}

/** Counters that notices increase. */
export class NoticeCounters implements Part<SavedCounters> {
  readonly #starts: Tally<"job">;
  readonly #respawns: Tally<"job">;
  readonly #failures: Tally<"job">;
  readonly #exits: Tally<"job" | "process" | "status" | "signal">;
  readonly #events: Tally<"event">;
  readonly #eventNames = new Set<string>();

  constructor(registry: Registry) {
    const registers = [registry];
    this.#starts = new Tally("rouse_job_starts_total", {
      help: "Times that the job was started, respawns among them.",
      labelNames: ["job"],
      registers,
    });
    this.#respawns = new Tally("rouse_job_respawns_total", {
      help: "Times that the job was respawned.",
      labelNames: ["job"],
      registers,
    });
    this.#failures = new Tally("rouse_job_failures_total", {
      help: "Times that the job failed.",
      labelNames: ["job"],
      registers,
    });
    this.#exits = new Tally("rouse_job_exits_total", {
      help: "Ends of the job's processes: by exit status, or by the signal that killed them.",
      labelNames: ["job", "process", "status", "signal"],
      registers,
    });
    this.#events = new Tally("rouse_events_total", {
      help: "Events that are over, with all that they set off.",
      labelNames: ["event"],
      registers,
    });
  }

  get #all(): Array<Tally<string>> {
    return [this.#starts, this.#respawns, this.#failures, this.#exits, this.#events];
  }

  save(): SavedCounters {
    return Object.fromEntries(this.#all.map((tally) => [tally.name, tally.save()]));
  }

  restore(saved: SavedCounters): void {
    for (const tally of this.#all) tally.restore(saved[tally.name] ?? []);
    for (const [{ event }] of this.#events.save()) if (event !== OTHER) this.#eventNames.add(event!);
  }

  /** To be called with every notice. */
  observe(notice: Notice): void {
    const count = this.#counters[notice.kind] as ((notice: Notice) => void) | undefined;
    count?.(notice);
  }

  readonly #counters: { [Kind in Notice["kind"]]?: (notice: NoticeOf<Kind>) => void } = {
    "job-added": ({ job }) => {
      // Without a 0 first, a monitor would miss the first increase.
      for (const counter of [this.#starts, this.#respawns, this.#failures]) counter.inc({ job }, 0);
    },
    "job-removed": ({ job }) => {
      for (const counter of [this.#starts, this.#respawns, this.#failures]) counter.remove({ job });
    },
    "state-changed": ({ job, state }) => {
      if (state === "starting") this.#starts.inc({ job });
    },
    "respawned": ({ job }) => this.#respawns.inc({ job }),
    "failed": ({ job }) => this.#failures.inc({ job }),
    "process-ended": ({ job, process, exit }) => {
      const [status, signal] = "status" in exit
        ? [String(exit.status), ""]
        : ["", signalName(exit.signal) ?? String(exit.signal)];
      this.#exits.inc({ job, process, status, signal });
    },
    "event-emitted": ({ event }) => {
      if (this.#eventNames.size < MAX_EVENT_NAMES) this.#eventNames.add(event);
      this.#events.inc({ event: this.#eventNames.has(event) ? event : OTHER });
    },
  };
}
