/**
 * The program that init has run to have the services as jobs: it loads the tree, and tells the definitions as the evaluator
 * of modules does (lib/author/protocol.ts). No script runs for that but for its depend(), where a shell has to be asked.
 */

import process from "node:process";
import { runscriptJobs } from "../../../../compat/openrc/mod.ts";
import { type EvaluatorLine, REPORT_DESCRIPTOR } from "../../../author/protocol.ts";
import { readSettings } from "../../../config/openrc/rc_conf.ts";
import { findScripts } from "../../../config/openrc/depend/scripts.ts";
import { ServiceStates } from "../../../config/openrc/states.ts";
import { loadTree } from "../../../config/openrc/depend/tree.ts";
import type { JobDefinition } from "../../../model/job.ts";
import { validateJob } from "../../../model/validate.ts";
import { isFault } from "../../../sys/call/fault.ts";
import { removeFlags, SINGLE_THREAD_FLAGS } from "../../../sys/runtime/variables.ts";
import { selfCommand } from "../../../sys/runtime/self.ts";
import { writeAll } from "../../../sys/io/write_all.ts";
import { dependFunctions } from "../library/mod.ts";
import { describeSystem, filterEnvironment } from "../run/environment.ts";

/** The word by which init's jobs run a service's script. */
const JOB_PROGRAM = "runscript-job";

/** Tells the jobs. The last word stands for the module that is evaluated. Returns the exit status. */
export async function main(args: string[]): Promise<number> {
  const module = args.at(-1) ?? "";
  removeFlags(SINGLE_THREAD_FLAGS);
  tell({ evaluating: module });
  const warn = (problem: string) => writeAll(2, `${problem}\n`);
  const settings = readSettings(), environment = { ...process.env };
  filterEnvironment(environment, settings);
  describeSystem(environment, settings, new ServiceStates());
  const { tree } = await loadTree({
    environment,
    isPrivate: true,
    library: dependFunctions({ palette: undefined, columns: 80 }),
    warn,
  });
  const scripts = findScripts(warn).filter(({ isRefused }) => !isRefused);
  const jobs = runscriptJobs(scripts, tree, selfCommand(JOB_PROGRAM));
  tell({ module, imports: [], jobs: jobs.filter((job) => isValid(job, warn)) });
  return 0;
}

/** False for a job that init would refuse, such as one whose script has an odd name: it is told, and the others are jobs. */
function isValid(job: JobDefinition, warn: (problem: string) => void): boolean {
  try {
    validateJob(job);
    return true;
  } catch (error) {
    if (isFault(error)) throw error;
    warn(`${job.source}: ${(error as Error).message}`);
    return false;
  }
}

function tell(line: EvaluatorLine): void {
  writeAll(REPORT_DESCRIPTOR, `${JSON.stringify(line)}\n`);
}
