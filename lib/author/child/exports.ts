/** The jobs that a module exports. */

import { type DefinedJob, isJob } from "../conditions.ts";
import type { Exports } from "./modules.ts";
import { DefinitionError } from "./source_location.ts";
import { shown } from "../values.ts";

/**
 * The jobs of a module: its default export, or the items of that array. A module that has exports but no default one is
 * a library of other modules, and defines no jobs.
 * @throws {DefinitionError} when the default export is no job, and when there are no exports at all.
 */
export function exportedJobs(exports: Exports, module: string): DefinedJob[] {
  if (!Object.hasOwn(exports, "default")) {
    const named = Object.keys(exports).find((name) => isJob(exports[name]));
    if (named) {
      throw new DefinitionError(
        { file: module },
        `exports the job ${named}, but not as default; write export default`,
      );
    }
    if (Object.keys(exports).length > 0) return [];
    throw new DefinitionError(
      { file: module },
      "exports nothing; a job module has export default job({ … })",
    );
  }
  const exported = exports.default;
  const jobs: unknown[] = Array.isArray(exported) ? exported.flat(Infinity) : [exported];
  for (const job of jobs) {
    if (isJob(job)) continue;
    const reason = `exports ${
      shown(job)
    } as default; write export default job({ … }), or an array of such jobs`;
    throw new DefinitionError({ file: module }, reason);
  }
  return jobs as DefinedJob[];
}
