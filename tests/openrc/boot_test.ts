/** Sixty services boot under init as process 1, and end with the machine. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { until } from "../support/deadline.ts";
import { MINIMAL_ROOT_POSSIBLE, MinimalRoot } from "../support/minimal_root.ts";
import { inOrder, startedAt, untilReallyUp } from "./boot/checks.ts";
import { bootFiles, isDaemon, RUNLEVELS, SERVICES } from "./boot/services.ts";

const PLACE = "/usr/local/bin/rouse";

const NAMES = [
  "halt",
  "openrc",
  "openrc-run",
  "rc-service",
  "rc-status",
  "runlevel",
  "shutdown",
  "start-stop-daemon",
  "telinit",
];

const PROGRAMS = ["sh", "sleep", "mount", "rm", "mkdir"].map((name) => `/bin/${name}`);

/** The program by which the shell starts daemons, where it is there. */
const SETSID = "/usr/bin/setsid";

/** Takes its place, and notes the services whose daemons it starts. */
const NOTING_SETSID = `#!/bin/sh
echo "$RC_SVCNAME" >>/started-by-shell
exec /setsid "$@"
`;

/** How long a change of the runlevel may take, in ms. */
const PATIENCE = 300_000;

/** Boots the services. With setsid(1), daemons start without start-stop-daemon. */
async function boot(withSetsid: boolean): Promise<MinimalRoot> {
  const { files, targets, daemons } = bootFiles();
  const prepare = [
    "mount -t tmpfs -o mode=755 none /run",
    ...daemons.map((name) => `ln /bin/sleep /${name}`),
    ...withSetsid ? [`ln ${SETSID} /setsid`, `ln -f /noting-setsid ${SETSID}`] : [],
    `exec ${PLACE} init --openrc`,
  ];
  return await MinimalRoot.start(["/bin/sh", "-c", prepare.join(" && ")], {
    files: {
      ...files,
      "var/run/utmp": "",
      "var/log/wtmp": "",
      "var/log/upstart/.keep": "",
      "etc/init/.keep": "",
      "etc/rc.conf": "",
      "noting-setsid": NOTING_SETSID,
      "etc/passwd": "root:x:0:0:root:/:/bin/sh\n",
      "etc/group": "root:x:0:\nuucp:x:10:\n",
      ...Object.fromEntries(RUNLEVELS.map((level) => [`etc/runlevels/${level}/.keep`, ""])),
    },
    links: {
      ...targets,
      "dev/console": "null",
      ...Object.fromEntries(NAMES.map((name) => [`sbin/${name}`, PLACE])),
    },
    programs: [...PROGRAMS, "/bin/ln", ...withSetsid ? [SETSID] : []],
  });
}

for (const withSetsid of [true, false]) {
  const how = withSetsid ? "by the shell" : "by start-stop-daemon";
  Deno.test({
    name: `sixty services boot in order, their daemons started ${how}, and shut down`,
    ignore: !MINIMAL_ROOT_POSSIBLE || !existsSync(SETSID),
    fn: async () => {
      await using root = await boot(withSetsid);
      const machine = { path: (inside: string) => `/proc/${root.pid}/root${inside}` };
      const shell = (line: string) => root.run("/bin/sh", "-c", `PATH=/sbin:/bin; ${line}`);
      const names = [...SERVICES.keys()];
      const isUp = () => names.every((name) => startedAt(machine, name) !== undefined);
      await until("all services are up", isUp, PATIENCE);
      for (const name of names) await untilReallyUp(machine, name);
      // Scripts with a start() of their own call start-stop-daemon in any case.
      const byShell = names.filter((name) =>
        withSetsid && isDaemon(name) && SERVICES.get(name)!.kind !== "own"
      );
      assert.deepEqual(root.read("started-by-shell").split("\n").slice(0, -1).sort(), byShell.sort());
      inOrder(machine);
      const { stdout } = await shell("rc-status --nocolor --servicelist");
      for (const name of names) {
        assert.match(stdout, new RegExp(`^ ${name} +\\[ +started +\\]$`, "m"), stdout);
      }
      const log = (name: string) => root.read(`var/log/upstart/${name}.log`);
      await until(
        "the runlevel is entered",
        async () => (await shell("runlevel")).stdout === "N 3\n",
        PATIENCE,
      );

      await shell("shutdown -h now");
      await root.ended(PATIENCE);
      for (const name of names) assert.match(log(name), /Stopping \S+ \.\.\. \[ ok \]\n$/, name);
    },
  });
}
