/**
 * The withheld job: one whose changes are not passed on before all of its files have been read and none has a problem.
 * Pure.
 */

import type { DefinitionChange } from "../engine/effects.ts";
import type { JobDefinition } from "../model/job.ts";

/** Withholds changes of one job's definition. */
export class WithheldJob {
  /** True once the configuration has been read for the first time. */
  #isReleased = false;
  /** The definition that the configuration has. */
  #found: JobDefinition | undefined;
  /** The definition that was passed on last. */
  #reported: JobDefinition | undefined;

  /**
   * @param bare The default definition: the job without a file.
   * @param isSound Whether none of the job's files has a problem.
   */
  constructor(private readonly bare: JobDefinition, private readonly isSound: () => boolean) {}

  /** The configuration has been read for the first time: from now on {@link filter} passes the job's changes on. */
  release(): void {
    this.#isReleased = true;
  }

  /** The changes to pass on: those of other jobs, and that of this job where its definition differs from the last one. */
  filter(changes: readonly DefinitionChange[]): DefinitionChange[] {
    const others: DefinitionChange[] = [];
    for (const change of changes) {
      if (change.name === this.bare.name) this.#found = change.definition;
      else others.push(change);
    }
    const now = this.#present();
    if (now === this.#reported) return others;
    this.#reported = now;
    return [...others, { name: this.bare.name, definition: now }];
  }

  #present(): JobDefinition | undefined {
    if (this.#isReleased && this.isSound()) return this.#found;
    // Keep the last valid definition, but never the default one, which has no restrictions.
    return this.#reported === this.bare ? undefined : this.#reported;
  }
}
