/** Having job modules evaluated by children of this executable, as their owners, and never waiting for them. */

import type { JobDefinition } from "../../model/job.ts";
import type { Report } from "./report.ts";

/** What became of a module: the jobs that it defines, or what is wrong with it. */
export type ModuleOutcome =
  & {
    module: string;
    /** Absolute paths of the local modules that it imports, as far as known. */
    imports: string[];
  }
  & ({ jobs: JobDefinition[]; report?: undefined } | { jobs?: undefined; report: Report });

/** Evaluates modules, tells the outcome of each as it is known, and resolves after the last. */
export type Evaluate = (modules: string[], onOutcome: (outcome: ModuleOutcome) => void) => Promise<void>;
