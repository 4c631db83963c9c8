/** The targets: all readers of bytes that come from outside of the process. */

import type { Target } from "./target.ts";
import { CONTROL } from "./targets/control.ts";
import { DBUS } from "./targets/dbus.ts";
import { JOB_FILES } from "./targets/job_files.ts";
import { OPENRC } from "./targets/openrc.ts";
import { PROCESSES } from "./targets/processes.ts";
import { SYSTEM } from "./targets/system.ts";
import { SYSV } from "./targets/sysv.ts";
import { WORD_READERS } from "./targets/words.ts";

/** All of them. */
export const TARGETS: readonly Target[] = [
  ...JOB_FILES,
  ...SYSV,
  ...OPENRC,
  ...DBUS,
  ...CONTROL,
  ...PROCESSES,
  ...SYSTEM,
  ...WORD_READERS,
];
