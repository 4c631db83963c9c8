/** The program start-stop-daemon(8), as OpenRC has it. */

import { VERSION } from "../../../model/version.ts";
import { write } from "../../output.ts";

/** Returns the exit status. */
export function main(_args: string[]): number {
  write(1, `start-stop-daemon (rouse ${VERSION}), as OpenRC has it\n`);
  return 0;
}
