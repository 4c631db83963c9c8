/** The programs that scripts find by their names, as links to this executable. */

import { mkdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { isCompiled } from "../../../sys/runtime/self.ts";

/** What the shell library has no functions for, because a shell's functions have no such names. */
const PROGRAMS = [
  "rc-service",
  "rc-status",
  "rc-update",
  "rc-depend",
  "supervise-daemon",
  "start-stop-daemon",
];

/**
 * Makes the links below the directory of the states, where they are missing. They come before all other programs of their
 * names: what a script calls start-stop-daemon is OpenRC's. An ordinary user makes none, and starts nothing.
 */
export function linkPrograms(directory: string): void {
  if (!isCompiled()) return;
  const place = join(directory, "bin"), target = process.execPath;
  const isLinked = (name: string) => ifAllowed(() => readlinkSync(join(place, name))) === target;
  if (isLinked(PROGRAMS.at(-1)!)) return;
  ifAllowed(() => {
    mkdirSync(place, { recursive: true, mode: 0o755 });
    for (const name of PROGRAMS) {
      rmSync(join(place, name), { force: true });
      symlinkSync(target, join(place, name));
    }
  });
}
