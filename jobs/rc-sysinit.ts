/** From the boot to the first runlevel, which init has found in its arguments or in /etc/inittab. */

import { job, stopped } from "rouse";
import rcS from "./rcS.ts";

export default job({
  description: "the first runlevel",
  semantics: "upstart",
  startOn: stopped(rcS),
  task: true,
  console: "output",
  env: { DEFAULT_RUNLEVEL: "2" },
  exec: "/proc/1/exe telinit $DEFAULT_RUNLEVEL",
});
