/** The runlevel that is entered next instead of the one that is asked for, as the kernel's command line or root wants it. */

import { rmSync } from "node:fs";
import { join } from "node:path";
import { readSource } from "../../../config/files.ts";
import { bootLevel } from "../../../config/openrc/rc_conf.ts";
import { writeWhole } from "../../../config/openrc/states.ts";
import { KERNEL_LEVEL, LEVELS, RC_DIR } from "../../../model/openrc/paths.ts";

const FILE = join(RC_DIR, KERNEL_LEVEL);

/** The level that is wanted next; undefined where none is. */
export function nextLevel(): string | undefined {
  const state = readSource(FILE);
  return state.state === "regular" ? state.text.split("\n", 1)[0] || undefined : undefined;
}

/**
 * Notes it, or forgets what was noted. The levels of the boot are entered when they are asked for: false for one of these.
 * @throws the kernel's error.
 */
export function setNextLevel(level: string | undefined): boolean {
  if (level === undefined || [bootLevel(), LEVELS.single, LEVELS.sysinit].includes(level)) {
    rmSync(FILE, { force: true });
    return false;
  }
  writeWhole(FILE, level);
  return true;
}
