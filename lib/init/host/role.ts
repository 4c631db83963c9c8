/** The role of init, which decides what it does by default. */

import * as fs from "node:fs";
import process from "node:process";
import { ifAllowed } from "../../sys/call/refused.ts";

/**
 * `machine`: process 1 of a machine, real or virtual. `session`: the init of a user's session (`--user`). `container`: any
 * other; init serves whatever has started it, be it as process 1 of a container or below another init.
 */
export type Role = "machine" | "container" | "session";

/** The PID namespace that the kernel itself makes (PROC_PID_INIT_INO). */
const FIRST_NAMESPACE = "pid:[4026531836]";

/** The role of this process. */
export function roleOf(user: boolean): Role {
  if (user) return "session";
  return process.pid === 1 && namespace() === FIRST_NAMESPACE ? "machine" : "container";
}

function namespace(): string | undefined {
  return ifAllowed(() => fs.readlinkSync("/proc/self/ns/pid"));
}
