/** Restarts the machine when its keyboard says so. */

import { job, on } from "rouse";

export default job({
  description: "a restart by Ctrl-Alt-Delete",
  semantics: "upstart",
  startOn: on("control-alt-delete"),
  task: true,
  exec: ["/proc/1/exe", "shutdown", "-r", "now", "Control-Alt-Delete pressed"],
});
