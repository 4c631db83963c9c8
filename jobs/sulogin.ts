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
  // The level may have changed, which has ended the scripts of the one before.
  normalExit: [75],
  script: `
    level=$(unset RUNLEVEL PREVLEVEL; /proc/1/exe runlevel) || level="N S"
    case $level in *1 | *S) ;; *) exit 75 ;; esac
    [ ! -x /sbin/sulogin ] || exec /sbin/sulogin
    exec /bin/sh
  `,
});
