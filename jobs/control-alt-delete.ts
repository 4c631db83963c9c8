import { job, on } from "rouse";

/** Restarts the machine when its keyboard says so. */
export default job({
  description: "a restart by Ctrl-Alt-Delete",
  semantics: "upstart",
  startOn: on("control-alt-delete"),
  task: true,
  exec: ["/proc/1/exe", "shutdown", "-r", "now", "Control-Alt-Delete pressed"],
});
