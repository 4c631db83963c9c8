/** Where init runs, which decides what it does by default. */

import * as fs from "node:fs";
import process from "node:process";

/**
 * `machine`: process 1 of a machine, real or virtual. `session`: a user's session (`--user`). `container`:
 * all else; init serves whatever has started it, be it as process 1 of a container or below another init.
 */
export type Place = "machine" | "container" | "session";

/** The PID namespace that the kernel itself makes (PROC_PID_INIT_INO). */
const FIRST_NAMESPACE = "pid:[4026531836]";

/** Where this process runs. */
export function placeOf(user: boolean): Place {
  if (user) return "session";
  return process.pid === 1 && namespace() === FIRST_NAMESPACE ? "machine" : "container";
}

function namespace(): string | undefined {
  try {
    return fs.readlinkSync("/proc/self/ns/pid");
  } catch {
    return undefined;
  }
}
