/** SysV's program runlevel(8): prints the previous and the present runlevel, of the first record that has one. */

import { ifAllowed } from "../../../sys/call/refused.ts";
import { firstRunlevel } from "../../../sys/utmp/records.ts";
import { write } from "../../output.ts";

/** The program `runlevel`. It has no options: every word is a file's name. Returns the exit status. */
export function main([file, ...more]: string[]): number {
  const found = more.length === 0 ? ifAllowed(() => firstRunlevel(file)) : undefined;
  write(1, found ? `${found.previous} ${found.runlevel}\n` : "unknown\n");
  return found ? 0 : 1;
}
