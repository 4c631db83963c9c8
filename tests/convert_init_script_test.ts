/** rouse convert on init scripts: modules and classic files, and the daemons that they run. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { parseConf } from "../compat/upstart/parse.ts";
import { Files } from "./support/author.ts";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { processesNaming, procFile } from "./support/processes.ts";
import { EXECUTABLE } from "./support/programs.ts";
import { compileAll, evaluated, rouse } from "./support/tools.ts";

const HEADER = (name: string) =>
  `#!/bin/sh
### BEGIN INIT INFO
# Provides:          ${name}
# Required-Start:
# Required-Stop:
# Should-Start:      yeast
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: bakes
### END INIT INFO
`;

/** A script like many: variables, a file of more, a directory, a daemon in the background. */
const OVEN = `${HEADER("oven")}
DAEMON=/usr/sbin/oven
PIDFILE=/run/oven/pid
[ -x $DAEMON ] || exit 0
[ -r /etc/default/oven ] && . /etc/default/oven
. /lib/lsb/init-functions

case "$1" in
  start)
    mkdir -p /run/oven
    start-stop-daemon --start --quiet --pidfile $PIDFILE --make-pidfile --background --exec $DAEMON -- $HEAT
    log_end_msg $?
    ;;
  stop) start-stop-daemon --stop --pidfile $PIDFILE --retry 20 ;;
  *) exit 2 ;;
esac
`;

const MODULE = `// Made of /etc/init.d/oven, whose place it takes.

import { job, runlevel } from "rouse";

export default job({
  semantics: "upstart",
  description: "bakes",
  startOn: runlevel("[2345]"),
  stopOn: runlevel("[016]"),
  after: "yeast",
  killTimeout: "20s",
  script: \`
    set +e
    DAEMON=/usr/sbin/oven
    [ -r /etc/default/oven ] && . /etc/default/oven
    exec $DAEMON $HEAT
  \`,
  preStart: {
    script: \`
      set +e
      mkdir -p /run/oven
      true
    \`,
  },

  // The script has its pid written to /run/oven/pid; the job does not. Where another program
  // reads that file, let a postStart write it, or that program ask \`initctl status\`.
});
`;

const STRANGE = `${HEADER("strange")}
touch "$0.has-run"
/usr/sbin/strange &
`;

Deno.test("a script of a known shape becomes a module, and a classic file", async () => {
  using files = new Files({ oven: OVEN });
  assert.deepEqual(await rouse(files, "convert", "--no-sysv", "oven"), {
    exit: 0,
    stdout: MODULE,
    stderr: "",
  });
  const conf = await rouse(files, "convert", "--to", "conf", "oven");
  assert.deepEqual([conf.exit, conf.stderr], [0, ""]);
  const { description, after, processes } = parseConf(conf.stdout, "oven.conf", "oven");
  assert.deepEqual([description, after], ["bakes", ["yeast"]]);
  assert.equal(processes.main?.kind, "script");
});

Deno.test("for a machine on which scripts are jobs, the job starts and stops with them, and compiles", async () => {
  using files = new Files({ "init.d/oven": OVEN });
  const { exit, stderr } = await rouse(files, "convert", "--sysv", "init.d", "-o", "new");
  assert.deepEqual([exit, stderr], [0, ""]);
  const conditions = `startOn: on("rc-start", { RUNLEVEL: "[2345]", PREVLEVEL: not("[2345]") }),
  stopOn: on("rc-stop", { RUNLEVEL: "[016]" }),`;
  const module = readFileSync(files.path("new/oven.ts"), "utf8");
  assert(module.includes(conditions), module);
  await rouse(files, "types", "new");
  const compiled = await compileAll(files.path("new"));
  assert.equal(compiled.exit, 0, compiled.stdout);
});

Deno.test("a script of no known shape is called, and why is said; it is not run for that", async () => {
  using files = new Files({ strange: STRANGE });
  const { exit, stdout, stderr } = await rouse(files, "convert", "strange");
  assert.equal(exit, 1);
  assert.match(
    stderr,
    /^rouse: strange: of no known shape, so the job calls the script: it has no action `start'\n$/,
  );
  assert.match(stdout, /^\/\/ \/etc\/init\.d\/strange is called, for it is of no known shape:\n/);
  assert.match(stdout, /\["\/etc\/init\.d\/strange", "start"\]/);
  assert.deepEqual(readdirSync(files.directory), ["strange"]);
});

Deno.test("a directory of scripts becomes one of modules that compile, and nothing else in it does", async () => {
  using files = new Files({
    "init.d/oven": OVEN,
    "init.d/strange": STRANGE,
    "init.d/README": "Scripts are here.\n",
    "init.d/old": "#!/bin/sh\necho old\n",
  });
  const { exit, stderr } = await rouse(files, "convert", "--no-sysv", "init.d", "-o", "new");
  assert.equal(exit, 1);
  assert.match(stderr, /^rouse: init\.d\/old: the script has no header/m);
  assert.deepEqual(readdirSync(files.path("new")).sort(), ["old.ts", "oven.ts", "strange.ts"]);
  assert.equal(readFileSync(files.path("new/oven.ts"), "utf8"), MODULE);
  assert.deepEqual([...(await evaluated(files, "new")).keys()].sort(), ["old", "oven", "strange"]);
  await rouse(files, "types", "new");
  const compiled = await compileAll(files.path("new"));
  assert.equal(compiled.exit, 0, compiled.stdout);
});

Deno.test("what is no script is told so", async () => {
  using files = new Files({ note: "a note\n", "plain.sh": "#!/bin/sh\nexit 0\n" });
  for (const name of ["note", "plain.sh"]) {
    const { exit, stdout, stderr } = await rouse(files, "convert", "--to", "ts", name);
    assert.deepEqual([exit, stdout], [1, ""]);
    assert.match(stderr, /its name must end in \.conf or \.upstart, or it must be an init script\n$/);
  }
});

/** A daemon that says with what it was started, and a script that starts it. */
const DAEMON = '#!/bin/sh\necho "$@" > @DIR@/started\nexec sleep 600\n';

const SCRIPT = `${HEADER("bake")}
DAEMON=@DIR@/bake-daemon
. @DIR@/default
case "$1" in
  start) start-stop-daemon --start --background --exec $DAEMON -- --heat $HEAT ;;
  stop) start-stop-daemon --stop --exec $DAEMON ;;
  *) exit 2 ;;
esac
`;

Deno.test("the job runs the daemon, with what the script gives it, and ends it", async () => {
  await using init = await RunningInit.start();
  for (const [name, text] of Object.entries({ "bake-daemon": DAEMON, bake: SCRIPT })) {
    await init.shell(`cat > @DIR@/${name} <<'END'\n${text}END\nchmod 755 @DIR@/${name}`);
  }
  await init.shell("echo 'HEAT=\"220 top\"' > @DIR@/default");
  const { exit, stderr } = await init.run([EXECUTABLE, "convert", "@DIR@/bake", "-o", "@DIR@/conf/bake.ts"]);
  assert.equal(exit, 0, stderr);
  await init.until(["status", "bake"], "bake stop/waiting\n");
  await init.ask("start", "bake");
  await until("the daemon has started", () => init.read("started") === "--heat 220 top\n");
  const [, pid] = /process (\d+)\n$/.exec(await init.ask("status", "bake"))!;
  await until("it sleeps", () => procFile(Number(pid), "cmdline") === "sleep\x00600\x00");
  await init.ask("stop", "bake");
  assert.equal(await init.ask("status", "bake"), "bake stop/waiting\n");
  assert.deepEqual(processesNaming(init.path("bake-daemon")), []);
});
