/** A loaded job: its definition, the state of its `start on` condition, and its instances. */

import type { Exit } from "../model/exit.ts";
import type { JobDefinition } from "../model/job.ts";
import type { Matcher } from "./conditions/matcher.ts";
import type { Instance } from "./instance.ts";

/** How the run of a job failed, for those who need it. */
interface JobFailure {
  /** Why, as the end of a sentence. */
  reason: string;
  /** Its result; undefined when it could not even begin. */
  exit: Exit | undefined;
}

/** A job that the engine knows. Its definition does not change while it has instances. */
export class LoadedJob {
  startOn: Matcher | undefined;
  readonly instances = new Map<string, Instance>();
  /** What replaces the definition when the last instance has ended: another definition, or none, to remove the job. */
  pendingDefinition: { definition: JobDefinition | undefined } | undefined;

  /** True once it has done its work with success; until it is started again, or reset. */
  completed = false;
  /** How its last run failed; undefined when it did not, or has begun to start since. */
  lastFailure: JobFailure | undefined;

  /** The time (ms) by which its starts by itself would be over, had each of them taken {@link START_DELAY}. */
  selfStartsUntil = -Infinity;
  /** True when the log has a message about the loop in which it starts itself. */
  isLoopReported = false;

  /** @param waitNote Says what an instance of it waits for, at this time (ms); empty when it does not wait. */
  constructor(
    public definition: JobDefinition,
    readonly waitNote: (instance: Instance, now: number) => string = () => "",
  ) {}

  get name(): string {
    return this.definition.name;
  }
}
