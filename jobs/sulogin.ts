/** The administrator's shell: in runlevel S, and in runlevel 1 when its scripts are done. */

import { job, runlevel, stopped } from "rouse";
import rc from "./rc.ts";

export default job({
  description: "a shell for the administrator alone",
  semantics: "upstart",
  startOn: runlevel("S").or(stopped(rc, { RUNLEVEL: "1" })),
  stopOn: runlevel("[!1S]"),
  respawn: true,
  console: "owner",
  // A shell at a terminal ignores SIGTERM.
  killSignal: "HUP",
  script: `
    [ ! -x /sbin/sulogin ] || exec /sbin/sulogin
    exec /bin/sh
  `,
});
