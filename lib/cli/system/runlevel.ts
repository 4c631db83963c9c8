/** runlevel(8): prints the runlevel before and the present one. */

import { errnoMessage } from "../../sys/errno.ts";
import { UsageError } from "../options.ts";
import { runProgram, type SystemProgram } from "./program.ts";
import { recordedRunlevel, runlevelOfEnvironment, type Runlevels, UTMP } from "./records.ts";

const RUNLEVEL: SystemProgram = {
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
    throw new Error(`${file}: ${reason(error)}`);
  }
}

/** `ENOENT: no such file or directory, open '…'` → `No such file or directory`. */
function reason(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException;
  return errno === undefined ? message : errnoMessage(Math.abs(errno));
}

/** The program: gives the exit status. */
export function main(args: string[], name: string): Promise<number> {
  return runProgram(RUNLEVEL, args, name);
}
