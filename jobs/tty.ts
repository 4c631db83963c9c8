/** A login on a terminal, once for each. */

import { job, runlevel } from "rouse";

export default job({
  description: "a login on a terminal",
  semantics: "upstart",
  stopOn: runlevel("[S016]"),
  instance: "$TTY",
  respawn: true,
  // Who starts it may have done so for a runlevel that has been left since.
  preStart: {
    script: `
      level=$(/proc/1/exe runlevel) || exit 0
      case \${level#* } in [S016]) exec /proc/1/exe stop --no-wait ;; esac
    `,
  },
  script: `
    [ ! -x /sbin/mingetty ] || exec /sbin/mingetty "$TTY"
    exec /sbin/getty 38400 "$TTY"
  `,
});
