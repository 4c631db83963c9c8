/** The boot: the scripts of level S, Red Hat's rc.sysinit, or OpenRC's first two runlevels. Whatever they end with, the boot goes on. */

import { job, startup } from "rouse";

export default job({
  description: "the boot, before any runlevel",
  semantics: "upstart",
  startOn: startup,
  task: true,
  console: "output",
  // Init gives the level that comes next with the event.
  env: { RUNLEVEL: "S", PREVLEVEL: "N", DEFAULT_RUNLEVEL: "2" },
  export: "DEFAULT_RUNLEVEL",
  script: `
    [ ! -x /etc/rc.d/rc.sysinit ] || exec /etc/rc.d/rc.sysinit
    [ -d /etc/runlevels ] || exec /proc/1/exe sysv rcS
    /proc/1/exe openrc openrc sysinit
    exec /proc/1/exe openrc openrc boot
  `,
});
