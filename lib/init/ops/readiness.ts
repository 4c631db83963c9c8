/** The readiness check: whether all services are up, and which are missing. */

import { formatCondition } from "../../config/formats.ts";
import type { JobView, Supervisor } from "../../control/supervisor.ts";
import type { Notice } from "../../model/requests.ts";
import { lintConditions } from "../../lint/conditions.ts";
import type { Part } from "../parts/part.ts";
import { displayName } from "../../model/display_name.ts";

/** The part of init that is checked. */
export type ReadinessSubject = Pick<Supervisor, "job" | "jobs"> & {
  /** True when all jobs are to stop for good. */
  readonly stopping: boolean;
  /** The problems of the configuration, with file and line; `isMissed` when a job is missing because of one. */
  problems(): Array<{ problem: string; isMissed: boolean }>;
};

/** What is saved of a {@link ReadinessCheck}. */
export interface SavedReadiness {
  phase: "loading" | "starting" | "started";
  failed: Array<[job: string, names: string[]]>;
  requiredJob?: string;
}

/** How many notes a response has. Probes come every few seconds, and their responses are stored. */
const MAX_NOTES = 20;

/**
 * Knows which jobs are missing. A service must be up from its start until it is told to stop; it is up in the state
 * `running`, and healthy. A service that failed is missing until it is started again or its definition is removed.
 *
 * Until everything has been up once, more is missing: tasks that have not ended, for other jobs may follow them; files
 * that are broken, which later do not stop anything that is up; and the required job, until it has been started.
 */
export class ReadinessCheck implements Part<SavedReadiness> {
  #phase: SavedReadiness["phase"] = "loading";
  /** Where it is to be noted soon whether everything is up. */
  #check: ReturnType<typeof setImmediate> | undefined;
  /** Failed instances, `JOB` or `JOB (INSTANCE)`, by job. */
  readonly #failed = new Map<string, Set<string>>();

  /** @param requiredJob A job that is missing until it has been started once. */
  constructor(private readonly init: ReadinessSubject, private requiredJob?: string) {}

  /** To be called when the configuration is loaded. */
  loaded(): void {
    if (this.#phase !== "loading") return;
    this.#phase = "starting";
    this.#checkSoon();
  }

  /** To be called with every notice. */
  observe(notice: Notice): void {
    if (notice.kind === "job-removed") this.#failed.delete(notice.job);
    else if (notice.kind === "goal-changed" && notice.goal === "start") {
      if (notice.job === this.requiredJob) this.requiredJob = undefined;
      this.#failed.get(notice.job)?.delete(displayName(notice.job, notice.instance));
    } else if (notice.kind === "failed" && this.#counts(notice.job)) {
      const failed = this.#failed.get(notice.job) ?? new Set();
      this.#failed.set(notice.job, failed.add(displayName(notice.job, notice.instance)));
    }
    if (this.#phase === "starting" && (this.#check || mayComplete(notice))) this.#checkSoon();
  }

  /** Ends the checks that are due. */
  close(): void {
    clearImmediate(this.#check);
    this.#check = undefined;
  }

  save(): SavedReadiness {
    return {
      phase: this.#phase,
      failed: Array.from(this.#failed, ([job, names]) => [job, [...names]]),
      ...(this.requiredJob !== undefined && { requiredJob: this.requiredJob }),
    };
  }

  restore({ phase, failed, requiredJob }: SavedReadiness): void {
    this.#phase = phase;
    this.requiredJob = requiredJob;
    for (const [job, names] of failed) this.#failed.set(job, new Set(names));
    // A check may have been due when it was saved.
    if (phase === "starting") this.#checkSoon();
  }

  /** What is missing, a line each. Empty when everything is up. */
  missing(): string[] {
    if (this.#phase === "loading") return ["the configuration is being loaded"];
    if (this.init.stopping) return ["init is leaving"];
    const missing = this.#phase === "started" ? [] : [...this.#notStarted(), ...this.#broken()];
    for (const names of this.#failed.values()) for (const name of names) missing.push(`${name} failed`);
    for (const { definition, instances } of this.init.jobs()) {
      if (!this.#counts(definition.name)) continue;
      for (const { name, goal, state, isUnhealthy } of instances.values()) {
        const isUp = state === "running" && !definition.task;
        if (goal === "stop" || isUp && !isUnhealthy) continue;
        missing.push(`${displayName(definition.name, name)} ${isUp ? "unhealthy" : `${goal}/${state}`}`);
      }
    }
    if (missing.length === 0) this.#phase = "started";
    return missing;
  }

  /**
   * Notes that everything is up, if it is, when nothing has happened for two turns of the loop. By then whatever starts
   * on the last change has begun, and all notices of it have come.
   */
  #checkSoon(): void {
    clearImmediate(this.#check);
    this.#check = setImmediate(() => {
      this.#check = setImmediate(() => {
        this.#check = undefined;
        this.missing();
      });
    });
  }

  /** What does not affect readiness but should be known, a line each. */
  notes(): string[] {
    const notes = [...this.init.problems().map(({ problem }) => problem), ...waiting(this.init.jobs())];
    const more = notes.length - MAX_NOTES;
    return more > 0 ? [...notes.slice(0, MAX_NOTES), `and ${more} more like these`] : notes;
  }

  #notStarted(): string[] {
    if (this.requiredJob === undefined) return [];
    const startOn = this.init.job(this.requiredJob)?.definition.startOn;
    return [
      `${this.requiredJob} waits${startOn ? `: start on ${formatCondition(startOn)}` : " to be started"}`,
    ];
  }

  #broken(): string[] {
    return this.init.problems().flatMap(({ problem, isMissed }) => isMissed ? problem : []);
  }

  #counts(job: string): boolean {
    return this.#phase !== "started" || this.init.job(job)?.definition.task === false;
  }
}

/** True for a notice after which nothing may be missing any more. */
function mayComplete(notice: Notice): boolean {
  if (notice.kind === "state-changed") return notice.state === "running";
  if (notice.kind === "goal-changed") return notice.goal === "stop";
  return notice.kind === "instance-removed" || notice.kind === "job-added" || notice.kind === "job-removed";
}

const UNKNOWN = new Set(["unknown-event", "unknown-job"] as const);

/** The jobs that wait for events or jobs that no definition mentions. Somebody else may emit or add them. */
function waiting(jobs: Iterable<JobView>): string[] {
  const all = [...jobs];
  const idle = new Set(
    all.filter(({ instances }) => instances.size === 0).map(({ definition }) => definition.name),
  );
  return lintConditions(all.map(({ definition }) => definition), UNKNOWN)
    .filter(({ job, stanza }) => stanza === "start on" && idle.has(job))
    .map(({ job, reason }) => `${job} waits: ${reason}`);
}
