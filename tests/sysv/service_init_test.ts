/** service and invoke-rc.d where the scripts are jobs of the running init, which is process 1. */

import assert from "node:assert/strict";
import { until } from "../support/deadline.ts";
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

/** Runs an action of a script as rc or somebody at the keyboard does, without init. */
async function byHand({ init }: ScriptsInit, name: string, action: string): Promise<void> {
  const { exit, stderr } = await init.shell(
    `setsid /etc/init.d/${name} ${action} < /dev/null > /dev/null 2>&1`,
  );
  assert.equal(exit, 0, stderr);
}

test("what was started by hand is seen, and stopped", { web: DAEMON }, async (init, service) => {
  await byHand(init, "web", "start");
  says(await service("web", "status"), 0, /^web is on$/);
  says(await service("web", "stop"), 0, /^$/);
  says(await service("web", "status"), 3, /^web is off$/);
});

test(
  "what was started by hand is restarted and reloaded by its script, and there is no second daemon",
  {
    web: {
      ...DAEMON,
      others: `${
        DAEMON.others!.replace(
          "*)",
          'restart | try-restart | condrestart) echo "$1 by hand"; exit 7 ;;\n  *)',
        )
      }`,
    },
  },
  async (init, service) => {
    for (const action of ["try-restart", "condrestart"]) {
      says(await service("web", action), 0, /^web: not running$/);
    }
    await byHand(init, "web", "start");
    const daemon = await init.init.shell("cat /run/web.pid");
    for (const action of ["restart", "try-restart", "condrestart"]) {
      says(await service("web", action), 7, new RegExp(`^${action} by hand$`));
    }
    says(await service("web", "reload", "all"), 0, /^reads all anew$/);
    assert.match(await init.status("web"), /^web stop\/waiting\n.*names process/);
    assert.deepEqual(await init.init.shell("cat /run/web.pid"), daemon);
  },
);

test(
  "the status of a script without that action is told by its pid file and its lock file",
  {
    plain: {
      ...SERVICE,
      lines: "PIDFILE=/run/plain/pid",
      others: '*) echo "Usage: plain {start|stop}"; exit 2 ;;',
    },
  },
  async ({ init }, service) => {
    says(await service("plain", "status"), 3, /^plain: not running$/);
    await init.shell(
      "mkdir -p /run/plain; sleep 10000 < /dev/null > /dev/null 2>&1 & echo $! > /run/plain/pid",
    );
    says(await service("plain", "status"), 0, /^plain: running$/);
    await init.shell("echo 999999999 > /run/plain/pid");
    says(await service("plain", "status"), 1, /^plain: dead, and its pid file is still there$/);
    await init.shell(
      "rm /run/plain/pid; mkdir -p /run/lock && mount -t tmpfs none /var/lock && mkdir -p /var/lock/subsys; : > /var/lock/subsys/plain",
    );
    says(await service("plain", "status"), 2, /^plain: dead, and its lock file is still there$/);
    says(await service("plain", "start"), 0, /^plain: started$/);
    says(await service("plain", "status"), 0, /^plain: running$/);
  },
);

test(
  "a start waits for one that is under way, says what that waits for, and ends as it does",
  {
    slow: { ...SERVICE, onStart: "read word < /run/slow.fifo; exit $word" },
    next: { ...SERVICE, required: "slow" },
  },
  async (init, service) => {
    const again = (name: string) =>
      init.init.shell(`${EXECUTABLE} sysv service ${name} start 2> /run/said.${name}`);
    for (const status of [0, 6]) {
      await init.init.shell("mkfifo /run/slow.fifo; rm -f /run/said.*");
      const starts = [service("slow", "start")];
      await init.untilStatus("slow", /^slow start\/(?!running)/);
      starts.push(service("next", "start"));
      await init.untilStatus("next", /waits for slow/);
      says(await service("slow", "status"), 4, /^slow: start\//);
      const asked = Promise.all(["slow", "next"].map(again));
      await until("both are told of", async () => {
        const { stdout } = await init.init.shell("cat /run/said.slow /run/said.next");
        return /slow: is starting already[^]*next: is starting already: waits for slow/.test(stdout);
      });
      await init.init.shell(`echo ${status} > /run/slow.fifo; rm /run/slow.fifo`);
      const [slow, next] = await asked;
      await Promise.all(starts);
      assert.deepEqual([next!.exit, next!.stdout], [0, "next: started\n"]);
      assert.equal(slow!.exit, status, slow!.stdout);
      if (status !== 0) break;
      assert.equal(slow!.stdout, "slow: started\n");
      for (const name of ["next", "slow"]) says(await service(name, "stop"), 0, /: stopped$/);
    }
    const { stdout } = await init.init.shell("cat /run/said.slow");
    assert.match(stdout, /\(program is not configured\)\nslow: what the script prints is in /);
  },
);

test(
  "a start that fails has the script's exit status, and says what it means and what the script has printed",
  {
    broken: { ...SERVICE, onStart: "seq 12; echo cannot find /usr/sbin/brokend >&2; exit 5" },
    odd: { ...SERVICE, onStart: "exit 42" },
    kind: { ...SERVICE, onStart: "echo it does not work >&2; exit 0" },
  },
  async ({ init }, service) => {
    const end = ["4", ..."56789", "10", "11", "12", "cannot find /usr/sbin/brokend"].map((line) =>
      `\n  ${line}`
    ).join("");
    const log = "what the script prints is in /var/log/upstart/broken.log; this time it ends with";
    const words = new RegExp(
      `^broken: .*failed.*\\n.*\\(program is not installed\\)\\nbroken: ${log}${end}$`,
    );
    for (const action of ["start", "start", "restart"]) says(await service("broken", action), 5, words);
    says(await service("broken", "status"), 3, /^broken: not running$/);
    says(
      await service("odd", "start"),
      1,
      /^odd: .*failed.*\n.*terminated with status 42\nodd: what .*cannot be read: /,
    );
    await init.shell("echo earlier > /var/log/upstart/odd.log");
    says(
      await service("odd", "start"),
      1,
      /status 42\nodd: what .*odd\.log; this time it has printed nothing$/,
    );
    for (const action of ["start", "restart"]) says(await service("kind", action), 0, /^kind: (re)?started$/);
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

test(
  "of a service whose main process was killed and that has others, the script says whether it runs; without one they end",
  {
    web: {
      ...SERVICE,
      // The first one is the oldest, for it has made the others.
      onStart:
        `setsid sh -c 'sleep 10000 & echo $! > /run/worker; sleep 10000 & echo $! > /run/other; exec sleep 10000' \\
      > /dev/null 2>&1 & while [ ! -s /run/other ]; do sleep 0.01; done`,
      others: 'status) [ -e /run/serves ] && { echo "web serves"; exit 0; }; echo "web is dead"; exit 1 ;;',
    },
  },
  async (init, service) => {
    says(await service("web", "start"), 0, /^web: started$/);
    const killMain = async () => {
      const [, main] = /process (\d+)$/.exec(
        await init.untilStatus("web", /^web start\/running, process \d+$/),
      )!;
      const [worker, other] = (await init.init.shell("cat /run/worker /run/other")).stdout.split("\n");
      await init.init.shell(`rm /run/worker /run/other; kill -9 ${main}`);
      await init.untilStatus(
        "web",
        new RegExp(
          `running, process ${worker}\\n\\tits main process is gone, and others of its processes run on`,
        ),
      );
      return [worker, other];
    };
    await killMain();
    says(await service("web", "status"), 1, /^web is dead$/);
    const { exit, stderr } = await init.init.shell(`${EXECUTABLE} start web`);
    assert.deepEqual([exit, /its main process is gone.*: .*restart it$/m.test(stderr)], [1, true], stderr);
    says(await service("web", "start"), 0, /^web: started anew, for its main process was gone$/);
    const [worker, other] = await killMain();
    await init.init.shell("touch /run/serves");
    says(await service("web", "start"), 0, /^web: running already$/);
    says(await service("web", "status"), 0, /^web serves$/);
    // Nothing but init can end what is left now.
    await init.init.shell("rm /etc/init.d/web");
    says(await service("web", "stop"), 0, /^web: stopped$/);
    await until("all are gone", async () => {
      const { exit } = await init.init.shell(`kill -0 ${worker} 2> /dev/null || kill -0 ${other}`);
      return exit !== 0;
    });
  },
);
