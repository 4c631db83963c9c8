/** What comes to an init of SysV's before its jobs are loaded. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Container } from "../support/container.ts";
import { until } from "../support/deadline.ts";
import { NAMESPACES_POSSIBLE } from "../support/namespace.ts";
import { procFile, stateOf } from "../support/processes.ts";
import { Etc } from "./scripts_init.ts";

/** A module that says that it is being read, and is not done before it may go on. */
const SLOW = `import { existsSync, writeFileSync } from "node:fs";
import { job, on } from "rouse";
writeFileSync("/etc/begun", "");
while (!existsSync("/etc/go-on")) await new Promise((resolve) => setTimeout(resolve, 5));
export default job({ startOn: on("control-alt-delete"), task: true, exec: ["touch", "/etc/pressed"] });
`;

Deno.test("the event of a signal waits until the jobs are loaded that start on it", {
  ignore: !NAMESPACES_POSSIBLE,
}, async () => {
  using etc = new Etc({});
  etc.write("init/control-alt-delete.ts", SLOW);
  const isThere = (name: string) => existsSync(join(etc.path, name));
  using container = new Container(
    ["init", "--sysv", "--no-startup-event", "--confdir", "/etc/init", "--logdir", "/run"],
    { prepare: `mount --bind ${etc.path} /etc; mount -t tmpfs none /var/log` },
  );
  await until("the module is being read", () => isThere("begun"));
  await container.signal("SIGINT");
  const pid = await container.pid();
  await until("init has taken the signal", () => !isPending(pid) && stateOf(pid) === "S");
  etc.write("go-on", "");
  await until(`the job has run; init said:\n${container.stderr}`, () => isThere("pressed"));
});

/** True while a process has yet to take a signal. */
function isPending(pid: number): boolean {
  return !/^ShdPnd:\s+0+$/m.test(procFile(pid, "status"));
}
