/** rouse convert on runscripts of OpenRC: modules and classic files, and the daemons that they run. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { parseConf } from "../compat/upstart/parse.ts";
import { Files } from "./support/author.ts";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { isAlive, processesNaming, procFile, sendSignal } from "./support/processes.ts";
import { EXECUTABLE } from "./support/programs.ts";
import { compileAll, rouse } from "./support/tools.ts";

const OVEN = `#!/sbin/openrc-run
# Bakes.
description="bakes bread"
command="/usr/sbin/oven"
command_args="--heat 220"
command_user="baker:bread"
directory="/srv/bread"
pidfile="/run/\${RC_SVCNAME}.pid"
supervisor=supervise-daemon
respawn_max=3
respawn_period=60
retry="TERM/20/KILL/5"

depend() {
	need localmount
	use logger
	after bootmisc
	provide heat
}
`;

const MODULE = `// Made of /etc/init.d/oven, whose place it takes.

import { job, runlevel } from "rouse";

export default job({
  semantics: "upstart",
  description: "bakes bread",
  startOn: runlevel("[2345]"),
  stopOn: runlevel("[016]"),
  needs: "localmount",
  uses: "logger",
  after: "bootmisc",
  provides: "heat",
  respawn: { limit: 3, within: "1min" },
  killTimeout: "20s",
  chdir: "/srv/bread",
  user: "baker",
  group: "bread",
  exec: ["/usr/sbin/oven", "--heat", "220"],
});
`;

const STRANGE = `#!/sbin/openrc-run
command=/usr/sbin/strange
start_pre() {
	checkpath -d /run/strange
}
`;

Deno.test("a declarative runscript becomes a module and a classic file; any other is called, and why is said", async () => {
  using files = new Files({ oven: OVEN, strange: STRANGE });
  assert.deepEqual(await rouse(files, "convert", "oven"), { exit: 0, stdout: MODULE, stderr: "" });
  const conf = await rouse(files, "convert", "--to", "conf", "oven");
  const { description, needs, respawn } = parseConf(conf.stdout, "oven.conf", "oven");
  assert.deepEqual([description, needs, respawn], ["bakes bread", ["localmount"], true]);

  const strange = await rouse(files, "convert", "strange");
  assert.equal(strange.exit, 1);
  const reason = "it has a function start_pre()";
  assert.equal(
    strange.stderr,
    `rouse: strange: not of the declarative kind, so the job calls the script: ${reason}\n`,
  );
  assert(strange.stdout.includes(`is called, for it is not of the declarative kind:\n// ${reason}.\n`));
  assert(strange.stdout.includes('["/etc/init.d/strange", "--nodeps", "start"]'));

  await rouse(files, "convert", "oven", "-o", "new/oven.ts");
  await rouse(files, "convert", "strange", "-o", "new/strange.ts");
  await rouse(files, "types", "new");
  const compiled = await compileAll(files.path("new"));
  assert.equal(compiled.exit, 0, compiled.stdout);
});

/** A daemon that stays in the foreground, and says with what it was started. */
const KILN = '#!/bin/sh\necho "$#: $*" >> @DIR@/started\nexec sleep 600\n';

const SCRIPTS = {
  kiln: `#!/sbin/openrc-run
command=@DIR@/kiln-daemon
command_args="--heat '220 top'"
supervisor=supervise-daemon
depend() { want redis; }
`,
  redis: `#!/sbin/openrc-run
command=/usr/bin/redis-server
command_args="--port 0 --unixsocket @DIR@/socket"
command_args_background="--daemonize yes --pidfile @DIR@/pid"
pidfile="@DIR@/pid"
retry=TERM/60
`,
};

Deno.test({
  name: "the jobs run daemons: one in the foreground, which comes back, and one that goes to the background",
  ignore: !existsSync("/usr/bin/redis-server"),
  async fn() {
    await using init = await RunningInit.start();
    for (const [name, text] of Object.entries({ "kiln-daemon": KILN, ...SCRIPTS })) {
      await init.shell(`cat > @DIR@/${name} <<'END'\n${text}END\nchmod 755 @DIR@/${name}`);
    }
    for (const name of ["redis", "kiln"]) {
      const { exit, stderr } = await init.run([
        EXECUTABLE,
        "convert",
        `@DIR@/${name}`,
        "-o",
        `@DIR@/conf/${name}.ts`,
      ]);
      assert.equal(exit, 0, stderr);
      await init.until(["status", name], `${name} stop/waiting\n`);
    }
    await init.ask("start", "kiln");
    const pidOf = async (job: string) =>
      Number(/^\S+ start\/running, process (\d+)\n$/.exec(await init.ask("status", job))?.[1] ?? NaN);
    const redis = await pidOf("redis");
    assert.equal(Number(init.read("pid")), redis);

    await until("the daemon has started", () => init.read("started") === "2: --heat 220 top\n");
    const kiln = await pidOf("kiln");
    await until("it sleeps", () => procFile(kiln, "cmdline") === "sleep\x00600\x00");
    sendSignal(kiln, "SIGKILL");
    await until("it has started again", () => init.read("started") === "2: --heat 220 top\n".repeat(2));

    for (const name of ["kiln", "redis"]) {
      await init.ask("stop", name);
      assert.equal(await init.ask("status", name), `${name} stop/waiting\n`);
    }
    await until(
      "both have ended",
      () => !isAlive(redis) && processesNaming(init.path("kiln-daemon")).length === 0,
    );
  },
});
