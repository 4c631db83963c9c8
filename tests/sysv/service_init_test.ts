/** service and invoke-rc.d where the scripts are jobs of the running init, which is process 1. */

import assert from "node:assert/strict";
import { NAMESPACES_POSSIBLE } from "../support/namespace.ts";
import type { Outcome } from "../support/command.ts";
import { EXECUTABLE } from "../support/programs.ts";
import { type Script, ScriptsInit } from "./scripts_init.ts";

const SERVICE = { start: "2345", stop: "016" } satisfies Script;

/** A daemon with a pid file. */
const DAEMON: Script = {
  ...SERVICE,
  lines: "PIDFILE=/run/web.pid",
  onStart: `[ ! -s /run/web.pid ] || exit 0; sleep 10000 & echo $! > /run/web.pid`,
  onStop: `[ ! -s /run/web.pid ] || kill $(cat /run/web.pid); rm -f /run/web.pid`,
  others: `status) [ -s /run/web.pid ] || { echo "web is off"; exit 3; }; echo "web is on" ;;
  reload) echo "reads $2 anew" ;;
  *) echo "Usage: web {start|stop|status|reload}"; exit 2 ;;`,
};

function test(
  name: string,
  scripts: Readonly<Record<string, Script>>,
  body: (init: ScriptsInit, service: (...words: string[]) => Promise<Outcome>) => Promise<void>,
): void {
  Deno.test({
    name,
    ignore: !NAMESPACES_POSSIBLE,
    async fn() {
      await using init = await ScriptsInit.start(scripts);
      await body(init, (...words) => init.init.run(EXECUTABLE, "sysv", "service", ...words));
    },
  });
}

/** Checks what a call ended with and wrote: to the output where it succeeded or asked for the status, else to the errors. */
function says({ exit, stdout, stderr }: Outcome, expected: number, words: RegExp): void {
  assert.equal(exit, expected, stdout + stderr);
  assert.match((stdout + stderr).trimEnd(), words);
}

test("service starts, stops and restarts a script by init", { web: DAEMON }, async (init, service) => {
  says(await service("web", "status"), 3, /^web is off$/);
  says(await service("web", "start"), 0, /^web: started$/);
  const first = /process (\d+)$/.exec(await init.untilStatus("web", /^web start\/running, process \d+$/))![1];
  says(await service("web", "status"), 0, new RegExp(`^web: running, process ${first}$`));
  says(await service("web", "start"), 0, /^web: running already$/);
  says(await service("web", "restart"), 0, /^web: restarted$/);
  await init.untilStatus("web", new RegExp(`process (?!${first}$)\\d+$`));
  says(await service("web", "try-restart"), 0, /^web: restarted$/);
  await init.untilStatus("web", /process \d+$/);
  says(await service("web", "stop"), 0, /^web: stopped$/);
  assert.equal(await init.status("web"), "web stop/waiting");
  says(await service("web", "try-restart"), 0, /^web: not running$/);
  assert.equal(await init.status("web"), "web stop/waiting");
  says(await service("web", "restart"), 0, /web: started$/);
  await init.untilStatus("web", /process \d+$/);
  says(await service("web", "--full-restart"), 0, /^web: stopped\nweb: started$/);
  says(await service("nothing", "start"), 1, /^nothing: unrecognized service$/);
});

test("all other actions are the script's, with its exit status", { web: DAEMON }, async (_init, service) => {
  says(await service("web", "reload", "its files"), 0, /^reads its files anew$/);
  says(await service("web", "explode"), 2, /^Usage: web/);
});

test("a daemon that was killed is dead, and is started again", { web: DAEMON }, async (init, service) => {
  says(await service("web", "start"), 0, /^web: started$/);
  await init.untilStatus("web", /process \d+$/);
  await init.init.shell("kill -KILL $(cat /run/web.pid); rm /run/web.pid");
  await init.untilStatus("web", /^web stop\/waiting/);
  says(await service("web", "status"), 3, /^web is off$/);
  says(await service("web", "start"), 0, /^web: started$/);
  await init.untilStatus("web", /process \d+$/);
});

test("what was started by hand is seen, and stopped", { web: DAEMON }, async (init, service) => {
  const byHand = await init.init.shell("setsid /etc/init.d/web start < /dev/null > /dev/null 2>&1");
  assert.equal(byHand.exit, 0, byHand.stderr);
  says(await service("web", "status"), 0, /^web is on$/);
  says(await service("web", "stop"), 0, /^$/);
  says(await service("web", "status"), 3, /^web is off$/);
});

test(
  "a start that fails has the script's exit status, and says what it means",
  { broken: { ...SERVICE, onStart: "exit 5" }, odd: { ...SERVICE, onStart: "exit 42" } },
  async (_init, service) => {
    says(await service("broken", "start"), 5, /^broken: .*failed.*\n.*\(program is not installed\)$/);
    says(await service("odd", "start"), 1, /^odd: .*failed.*\n.*terminated with status 42$/);
    says(await service("broken", "restart"), 5, /\(program is not installed\)$/);
  },
);

test(
  "service --status-all asks the scripts, and init where they cannot tell",
  {
    web: DAEMON,
    mute: { ...SERVICE, others: 'status) echo "Usage: mute {start|stop}"; exit 3 ;;' },
    off: { ...SERVICE, others: 'status) echo "Usage: off {start|stop}"; exit 3 ;;' },
  },
  async (_init, service) => {
    for (const name of ["web", "mute"]) says(await service(name, "start"), 0, /: started$/);
    says(await service("--status-all"), 0, /^ \[ \+ \] {2}mute\n \[ - \] {2}off\n \[ \+ \] {2}web$/);
  },
);

test(
  "a script that starts another one, which waits for it, does not wait for that",
  {
    first: {
      ...SERVICE,
      onStart: `${EXECUTABLE} sysv service second start > /run/said 2>&1 || echo fails >> /run/said`,
    },
    second: { ...SERVICE, required: "first" },
  },
  async (init, service) => {
    says(await service("first", "start"), 0, /^first: started$/);
    await init.untilStatus("second", /^second start\/running$/);
    const { stdout } = await init.init.shell("cat /run/said");
    assert.equal(stdout, "second: is started as soon as what it waits for is up\n");
  },
);

test(
  "invoke-rc.d goes by the runlevel, and through init",
  { web: DAEMON, other: { start: "4", stop: "0" } },
  async (init) => {
    const sysv = (...words: string[]) => init.init.run(EXECUTABLE, "sysv", ...words);
    await init.init.shell(": > /run/utmp");
    says(await sysv("telinit", "3"), 0, /^$/);
    await init.untilStatus("web", /process \d+$/);
    says(await sysv("runlevel"), 0, /^N 3$/);
    says(await sysv("invoke-rc.d", "web", "start"), 0, /^web: running already$/);
    says(await sysv("invoke-rc.d", "web", "restart"), 0, /^web: restarted$/);
    says(await sysv("invoke-rc.d", "web", "stop"), 0, /^web: stopped$/);
    says(
      await sysv("invoke-rc.d", "web", "status"),
      3,
      /^web is off\ninvoke-rc.d: initscript web, action "status" failed\.$/,
    );
    says(await sysv("invoke-rc.d", "other", "start"), 0, /^$/);
    assert.equal(await init.status("other"), "other stop/waiting");
    says(await sysv("invoke-rc.d", "--force", "other", "start"), 0, /^other: started$/);
  },
);
