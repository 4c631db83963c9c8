/** A job as the engine holds it: its definition, its condition at work, its instances. */

import type { JobDefinition } from "../model/job.ts";
import type { Instance } from "./instance.ts";
import type { Matcher } from "./matcher.ts";

/** A job. Its definition does not change while it has instances. */
export class Job {
  startOn: Matcher | undefined;
  readonly instances = new Map<string, Instance>();
  /** The definition that takes over (`undefined`: none, the job goes) when the last instance has ended. */
  successor: { definition: JobDefinition | undefined } | undefined;

  constructor(public definition: JobDefinition) {}

  get name(): string {
    return this.definition.name;
  }
}
