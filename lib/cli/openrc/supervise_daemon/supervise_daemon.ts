/** The program supervise-daemon(8), as OpenRC has it. */

import { VERSION } from "../../../model/version.ts";
import { write } from "../../output.ts";

/** Returns the exit status. */
export function main(_args: string[]): number {
  write(1, `supervise-daemon (rouse ${VERSION}), as OpenRC has it\n`);
  return 0;
}
