/** What a module exports as jobs. */

import { type DefinedJob, isJob } from "./conditions.ts";
import type { Exports } from "./modules.ts";
import { DefinitionError } from "./place.ts";
import { shown } from "./values.ts";

/**
 * The jobs of a module: its default export, or the array's items. A module that exports something but no
 * default is one that others share, and defines no jobs.
 * @throws {DefinitionError} for a default export that is no job.
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
