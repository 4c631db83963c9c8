/** The program `check-state`, a child of init's own: can this executable go on with the state on its standard input? */

import process from "node:process";
import { errorReason } from "../../sys/call/errno.ts";
import { checkState, STATE_GOOD } from "./state_file.ts";

/** Says that it can, or why it cannot. Another program than this one says neither. */
export function main(): number {
  try {
    checkState(0);
    process.stdout.write(STATE_GOOD);
    return 0;
  } catch (error) {
    process.stderr.write(errorReason(error));
    return 1;
  }
}
