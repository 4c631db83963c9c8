/** Is everything up that must be up? */

import type { Notice, Supervisor } from "../../control/supervisor.ts";

/** What is looked at. `stopping`: all jobs are to stop for good. */
export type Watched = Pick<Supervisor, "job" | "jobs"> & { readonly stopping: boolean };

/**
 * Knows what is missing. A service must be up from when its start condition is met (or somebody starts it) until
 * it is told to stop; it is up in the state `running`. One that failed is missing until it is started again or
 * its definition goes. Tasks that run from the start on are waited for as well, so that what comes after them is
 * not forgotten; once all was up, tasks come and go as they like.
 */
export class Readiness {
  #phase: "loading" | "starting" | "started" = "loading";
  /** Failed instances, `JOB` or `JOB (INSTANCE)`, by job. */
  readonly #failed = new Map<string, Set<string>>();

  constructor(private readonly init: Watched) {}

  /** The configuration is loaded, and the first event has set jobs in motion. */
  loaded(): void {
    if (this.#phase === "loading") this.#phase = "starting";
  }

  /** To be told of everything that happens. */
  observe(notice: Notice): void {
    if (notice.kind === "job-removed") this.#failed.delete(notice.job);
    else if (notice.kind === "goal-changed" && notice.goal === "start") {
      this.#failed.get(notice.job)?.delete(displayName(notice));
    } else if (notice.kind === "failed" && this.#counts(notice.job)) {
      const failed = this.#failed.get(notice.job) ?? new Set();
      this.#failed.set(notice.job, failed.add(displayName(notice)));
    }
  }

  /** What is not up yet, a line each; empty when everything is. */
  missing(): string[] {
    if (this.#phase === "loading") return ["the configuration is being loaded"];
    if (this.init.stopping) return ["init is leaving"];
    const missing = Array.from(this.#failed.values()).flatMap((names) =>
      Array.from(names, (name) => `${name} failed`)
    );
    for (const { definition, instances } of this.init.jobs()) {
      if (!this.#counts(definition.name)) continue;
      for (const { name, goal, state } of instances.values()) {
        if (goal === "stop" || (state === "running" && !definition.task)) continue;
        missing.push(`${displayName({ job: definition.name, instance: name })} ${goal}/${state}`);
      }
    }
    if (missing.length === 0) this.#phase = "started";
    return missing;
  }

  #counts(job: string): boolean {
    return this.#phase !== "started" || this.init.job(job)?.definition.task === false;
  }
}

function displayName({ job, instance }: { job: string; instance: string }): string {
  return instance === "" ? job : `${job} (${instance})`;
}
