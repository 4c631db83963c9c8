/** Starts a login on each terminal: the first six, or those that ACTIVE_CONSOLES in /etc/sysconfig/init names. */

import { job, runlevel, stopped } from "rouse";
import rc from "./rc.ts";

export default job({
  description: "logins on the terminals",
  semantics: "upstart",
  startOn: stopped(rc, { RUNLEVEL: "[2345]" }),
  task: true,
  env: { ACTIVE_CONSOLES: "/dev/tty[1-6]" },
  stopOn: runlevel("[S016]"),
  // The level may have changed, which has ended the scripts.
  script: `
    level=$(unset RUNLEVEL PREVLEVEL; /proc/1/exe runlevel) || level="N $RUNLEVEL"
    [ "\${level#* }" = "$RUNLEVEL" ] || exit 0
    [ ! -r /etc/sysconfig/init ] || . /etc/sysconfig/init
    for terminal in $ACTIVE_CONSOLES; do
      [ ! -c "$terminal" ] || /proc/1/exe start --no-wait tty TTY="\${terminal#/dev/}" || :
    done
  `,
});
