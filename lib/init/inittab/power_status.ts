/** The state of the power supply, as the program that watches it leaves it in a file for SIGPWR (init(8)). */

import { rmSync } from "node:fs";
import { readSource } from "../../config/files.ts";
import type { InittabTrigger } from "../../model/sysv/inittab.ts";
import { ifAllowed } from "../../sys/call/refused.ts";

const FILES = ["/var/run/powerstatus", "/etc/powerstatus"];

/** What the first character of a file means. Anything else, and no file, means that the power fails. */
const STATES: Readonly<Record<string, InittabTrigger>> = { L: "power-fails-now", O: "power-is-back" };

/** Reads the state, and removes its file. */
export function takePowerStatus(): InittabTrigger {
  for (const path of FILES) {
    const file = readSource(path);
    if (file.state !== "regular") continue;
    ifAllowed(() => rmSync(path));
    return STATES[file.text.slice(0, 1)] ?? "power-fails";
  }
  return "power-fails";
}
