/** Tells of a boot that has not come to a runlevel in time. What is done then is up to jobs that wait for the event. */

import { job, runlevel, startup } from "rouse";

export default job({
  description: "tells of a boot that hangs",
  semantics: "upstart",
  startOn: startup,
  stopOn: runlevel("[0123456S]"),
  emits: ["failsafe-boot"],
  // The stop is no failure, and not told of: of a signal, what silences its message is the number.
  normalExit: ["TERM", 15],
  console: "output",
  env: { FAILSAFE_AFTER: "300" },
  script: `
    sleep "$FAILSAFE_AFTER"
    echo "The boot has not come to a runlevel after $FAILSAFE_AFTER seconds; \\\`initctl list' tells what runs" >&2
    exec /proc/1/exe initctl emit --no-wait failsafe-boot
  `,
});
