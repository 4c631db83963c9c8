/** The scripts of a runlevel, or OpenRC's of the name that Gentoo's inittab has for it. The job is stopped when the level changes again, and starts anew. */

import { job, runlevel } from "rouse";

export default job({
  description: "the init scripts of a runlevel",
  semantics: "upstart",
  startOn: runlevel("[0123456]"),
  stopOn: runlevel("[!$RUNLEVEL]"),
  task: true,
  // The event gives its value.
  env: { RUNLEVEL: "" },
  export: ["RUNLEVEL", "PREVLEVEL"],
  console: "output",
  script: `
    [ ! -x /etc/rc.d/rc ] || exec /etc/rc.d/rc $RUNLEVEL
    [ -d /etc/runlevels ] || exec /proc/1/exe sysv rc $RUNLEVEL
    case $RUNLEVEL in
      0) name=shutdown ;;
      1) name=single ;;
      2) name=nonetwork ;;
      6) name=reboot ;;
      *) name=default ;;
    esac
    exec /proc/1/exe openrc openrc $name
  `,
});
