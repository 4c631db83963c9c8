/** A login on a terminal, once for each. */

import { job, runlevel } from "rouse";

export default job({
  description: "a login on a terminal",
  semantics: "upstart",
  stopOn: runlevel("[S016]"),
  instance: "$TTY",
  respawn: true,
  script: `
    [ ! -x /sbin/mingetty ] || exec /sbin/mingetty "$TTY"
    exec /sbin/getty 38400 "$TTY"
  `,
});
