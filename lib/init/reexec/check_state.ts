/** The program `check-state`, a child of init's own: can this executable go on with the state on its standard input? */

import process from "node:process";
import { errorReason } from "../../sys/call/errno.ts";
import { checkState, takeState } from "./state_file.ts";

/** Returns 0 when it can; else it says why it cannot. */
export function main(): number {
  try {
    checkState(takeState(0));
    return 0;
  } catch (error) {
    process.stderr.write(errorReason(error));
    return 1;
  }
}
