/** The program runlevel(8): prints the previous and the present runlevel. */

import { errorReason } from "../../sys/call/errno.ts";
import { UsageError } from "../../model/command_line/usage_error.ts";
import { runProgram, type SystemProgram } from "./program.ts";
import { recordedRunlevel, runlevelOfEnvironment, type Runlevels, UTMP } from "../../sys/utmp/records.ts";

export const RUNLEVEL: SystemProgram = {
  name: "runlevel",
  arguments: "[UTMP]",
  summary: "Output previous and current runlevel.",
  help:
    `They are taken from PREVLEVEL and RUNLEVEL in the environment, or else from UTMP, which is ${UTMP} ` +
    "when none is given.",
  run({ args: [file, ...more], environment, say }) {
    if (more.length > 0) throw new UsageError(`unexpected argument: ${more[0]}`);
    const found = runlevelOfEnvironment(environment) ?? read(file);
    if (!found || found.runlevel === "N") {
      say("unknown");
      return 1;
    }
    say(`${found.previous} ${found.runlevel}`);
    return 0;
  },
};

function read(file: string = UTMP): Runlevels | undefined {
  try {
    return recordedRunlevel(file);
  } catch (error) {
    throw new Error(`${file}: ${errorReason(error)}`);
  }
}

/** The program `runlevel`. Returns its exit status. */
export function main(args: string[], name: string): Promise<number> {
  return runProgram(RUNLEVEL, args, name);
}
