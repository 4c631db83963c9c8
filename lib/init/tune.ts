/** The options of the JavaScript engine that suit an init, which it takes from its environment when it starts. */

import { basename } from "node:path";
import process from "node:process";
import { execute } from "../sys/execute.ts";
import { setProcessName } from "../sys/processes.ts";

/**
 * Init lives long and does little. With the optimizing compiler, bursts of work keep a second processor as busy as
 * the first with compiling code that is not used again; without it, the same work takes half the processor time.
 */
const OPTIONS: Record<string, string> = { BUN_JSC_useDFGJIT: "0" };

/** Starts this executable anew, as the same process, unless it has the options or they are somebody's own. */
export function tuneEngine(): void {
  if (!process.argv[1]?.startsWith("/$bunfs/")) return; // Not compiled, or for another engine.
  const isTuned = Object.keys(OPTIONS).some((name) => process.env[name] !== undefined);
  if (isTuned) {
    // The second start has named the process after the file, the first after the link to it, as one expects.
    setProcessName(basename(process.argv0));
    // The options are no job's business.
    for (const name of Object.keys(OPTIONS)) delete process.env[name];
    return;
  }
  const environment = Object.entries({ ...process.env, ...OPTIONS }).map(([name, value]) =>
    `${name}=${value}`
  );
  // Should it fail, init runs as well without.
  execute(process.execPath, [process.argv0, ...process.argv.slice(2)], environment);
}
