/** Runscripts as jobs of an init that is process 1: one truth for rc-status, initctl and whoever asks. */

import assert from "node:assert/strict";
import type { Outcome } from "../support/command.ts";
import { until } from "../support/deadline.ts";
import { MINIMAL_ROOT_POSSIBLE, MinimalRoot } from "../support/minimal_root.ts";

const PLACE = "/usr/local/bin/rouse";

const NAMES = [
  "initctl",
  "openrc",
  "openrc-run",
  "rc",
  "rc-service",
  "rc-status",
  "rc-update",
  "start-stop-daemon",
  "telinit",
];

const PROGRAMS = ["sh", "chmod", "grep", "sleep", "mount", "cat", "ls", "rm", "mkdir", "kill"].map((name) =>
  `/bin/${name}`
);

/** The lines of inittab that Gentoo has. */
const INITTAB = `id:3:initdefault:
si::sysinit:/sbin/rc sysinit
rc::bootwait:/sbin/rc boot
l0:0:wait:/sbin/rc shutdown
l1:S1:wait:/sbin/rc single
l2:2:wait:/sbin/rc nonetwork
l3:3:wait:/sbin/rc default
l6:6:wait:/sbin/rc reboot
`;

/** A service without a process, which notes what is done to it. */
function service(depend = ":"): string {
  return `#!/sbin/openrc-run
depend() {
	${depend}
}
start() {
	ebegin "start $RC_SVCNAME"
	echo "start $RC_SVCNAME" >>/trace
	eend 0
}
stop() {
	ebegin "stop $RC_SVCNAME"
	echo "stop $RC_SVCNAME" >>/trace
	eend 0
}
`;
}

/** A daemon that start-stop-daemon starts. */
function daemon(depend = ":"): string {
  return `#!/sbin/openrc-run
description="a daemon of a test"
command=/bin/sleep
command_args=100000
command_background=yes
pidfile="/run/\${RC_SVCNAME}.pid"
depend() {
	${depend}
}
`;
}

/** A machine whose process 1 is init. */
class Machine implements AsyncDisposable {
  private constructor(readonly root: MinimalRoot) {}

  static async boot(
    scripts: Record<string, string>,
    levels: Record<string, string[]>,
    files: Record<string, string> = {},
  ): Promise<Machine> {
    const all = { sysinit: [], boot: [], default: [], nonetwork: [], single: [], shutdown: [], ...levels };
    const root = await MinimalRoot.start([
      "/bin/sh",
      "-c",
      `mount -t tmpfs -o mode=755 none /run && exec ${PLACE} init --openrc`,
    ], {
      files: {
        trace: "",
        "var/run/utmp": "",
        "var/log/wtmp": "",
        "var/log/upstart/.keep": "",
        "etc/init/.keep": "",
        "etc/conf.d/.keep": "",
        "etc/rc.conf": "",
        "etc/passwd": "root:x:0:0:root:/:/bin/sh\n",
        "etc/group": "root:x:0:\nuucp:x:10:\n",
        ...Object.fromEntries(Object.keys(all).map((level) => [`etc/runlevels/${level}/.keep`, ""])),
        ...Object.fromEntries(Object.entries(scripts).map(([name, text]) => [`etc/init.d/${name}`, text])),
        ...files,
      },
      links: {
        "dev/console": "null",
        ...Object.fromEntries(NAMES.map((name) => [`sbin/${name}`, PLACE])),
        ...Object.fromEntries(
          Object.entries(all).flatMap(([level, services]) =>
            services.map((name) => [`etc/runlevels/${level}/${name}`, `/etc/init.d/${name}`])
          ),
        ),
      },
      programs: PROGRAMS,
    });
    return new Machine(root);
  }

  /** Runs a line of shell. */
  shell(line: string): Promise<Outcome> {
    return this.root.run("/bin/sh", "-c", `PATH=/sbin:/bin; ${line}`);
  }

  /** Runs a line until what it prints matches. */
  async until(line: string, pattern: RegExp): Promise<string> {
    let last: Outcome | undefined;
    try {
      return await until(`${line} prints ${pattern}`, async () => {
        last = await this.shell(line);
        return pattern.test(last.stdout) && last.stdout;
      });
    } catch (error) {
      const told = [
        `It printed last\n${last?.stdout}${last?.stderr}`,
        this.root.output(),
        this.root.read("trace"),
      ];
      throw new Error(told.join("\n"), { cause: error });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.root[Symbol.asyncDispose]();
  }
}

/** The states that rc-status tells of services, and those that initctl tells. */
async function told(machine: Machine, ...services: string[]): Promise<[openrc: string, init: string][]> {
  const { stdout } = await machine.shell("rc-status -s; initctl list");
  return services.map((name) => [
    new RegExp(`^ ${name} .*\\[ +(\\w+)`, "m").exec(stdout)?.[1] ?? stdout,
    new RegExp(`^${name} (\\S+?),?(?: |$)`, "m").exec(stdout)?.[1] ?? stdout,
  ]);
}

const UP = ["started", "start/running"], DOWN = ["stopped", "stop/waiting"];

Deno.test({
  name: "a machine boots by Gentoo's inittab; rc-service, initctl and rc-status tell the same; it goes down",
  ignore: !MINIMAL_ROOT_POSSIBLE,
  fn: async () => {
    await using machine = await Machine.boot(
      {
        disk: service(),
        web: daemon("need disk"),
        postfix: daemon("need web\n\tprovide mta"),
        bad: "#!/sbin/openrc-run\nstart() { eerror 'it is bad'; return 3; }\n",
        hangs: "#!/sbin/openrc-run\nstart() { echo hangs >>/trace; sleep 100000; }\n",
        later: "#!/sbin/openrc-run\nstart() { mark_service_inactive; }\n",
        slow: "#!/sbin/openrc-run\n" +
          'start() { echo "slow $RC_OPENRC_PID" >>/trace; while [ ! -e /go ]; do sleep 0.1; done; }\n',
        stuck: "#!/sbin/openrc-run\n" +
          'start() { echo "stuck $$" >>/trace; while [ ! -e /free ]; do sleep 0.1; done; }\n',
        supervised:
          "#!/sbin/openrc-run\nsupervisor=supervise-daemon\ncommand=/bin/sleep\ncommand_args=100000\n",
        stays: "#!/sbin/openrc-run\nstop() { eerror 'it stays'; return 1; }\nstart() { :; }\n",
      },
      { boot: ["disk"], default: ["postfix"] },
      {
        "etc/inittab": INITTAB,
        "etc/init/alias.conf": "start on started mta\ntask\nexec /bin/sh -c 'echo alias >>/trace'\n",
        "etc/init/mail.conf": "start on started postfix\ntask\nexec /bin/sh -c 'echo mail >>/trace'\n",
      },
    );
    await machine.until("rc-status -s", /postfix.*started/);
    // While a runlevel is entered, openrc alone says what starts and stops.
    await machine.until("initctl status inittab/l3", /^inittab\/l3 stop\/waiting/);
    assert.deepEqual(await told(machine, "disk", "web", "postfix", "bad"), [UP, UP, UP, DOWN]);
    await machine.until("cat /trace", /^mail$/m);
    await machine.until("cat /trace", /^alias$/m);
    assert.match((await machine.shell("initctl show-config web")).stdout, /uses disk/);

    // What stops with it is stopped by init, too; what the scripts print is printed, and logged.
    const stop = await machine.shell("rc-service web stop");
    assert.deepEqual(
      [stop.exit, stop.stdout, stop.stderr],
      [0, " * Stopping postfix ... [ ok ]\n * Stopping web ... [ ok ]\n", ""],
    );
    assert.deepEqual(await told(machine, "disk", "web", "postfix"), [UP, DOWN, DOWN]);
    assert.match((await machine.shell("initctl why web")).stdout, /\[yes\] it needs disk, which /);
    assert.match(
      (await machine.shell("cat /var/log/upstart/web.log")).stdout,
      /Starting web.*\n.*Stopping web/,
    );

    // From init's end, with what is needed.
    const start = await machine.shell("initctl start postfix");
    assert.equal(start.exit, 0, start.stderr);
    assert.deepEqual(await told(machine, "web", "postfix"), [UP, UP]);
    await machine.shell("initctl stop web");
    assert.deepEqual(await told(machine, "disk", "web", "postfix"), [UP, DOWN, DOWN]);

    // A start that fails, and a stop.
    const bad = await machine.shell("rc-service bad start");
    assert.deepEqual(
      [bad.exit, bad.stdout, bad.stderr],
      [1, " * it is bad\n", " * ERROR: bad failed to start\n"],
    );
    assert.deepEqual(await told(machine, "bad"), [DOWN]);
    await machine.shell("rc-service stays start");
    const stays = await machine.shell("rc-service stays stop");
    assert.deepEqual(
      [stays.exit, stays.stdout, stays.stderr],
      [1, " * it stays\n", " * ERROR: stays failed to stop\n"],
    );
    await machine.until("initctl status stays", /^stays start\/running$/m);
    assert.deepEqual(await told(machine, "stays"), [UP]);

    // One that is killed, whoever has asked for it; and a service that is up only later.
    await machine.shell("initctl start --no-wait hangs");
    await machine.until("cat /trace", /^hangs$/m);
    assert.equal((await machine.shell("initctl stop --force hangs")).exit, 0);
    await machine.until("initctl status hangs", /^hangs stop\/waiting/);
    assert.deepEqual(await told(machine, "hangs"), [DOWN]);
    const later = await machine.shell("rc-service later start; rc-service later status");
    assert.equal(later.stderr, " * WARNING: later has started, but is inactive\n * status: inactive\n");
    assert.match((await machine.shell("initctl status later")).stdout, /^later start\/running$/m);

    // Whoever has asked is killed. The start goes on, and is noted by init's process.
    const asked = machine.shell("rc-service slow start");
    const line = await machine.until("cat /trace", /^slow \d+$/m);
    await machine.shell(`kill -KILL ${/^slow (\d+)$/m.exec(line)?.[1]}`);
    assert.notEqual((await asked).exit, 0);
    await machine.shell("echo >/go");
    await machine.until("initctl status slow", /^slow start\/running$/m);
    assert.deepEqual(await told(machine, "slow"), [UP]);
    assert.equal((await machine.shell("rc-service slow stop")).exit, 0);
    assert.deepEqual(await told(machine, "slow"), [DOWN]);

    // One that is forgotten while its script runs stays so when that ends.
    const forgotten = machine.shell("rc-service stuck start");
    const shell = /^stuck (\d+)$/m.exec(await machine.until("cat /trace", /^stuck \d+$/m))?.[1];
    assert.equal((await machine.shell("rc-service stuck zap")).exit, 0);
    const { exit, stderr } = await forgotten;
    assert.deepEqual([exit, stderr], [1, " * ERROR: stuck was set to stopped while it was starting\n"]);
    await machine.shell("echo >/free");
    await machine.until(`kill -0 ${shell} 2>/dev/null || echo gone`, /gone/);
    assert.deepEqual(await told(machine, "stuck"), [DOWN]);

    // The supervisor of a daemon is the job's process, and respawns it.
    await machine.shell("rc-service supervised start");
    await machine.until("initctl status supervised", /process \d+/);
    const childOf = "cat /run/openrc/options/supervised/child_pid";
    const first = parseInt(await machine.until(childOf, /\d/), 10);
    await machine.shell(`kill -KILL ${first}`);
    await machine.until(childOf, new RegExp(`^(?!${first}$)\\d+$`, "m"));
    assert.deepEqual(await told(machine, "supervised"), [UP]);
    assert.equal((await machine.shell("initctl stop supervised")).exit, 0);
    assert.deepEqual(await told(machine, "supervised"), [DOWN]);

    // A daemon that is killed, and is started again.
    await machine.shell("rc-service web start");
    await machine.until("initctl status web", /process \d+/);
    await machine.shell("kill -KILL $(cat /run/web.pid)");
    await machine.until("initctl status web", /^web stop\/waiting/);
    await machine.until("rc-status -s", /web .*crashed/);
    assert.equal((await machine.shell("initctl start web")).exit, 0);
    assert.deepEqual(await told(machine, "web"), [UP]);
    // A service that is forgotten is down, and its daemon lives on, which OpenRC's start finds in its way.
    const zapped = await machine.shell("cat /run/web.pid; rc-service web zap");
    assert.deepEqual([zapped.exit, zapped.stderr], [0, ""]);
    await machine.until("initctl status web", /^web stop\/waiting/);
    assert.deepEqual(await told(machine, "web"), [DOWN]);
    const pid = parseInt(zapped.stdout, 10);
    assert.equal((await machine.shell(`kill -0 ${pid}`)).exit, 0);
    assert.equal((await machine.shell("rc-service web start")).exit, 1);
    assert.deepEqual(await told(machine, "web"), [DOWN]);
    assert.equal((await machine.shell(`kill ${pid}`)).exit, 0);
    await machine.until(`kill -0 ${pid} 2>/dev/null || echo gone`, /gone/);
    assert.equal((await machine.shell("rc-service web restart")).exit, 0);
    assert.deepEqual(await told(machine, "web"), [UP]);

    // A new script is a job, and one that is gone is none.
    await machine.shell(
      "echo '#!/sbin/openrc-run' >/etc/init.d/new; chmod +x /etc/init.d/new; rm /etc/init.d/bad",
    );
    await machine.until("initctl list", /^new stop\/waiting$/m);
    await machine.until("initctl list | grep -c ^bad", /^0$/m);

    assert.equal((await machine.shell("telinit 0")).exit, 0);
    await machine.root.ended();
    const trace = machine.root.read("trace").split("\n").filter((line) => line.includes("disk"));
    assert.deepEqual(trace, ["start disk", "stop disk"]);
  },
});

Deno.test({
  name:
    "without an inittab, jobs that ship boot the machine to default and restart it; circles hold up nothing",
  ignore: !MINIMAL_ROOT_POSSIBLE,
  fn: async () => {
    await using machine = await Machine.boot(
      { disk: service(), a: service("need disk\n\tafter b"), b: service("use a"), off: service() },
      { sysinit: ["disk"], default: ["a", "b"], nonetwork: ["off"] },
    );
    await machine.until("rc-status -r", /^default$/m);
    await machine.until("initctl status rc", /^rc stop\/waiting/);
    assert.deepEqual(await told(machine, "disk", "a", "b", "off"), [UP, UP, UP, DOWN]);
    await machine.shell("telinit 2");
    await machine.until("rc-status -s; initctl status rc", /off .*started[^]*rc stop\/waiting/);
    assert.deepEqual(await told(machine, "disk", "a", "b", "off"), [UP, DOWN, DOWN, UP]);
    await machine.shell("telinit 6");
    await machine.root.ended();
    const stopped = machine.root.read("trace").split("\n").filter((line) => line.startsWith("stop"));
    assert.deepEqual(stopped.slice(2).toSorted(), ["stop disk", "stop off"]);
  },
});
