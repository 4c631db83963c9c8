/** Init scripts as jobs, in an init that is process 1 of namespaces with an /etc of its own. */

import assert from "node:assert/strict";
import { until } from "../support/deadline.ts";
import { NAMESPACES_POSSIBLE } from "../support/namespace.ts";
import { EXECUTABLE } from "../support/programs.ts";
import { type Etc, type Script, ScriptsInit } from "./scripts_init.ts";

/** Levels of an ordinary service. */
const SERVICE = { start: "2345", stop: "016" } satisfies Script;

function test(
  name: string,
  scripts: Readonly<Record<string, Script>>,
  body: (init: ScriptsInit) => Promise<void>,
  prepare?: (etc: Etc) => void,
): void {
  Deno.test({
    name,
    ignore: !NAMESPACES_POSSIBLE,
    async fn() {
      await using init = await ScriptsInit.start(scripts, prepare);
      await body(init);
    },
  });
}

/** A daemon that forks twice, as those do that leave their session, and its pid file. */
function daemon(name: string): Script {
  return {
    ...SERVICE,
    onStart: `setsid sh -c 'sleep 10000 & echo $! > /run/${name}.pid' &\n` +
      `    while [ ! -s /run/${name}.pid ]; do sleep 0.01; done`,
    onStop: `kill $(cat /run/${name}.pid) 2> /dev/null; rm -f /run/${name}.pid`,
  };
}

/** Waits for a file of the test, in a script. */
const waitFor = (file: string) => `while [ ! -e /run/${file} ]; do sleep 0.01; done`;

/** Checks that lines of the trace come in this order. */
function inOrder(trace: readonly string[], ...lines: string[]): void {
  const places = lines.map((line) => trace.indexOf(line));
  assert(!places.includes(-1), `${JSON.stringify(lines)} in ${JSON.stringify(trace)}`);
  assert.deepEqual([...places].sort((one, other) => one - other), places, JSON.stringify(trace));
}

test(
  "scripts start side by side, each after what it requires, and stop in the reverse order",
  {
    // Each of the two ends when the other one has begun.
    left: { ...SERVICE, onStart: `touch /run/left; ${waitFor("right")}` },
    right: { ...SERVICE, onStart: `touch /run/right; ${waitFor("left")}` },
    above: { ...SERVICE, required: "left right" },
    local: { ...SERVICE, required: "$all" },
    other: { start: "3", stop: "016" },
  },
  async (init) => {
    assert(await init.enter("2"));
    const up = await init.trace();
    inOrder(up, "start left ends", "start above begins", "start above ends", "start local begins");
    inOrder(up, "start right ends", "start above begins");
    assert(!up.some((line) => line.includes("other")));
    assert.equal(await init.status("above"), "above start/running");
    assert(await init.enter("0", "2"));
    const down = await init.trace();
    inOrder(down, "stop local ends", "stop above begins", "stop above ends", "stop left begins");
    inOrder(down, "stop above ends", "stop right begins");
    assert.match(await init.init.ask("list"), /^left stop\/waiting$/m);
  },
);

test(
  "what is required and missing is told of, and so is a circle; the boot goes on",
  {
    lonely: { ...SERVICE, required: "nowhere" },
    one: { ...SERVICE, should: "two" },
    two: { ...SERVICE, required: "one" },
    many: { required: Array.from({ length: 40 }, (_, index) => `$f${index}`).join(" ") },
  },
  async (init) => {
    await init.untilSaid(
      /\/etc\/init\.d\/lonely:4: Required-Start: no init script or job provides nowhere; lonely is started without/,
    );
    await init.untilSaid(
      /\/etc\/init\.d\/one:6: .*comes at the start before the next: (one, two, one|two, one, two); one does not wait for two/,
    );
    await init.untilSaid(/\/etc\/init\.d\/many: 60 more warnings about this file/);
    assert.equal(init.init.messages().match(/many:4: Required-Start: no file defines/g)?.length, 20);
    assert(await init.enter("2"));
    inOrder(await init.trace(), "start one ends", "start two begins");
    assert.equal(await init.status("lonely"), "lonely start/running");
    // All scripts are read again for each of these.
    for (const name of ["late", "later"]) {
      init.etc.add(name, { ...SERVICE, required: "nowhere" });
      await init.untilSaid(new RegExp(`${name} is started without`));
    }
    assert.equal(init.init.messages().match(/lonely is started without/g)?.length, 1);
  },
);

test(
  "a script that fails is told of in words, and what requires it starts all the same",
  { broken: { ...SERVICE, onStart: "exit 5" }, user: { ...SERVICE, required: "broken" } },
  async (init) => {
    assert.equal(await init.enter("2"), false);
    assert.match(
      await init.status("broken"),
      /^broken stop\/waiting\n\tfailed: its script terminated with status 5 \(program is not installed\)$/,
    );
    assert.equal(await init.status("user"), "user start/running");
    await init.untilSaid(/broken main process \(\d+\) terminated with status 5 \(program is not installed\)/);
    const { exit, stderr } = await init.init.run("initctl", "start", "broken");
    assert.equal(exit, 1);
    assert.match(stderr, /Job failed to start\n.*\(program is not installed\)/);
  },
);

test(
  "a script that hangs is ended after its start timeout, and the boot goes on",
  { stuck: { ...SERVICE, onStart: "sleep 10000" }, next: { ...SERVICE, required: "stuck" } },
  async (init) => {
    assert.equal(await init.enter("2"), false);
    await init.untilSaid(/stuck is not up 1 s after its start began/);
    assert.match(await init.status("stuck"), /^stuck stop\/waiting\n\tfailed: stuck is not up 1 s/);
    assert.equal(await init.status("next"), "next start/running");
  },
  (etc) => etc.write("init/stuck.override", "start timeout 1\nkill timeout 1\n"),
);

test(
  "a daemon that forks twice is known by its pid file; when it is killed, status says so",
  { web: { ...daemon("web"), lines: "PIDFILE=/run/web.pid\n" }, plain: daemon("plain") },
  async (init) => {
    assert(await init.enter("2"));
    for (const name of ["web", "plain"]) {
      const pid = (await init.init.shell(`cat /run/${name}.pid`)).stdout.trim();
      await init.untilStatus(name, new RegExp(`^${name} start/running, process ${pid}$`));
      await init.init.shell(`kill -KILL ${pid}`);
      const dead = await init.untilStatus(name, /stop\/waiting/);
      assert.match(
        dead,
        new RegExp(`failed: its processes are gone: the last one \\(${pid}\\) was killed by KILL`),
      );
    }
    assert.match(await init.status("web"), /dead, but its pid file \/run\/web\.pid is there$/);
    assert(!(await init.trace()).some((line) => line.startsWith("stop")));
    await init.init.ask("start", "web");
    await init.untilStatus("web", /start\/running, process/);
    await init.init.ask("stop", "web");
    assert((await init.trace()).includes("stop web ends"));
    assert.equal((await init.init.shell("grep -lx sleep /proc/[0-9]*/comm")).stdout, "");
  },
);

test(
  "a daemon that has ended with success is started again by the next level, or by hand",
  { web: daemon("web"), other: daemon("other") },
  async (init) => {
    assert(await init.enter("2"));
    for (const begin of [() => init.enter("2", "S"), () => init.init.ask("start", "web")]) {
      const first = (await init.untilStatus("web", /process \d+$/)).split(" ").at(-1);
      await init.init.shell(`touch /run/web.end`);
      await init.untilStatus("web", /^web start\/running\n\tits processes are gone$/);
      await init.init.shell(`rm /run/web.end`);
      const others = await init.status("other");
      await begin();
      await init.untilStatus("web", new RegExp(`start/running, process (?!${first}$)\\d+$`));
      assert.equal(await init.status("other"), others);
    }
    assert(!(await init.trace()).some((line) => line.startsWith("stop")));
    assert(await init.enter("0", "2"));
    assert((await init.trace()).includes("stop web ends"));
  },
  (etc) =>
    etc.edit("init.d/web", (text) => text.replace("sleep 10000 &", `(${waitFor("web.end")}) &`), 0o755),
);

test(
  "an override has a dead service respawned, and `manual` takes one from all runlevels",
  { web: daemon("web"), idle: SERVICE },
  async (init) => {
    assert(await init.enter("2"));
    const first = (await init.untilStatus("web", /process \d+/)).split(" ").at(-1);
    await init.init.shell(`rm /run/web.pid; kill -KILL ${first}`);
    await init.untilStatus("web", new RegExp(`start/running, process (?!${first}$)`));
    assert.equal(await init.status("idle"), "idle stop/waiting");
  },
  (etc) => {
    etc.write("init/web.override", "respawn\n");
    etc.write("init/idle.override", "manual\n");
  },
);

test(
  "links and scripts that come and go are seen",
  { web: { stop: "016", lines: "" } },
  async (init) => {
    assert(await init.enter("2"));
    assert.equal(await init.status("web"), "web stop/waiting");
    init.etc.link("2", "S01web");
    init.etc.add("late", { start: "2", stop: "0" });
    await init.untilStatus("late", /stop\/waiting/);
    await init.untilStatus("web", /stop\/waiting/);
    const isStarted = async (job: string) => (await init.status(job)).endsWith("start/running");
    // Both come by one look, or by two.
    for (const job of ["web", "late"]) {
      while (!(await isStarted(job))) await init.enter("2");
    }
    init.etc.unlink("2", "S01late");
    await init.init.ask("stop", "late");
  },
  (etc) => etc.write("init.d/web", etc.headerOf("web", "2", "0 1 6"), 0o755),
);

test(
  "a script that has nothing but a stop gets its turn in the order of the stops",
  {
    web: { ...SERVICE, required: "umount" },
    umount: { stop: "06" },
    halt: { stop: "0" },
    reboot: { stop: "6" },
  },
  async (init) => {
    assert(await init.enter("2"));
    assert.equal(await init.status("umount"), "umount stop/waiting");
    assert(await init.enter("0", "2"));
    const trace = await init.trace();
    inOrder(trace, "start web ends", "stop web ends", "stop umount begins");
    assert(trace.includes("stop halt ends"));
    assert(!trace.some((line) => /reboot|start (umount|halt)/.test(line)), JSON.stringify(trace));
  },
);

test(
  "scripts without a header keep the order of their numbers, for starts and for stops",
  {
    first: { ...SERVICE, hasHeader: false, onStart: "sleep 0.1" },
    second: { ...SERVICE, hasHeader: false, onStop: "sleep 0.1" },
    headed: { ...SERVICE, onStart: "sleep 0.1" },
  },
  async (init) => {
    assert(await init.enter("2"));
    inOrder(
      await init.trace(),
      ...["start first ends", "start headed begins", "start headed ends", "start second begins"],
    );
    assert(await init.enter("0", "2"));
    inOrder(await init.trace(), "stop second ends", "stop first begins");
  },
  (etc) => {
    for (
      const [name, start, stop] of [["first", "10", "90"], ["headed", "20", "85"], [
        "second",
        "30",
        "20",
      ]] as const
    ) {
      for (const level of "2345") etc.relink(level, `S01${name}`, `S${start}${name}`);
      for (const level of "016") etc.relink(level, `K01${name}`, `K${stop}${name}`);
    }
  },
);

test(
  "bad scripts are told of, and the others are read",
  { good: SERVICE, endless: SERVICE, plain: SERVICE, dos: SERVICE },
  async (init) => {
    for (
      const pattern of [
        /\/etc\/init\.d\/endless:2: Header has no END INIT INFO/,
        /\/etc\/init\.d\/plain: Init script is not executable, and is not run/,
        /\/etc\/init\.d\/dos:1: Lines end with a carriage return/,
        /\/etc\/rc2\.d\/S01gone: Link leads to no init script/,
        /\/etc\/init\.d\/locked: .*owner/,
        /\/etc\/init\/good\.override:1: Unknown stanza `respwan'; did you mean `respawn'\?/,
      ]
    ) await init.untilSaid(pattern);
    assert.equal(await init.enter("2"), false);
    assert.equal(await init.status("good"), "good start/running");
    assert.equal(await init.status("endless"), "endless start/running");
    const { exit } = await init.init.run("initctl", "status", "plain");
    assert.equal(exit, 1);
  },
  (etc) => {
    etc.edit("init.d/endless", (text) => text.replace("### END INIT INFO\n", ""), 0o755);
    etc.edit("init.d/plain", (text) => text, 0o644);
    etc.edit("init.d/dos", (text) => text.replaceAll("\n", "\r\n"), 0o755);
    etc.link("2", "S01gone");
    etc.write("init.d/locked", etc.headerOf("locked", "2", "0"), 0o777);
    etc.link("2", "S01locked");
    etc.write("init/good.override", "respwan\n");
  },
);

test(
  "a job file goes before a script of its name, one that was made of it starts in its place, and `version` does not speak of Upstart",
  {
    web: SERVICE,
    typed: SERVICE,
    late: { ...SERVICE, required: "slow" },
    slow: { ...SERVICE, onStart: "sleep 0.1" },
  },
  async (init) => {
    const isNotUsed = (name: string) =>
      init.untilSaid(
        new RegExp(`/etc/init\\.d/${name}: Init script is not used: a job file of its name goes before it`),
      );
    for (const name of ["web", "typed"]) await isNotUsed(name);
    const late = ["/etc/init.d/late", "--to", "conf", "-o", "/etc/init/late.conf"];
    const { stderr } = await init.init.run(EXECUTABLE, "convert", "--sysv", ...late);
    assert.match(stderr, /so the job calls the script/);
    await isNotUsed("late");
    await until(
      "the new job is read",
      async () => (await init.init.ask("show-config", "late")).includes("uses slow"),
    );
    assert.equal(await init.init.ask("check-config"), "");
    assert(await init.enter("2"));
    const trace = await init.trace();
    inOrder(trace, "start slow ends", "start late begins");
    assert.equal(trace.some((line) => line.includes("web")), false);
    assert.match(await init.init.ask("version"), /^init \(rouse [^)]+\)\n$/);
  },
  (etc) => {
    etc.write("init/web.conf", "start on runlevel [2345]\nexec sleep 10000\n");
    etc.write(
      "init/typed.ts",
      'import { job } from "rouse";\n\nexport default job({ exec: "sleep 10000" });\n',
    );
  },
);

test(
  "a restart, and a start while the script's stop still runs, start it again",
  {
    web: {
      ...daemon("web"),
      onStop: `kill $(cat /run/web.pid); rm -f /run/web.pid; touch /run/stopping; ${waitFor("go")}`,
    },
  },
  async (machine) => {
    const { init } = machine;
    await init.shell("touch /run/go");
    assert(await machine.enter("2"));
    await machine.untilStatus("web", /^web start\/running, process/);
    assert.match(await init.ask("restart", "web"), /^web start\/running, process/);
    await init.shell("rm /run/go /run/stopping");
    await init.ask("stop", "--no-wait", "web");
    await until("the stop runs", async () => (await init.shell("test -e /run/stopping")).exit === 0);
    await init.ask("start", "--no-wait", "web");
    await init.shell("touch /run/go");
    await machine.untilStatus("web", /^web start\/running, process/);
  },
);

test(
  "a script whose name has a line's end is no job: it would forge a line of the list",
  { web: SERVICE },
  async (init) => {
    await init.untilSaid(/Init scripts with such a name cannot be run as jobs/);
    await init.untilStatus("web", /^web stop/);
    assert.doesNotMatch(await init.init.ask("list"), /^(cron|x$)/m);
  },
  (etc) => etc.write("init.d/x\ncron start", etc.headerOf("x", "2", "0"), 0o755),
);
