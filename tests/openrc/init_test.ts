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

const PROGRAMS = ["sh", "chmod", "sleep", "mount", "cat", "ls", "rm", "mkdir", "kill"].map((name) =>
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
        "etc/inittab": INITTAB,
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

Deno.test({
  name: "runscripts are jobs of init",
  ignore: !MINIMAL_ROOT_POSSIBLE,
  fn: async () => {
    await using machine = await Machine.boot(
      {
        disk: service(),
        web: daemon("need disk\n\tprovide http"),
        mail: daemon("need web"),
        bad: `#!/sbin/openrc-run\nstart() { eerror "it is bad"; return 3; }\n`,
        stuck: `#!/sbin/openrc-run\nstart() { :; }\nstop() { eerror "it stays"; return 1; }\n`,
        own:
          `${daemon()}restart() { svc_stop; svc_start; echo own; }\nsvc_stop() { start-stop-daemon --stop --pidfile $pidfile; }\nsvc_start() { start-stop-daemon --start --background --make-pidfile --pidfile $pidfile --exec $command -- $command_args; }\n`,
      },
      { boot: ["disk"], default: ["web", "mail"] },
    );
    await machine.until("rc-status -r", /^default$/m);
    await machine.until("rc-status", /mail.*started/);
    console.log(
      (await machine.shell(
        "initctl list; rc-status -a; initctl show-config web; ls /var/log/upstart; cat /var/log/upstart/*; cat /trace; initctl status -e web",
      )).stdout,
    );
    const o = async (l: string) => {
      const { exit, stdout, stderr } = await machine.shell(l);
      console.log(`$ ${l} -> ${exit}\n${stdout}--${stderr}`);
    };
    await o("rc-service web zap; initctl list");
    await o("rc-service web start; initctl list");
    await o("rc-service bad start; rc-service stuck start; initctl list; rc-status -a");
    await o("rc-service stuck stop; initctl list; rc-status -a");
    await o("initctl stop stuck; initctl list; rc-status -a");
    await o("initctl start bad; initctl list; rc-status -a; cat /var/log/upstart/bad.log");
    await o(
      "rc-service own start; initctl status own; rc-service own restart; sleep 1; initctl status own; rc-status -a",
    );
    await o("rc-service own --nodeps restart; sleep 1; initctl status own; rc-status -a; initctl list");
    await o(
      "echo '#!/sbin/openrc-run' >/etc/init.d/new; chmod +x /etc/init.d/new; sleep 2; initctl list; initctl status new",
    );
    await o("cat /trace; cat /var/log/upstart/*");
    console.log(machine.root.output());
    await o("telinit 0");
    console.log(await machine.root.ended());
    console.log(machine.root.output());
    assert(true);
  },
});
