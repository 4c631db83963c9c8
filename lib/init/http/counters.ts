/** Counts what happens to jobs and events. */

import { Counter, type Registry } from "prom-client";
import type { Notice } from "../../control/supervisor.ts";
import { signalName } from "../../model/signals.ts";

/** Events have any name that a client likes; those beyond so many are counted together, as `other`. */
export const MOST_EVENT_NAMES = 200;

/** The notices of one kind. */
type NoticeOf<Kind extends Notice["kind"]> = Extract<Notice, { kind: Kind }>;

/** The counters that notices feed. */
export class Counters {
  readonly #starts: Counter<"job">;
  readonly #respawns: Counter<"job">;
  readonly #failures: Counter<"job">;
  readonly #exits: Counter<"job" | "process" | "status" | "signal">;
  readonly #events: Counter<"event">;
  readonly #eventNames = new Set<string>();
  /** Instances that have begun to start since their goal last changed: when they start again, that is a respawn. */
  readonly #begun = new Set<string>();

  constructor(registry: Registry) {
    const registers = [registry];
    this.#starts = new Counter({
      name: "rouse_job_starts_total",
      help: "Times that the job was started, respawns among them.",
      labelNames: ["job"],
      registers,
    });
    this.#respawns = new Counter({
      name: "rouse_job_respawns_total",
      help: "Times that the job was respawned.",
      labelNames: ["job"],
      registers,
    });
    this.#failures = new Counter({
      name: "rouse_job_failures_total",
      help: "Times that the job failed.",
      labelNames: ["job"],
      registers,
    });
    this.#exits = new Counter({
      name: "rouse_job_exits_total",
      help: "Ends of the job's processes: by exit status, or by the signal that killed them.",
      labelNames: ["job", "process", "status", "signal"],
      registers,
    });
    this.#events = new Counter({
      name: "rouse_events_total",
      help: "Events that are over, with all that they set off.",
      labelNames: ["event"],
      registers,
    });
  }

  /** To be told of everything that happens. */
  observe(notice: Notice): void {
    const count = this.#observers[notice.kind] as ((notice: Notice) => void) | undefined;
    count?.(notice);
  }

  readonly #observers: { [Kind in Notice["kind"]]?: (notice: NoticeOf<Kind>) => void } = {
    "job-added": ({ job }) => {
      // A counter is there with 0 before it counts, or its first increase would be missed.
      for (const counter of [this.#starts, this.#respawns, this.#failures]) counter.inc({ job }, 0);
    },
    "job-removed": ({ job }) => {
      for (const counter of [this.#starts, this.#respawns, this.#failures]) counter.remove({ job });
    },
    "goal-changed": (notice) => this.#begun.delete(key(notice)),
    "instance-removed": (notice) => this.#begun.delete(key(notice)),
    "state-changed": (notice) => {
      if (notice.state !== "starting") return;
      const { job } = notice;
      this.#starts.inc({ job });
      if (this.#begun.has(key(notice))) this.#respawns.inc({ job });
      this.#begun.add(key(notice));
    },
    "failed": ({ job }) => this.#failures.inc({ job }),
    "process-ended": ({ job, process, exit }) => {
      const [status, signal] = "status" in exit
        ? [String(exit.status), ""]
        : ["", signalName(exit.signal) ?? String(exit.signal)];
      this.#exits.inc({ job, process, status, signal });
    },
    "event-emitted": ({ event }) => {
      if (this.#eventNames.size < MOST_EVENT_NAMES) this.#eventNames.add(event);
      this.#events.inc({ event: this.#eventNames.has(event) ? event : "other" });
    },
  };
}

function key({ job, instance }: { job: string; instance: string }): string {
  return `${job}/\0${instance}`;
}
