/** The defaults of each role, where no option says otherwise. */

import type { Console } from "../../model/job.ts";
import { SHUTDOWN_LIMITS } from "../../model/shutdown_limits.ts";
import type { InitOptions } from "../options/option_table.ts";
import type { Role } from "./role.ts";

/** The console of jobs that name none: in a container init's own output, unless a log directory is given. */
export function defaultConsole(options: InitOptions, role: Role): Console {
  return options.defaultConsole ?? (role === "container" && options.logdir === undefined ? "output" : "log");
}

/** The defaults by role. */
export const ROLE_DEFAULTS: Readonly<Record<Role, RoleDefaults>> = {
  machine: {
    standardStreamsAreConsole: false,
    inheritEnvironment: false,
    path: "/usr/local/sbin:/usr/local/bin:/usr/bin:/usr/sbin:/sbin:/bin",
    shutdownTimeout: SHUTDOWN_LIMITS.machine,
    untrusted: "refused",
  },
  container: {
    standardStreamsAreConsole: true,
    inheritEnvironment: true,
    shutdownTimeout: SHUTDOWN_LIMITS.container,
    untrusted: "warned of",
  },
  session: { standardStreamsAreConsole: false, inheritEnvironment: true, untrusted: "refused" },
};

interface RoleDefaults {
  /** True: init's own standard streams stand for the system's console. */
  standardStreamsAreConsole: boolean;
  /** True: jobs inherit all of init's environment. False: PATH and TERM alone. */
  inheritEnvironment: boolean;
  /** The PATH of jobs, whatever init was given: a kernel gives none, an initramfs its own. It is Upstart's. Absent: init's. */
  path?: string;
  /** How long the teardown may take, in seconds. Absent: as long as the jobs' kill timeouts. */
  shutdownTimeout?: number;
  /**
   * What is done about job files of all formats that another user can write. A container has few users, but mounts of
   * all kinds: there they are read with a warning, and modules are evaluated as their owners.
   */
  untrusted: "refused" | "warned of";
}
