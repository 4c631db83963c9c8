/** What Gentoo's handbook teaches of init scripts: the boot, actions, rc-update, conf.d, how a script is written, runlevels. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { type OpenrcOptions, OpenrcRoot, service } from "../openrc/openrc_root.ts";
import { until } from "../support/deadline.ts";
import { MINIMAL_ROOT_POSSIBLE } from "../support/minimal_root.ts";

const ignore = !MINIMAL_ROOT_POSSIBLE;

const PLACE = "/usr/local/bin/rouse";

function handbookTest(name: string, options: OpenrcOptions, test: (root: OpenrcRoot) => Promise<void>): void {
  Deno.test({
    name,
    ignore,
    async fn() {
      await using root = await OpenrcRoot.make(options);
      await test(root);
    },
  });
}

/** What a command prints, with one blank between words; it has to succeed, and not to complain. */
async function printed(root: OpenrcRoot, line: string): Promise<string[]> {
  const { exit, stdout, stderr } = await root.shell(line);
  assert.deepEqual({ exit, stderr }, { exit: 0, stderr: "" }, line);
  return stdout.split("\n").slice(0, -1).map((text) => text.trim().replaceAll(/ +/g, " "));
}

/** Postfix and what the page has around it: what it needs and uses, and others that need or use it. */
const MAIL: Record<string, string> = {
  "net.eth0": service("provide net"),
  postfix: service("need net\n\tuse logger dns\n\tprovide mta"),
  metalogd: service("provide logger"),
  sysklogd: service("provide logger"),
  webmail: service("need mta"),
  cron: service("use mta"),
  lost: service("need net nowhere"),
};

handbookTest("a service can be started, stopped, restarted, paused, asked for and zapped", {
  scripts: MAIL,
  levels: { default: ["metalogd"] },
}, async (root) => {
  await root.boot("default");
  await root.shell("/etc/init.d/metalogd stop");
  root.traced();
  await root.shell("/etc/init.d/postfix start");
  // Of what it uses, what somebody has put into the runlevel.
  assert.deepEqual(root.traced().sort(), ["start metalogd", "start net.eth0", "start postfix"]);
  assert.deepEqual(await printed(root, "/etc/init.d/postfix status"), ["* status: started"]);

  await root.shell("/etc/init.d/webmail start; /etc/init.d/cron start");
  root.traced();
  await root.shell("/etc/init.d/postfix restart");
  // What needs it goes down with it and comes back; what only uses it stays.
  assert.deepEqual(root.traced(), ["stop webmail", "stop postfix", "start postfix", "start webmail"]);

  await root.shell("/etc/init.d/postfix pause");
  assert.deepEqual(root.traced(), ["stop postfix"]);
  const states = () => root.shell("for s in postfix webmail cron; do /etc/init.d/$s status; done");
  assert.equal((await states()).stdout, " * status: stopped\n * status: started\n * status: started\n");

  await root.shell("/etc/init.d/postfix start; /etc/init.d/postfix stop");
  assert.deepEqual(root.traced(), ["start postfix", "stop webmail", "stop postfix"]);
  assert.equal((await states()).stdout, " * status: stopped\n * status: stopped\n * status: started\n");

  await root.shell("/etc/init.d/postfix start; /etc/init.d/postfix zap");
  assert.deepEqual(root.traced(), ["start postfix"]);
  const zapped = await root.shell("/etc/init.d/postfix status");
  assert.deepEqual([zapped.exit, zapped.stdout], [3, " * status: stopped\n"]);
});

const ANSWERS: Array<[action: string, services: string]> = [
  ["postfix ineed", "net.eth0"],
  ["postfix iuse", "metalogd"],
  ["net.eth0 needsme", "lost webmail postfix"],
  ["postfix needsme", "webmail"],
  ["postfix usesme", "cron"],
  ["postfix broken", ""],
  ["lost broken", "nowhere"],
];

handbookTest("services tell what they need and use, who needs and uses them, and what is missing", {
  scripts: MAIL,
  levels: { default: ["cron", "metalogd", "webmail", "postfix", "net.eth0"] },
}, async (root) => {
  await root.boot("default");
  for (const [action, services] of ANSWERS) {
    assert.deepEqual((await printed(root, `/etc/init.d/${action}`)).join(" "), services, action);
  }

  // rc-update: del and add, show with and without what is in no runlevel; it makes the tree anew.
  assert.deepEqual(await printed(root, "rc-update del postfix default"), [
    "* service postfix removed from runlevel default",
  ]);
  assert.deepEqual(await printed(root, "rc-update show"), [
    "cron | default",
    "metalogd | default",
    "net.eth0 | default",
    "webmail | default",
  ]);
  assert.deepEqual(await printed(root, "rc-update -v show"), [
    "cron | default",
    "lost |",
    "metalogd | default",
    "net.eth0 | default",
    "postfix |",
    "sysklogd |",
    "webmail | default",
  ]);
  assert.deepEqual(await printed(root, "rc-update add postfix default boot"), [
    "* service postfix added to runlevel default",
    "* service postfix added to runlevel boot",
  ]);
  assert.deepEqual(await printed(root, "rc-update show boot"), ["postfix | boot"]);
  await root.shell(
    "touch /etc/init.d/lost; depscan.sh; rc-update del metalogd; rc-update add sysklogd default",
  );
  await root.shell("/etc/init.d/metalogd stop; /etc/init.d/sysklogd start");
  // Any provider of what is virtual will do.
  assert.deepEqual(await printed(root, "/etc/init.d/postfix iuse"), ["sysklogd"]);
});

handbookTest("before and after order the services of a runlevel; * stands for all of them", {
  scripts: {
    "net.lo": service("provide net"),
    portmap: service("need net\n\tbefore inetd\n\tbefore xinetd"),
    inetd: service(),
    xinetd: service(),
    apache2: service("need localmount\n\tafter bootmisc"),
    zeroth: service("before *"),
    bootmisc: service("need localmount"),
    localmount: service(),
    local: service("after *"),
    alone: service("after nowhere\n\tbefore portmap"),
  },
  levels: {
    boot: ["bootmisc", "localmount"],
    default: ["apache2", "inetd", "local", "net.lo", "portmap", "zeroth"],
  },
}, async (root) => {
  await root.boot("default");
  const order = root.traced().map((line) => line.replace("start ", ""));
  assert.deepEqual(order, [
    "localmount",
    "bootmisc",
    "zeroth",
    "apache2",
    "net.lo",
    "portmap",
    "inetd",
    "local",
  ]);
  // No dependency: neither who comes before nor who comes after is started for it.
  await root.shell("/etc/init.d/alone start; /etc/init.d/xinetd start");
  assert.deepEqual(root.traced(), ["start alone", "start xinetd"]);
});

/** A daemon that goes to the background by itself, writes its number to a file, and names itself otherwise. */
const DAEMON = `#!/bin/sh
sh -c 'printf foo >/proc/self/comm; echo $$ >"$0.new"; mv "$0.new" "$0"; while :; do sleep 1; done' "$1" \\
  >/dev/null 2>&1 </dev/null &
until [ -s "$1" ]; do sleep 0.05; done
`;

/** A start() as the page writes it. */
function starts(program: string, options = ""): string {
  return `start() {
	ebegin "Starting my_service"
	start-stop-daemon --start --exec ${program} \\
		--pidfile /run/my_pidfile ${options}
	eend $?
}
`;
}

handbookTest("start() and stop() call start-stop-daemon; stop() and restart() need not be there", {
  scripts: {
    my_service: `${starts("/opt/my_service", "--background --make-pidfile -- 1000")}stop() {
	ebegin "Stopping my_service"
	start-stop-daemon --stop --exec /opt/my_service \\
		--pidfile /run/my_pidfile
	eend $?
}
`,
    unstoppable: starts("/opt/my_service", "--background --make-pidfile -- 1000"),
    foo: starts("/opt/foo.py", "--name foo -- /run/my_pidfile"),
  },
  files: { "opt/foo.py": DAEMON },
  links: { "opt/my_service": "/bin/sleep" },
}, async (root) => {
  await root.boot();
  // What has ended is not reaped here.
  const isRunning = (file: string) =>
    `read -r pid name state rest </proc/$(cat ${file})/stat && [ $state != Z ]`;
  const isUp = isRunning("/run/my_pidfile"), wasUp = isRunning("/run/old");
  for (const name of ["my_service", "unstoppable", "foo"]) {
    assert.deepEqual(await printed(root, `/etc/init.d/${name} start`), ["* Starting my_service ... [ ok ]"]);
    await root.shell(`${isUp} && cat /run/my_pidfile >/run/old`);
    const before = await root.shell("cat /run/old");
    assert.match(before.stdout, /^\d+\n$/, name);
    await root.shell(`/etc/init.d/${name} restart`);
    await until(
      `${name} runs anew`,
      async () => (await root.shell(`${isUp} && ! { ${wasUp}; }`)).exit === 0,
    );
    assert.equal((await root.shell(`cat /run/my_pidfile >/run/old; /etc/init.d/${name} stop`)).exit, 0);
    await until(`${name} has ended`, async () => (await root.shell(wasUp)).exit !== 0);
    assert.equal((await root.shell("cat /run/my_pidfile")).exit, 1, `${name} has a pid file left`);
  }
});

const FULL_NAMES = `start() {
	local options=(-D)
	[[ \${RC_SVCNAME} == a* ]] && options+=(PHP5)
	echo "\${options[*]} and \${APACHE2_OPTS}" >>/trace
}
`;

Deno.test({
  name:
    "scripts may be bash's, have options of their own, and read conf.d: by their names and by those they provide",
  ignore: ignore || !existsSync("/bin/bash"),
  fn: async () => {
    await using root = await OpenrcRoot.make({
      scripts: {
        apache2: FULL_NAMES,
        slow: `opts="\${opts} restartdelay"
restartdelay() {
	stop
	sleep 0.1 # a while before it starts again
	start
}
${service()}`,
        tap0: 'depend() { provide net; }\nstart() { echo "$config_tap0 $OWN" >>/trace; }\n',
        own: `restart() { echo "restart of its own" >>/trace; }\n${service()}`,
        nothing: "depend() { :; }\n",
      },
      files: {
        "etc/conf.d/apache2": '# What the server is given.\nAPACHE2_OPTS="-D PHP5"\n',
        "etc/conf.d/net": 'config_tap0="dhcp"\nOWN=net\n',
        "etc/conf.d/tap0": "OWN=tap0\n",
        // Another init script's system has scripts that do not work here.
        "etc/init.d/foreign": "#!/bin/sh\necho foreign >>/trace\n",
      },
      programs: ["/bin/bash"],
    });
    await root.boot();
    await root.shell("for s in apache2 slow tap0 own; do rc-service $s start; done");
    assert.deepEqual(root.traced(), ["-D PHP5 and -D PHP5", "start slow", "dhcp tap0", "start own"]);
    await root.shell("/etc/init.d/slow restartdelay; /etc/init.d/own restart");
    assert.deepEqual(root.traced(), ["stop slow", "start slow", "restart of its own"]);
    const status = await root.shell("/etc/init.d/slow status; /etc/init.d/own status");
    assert.equal(status.stdout, " * status: started\n".repeat(2));
  },
});

/** The lines of inittab that the page shows, each on its own. */
const INITTAB = [
  "id:3:initdefault:",
  "si::sysinit:/sbin/rc sysinit",
  "rc::bootwait:/sbin/rc boot",
  ...["0:wait:/sbin/rc shutdown", "S1:wait:/sbin/rc single", "2:wait:/sbin/rc nonetwork"].map((line, level) =>
    `l${level}:${line}`
  ),
  ...[3, 4, 5].map((level) => `l${level}:${level}:wait:/sbin/rc default`),
  "l6:6:wait:/sbin/rc reboot",
  ...[1, 2, 3, 4, 5, 6].map((tty) => `c${tty}:12345:respawn:/sbin/agetty 38400 tty${tty} linux`),
];

const AGETTY =
  '#!/bin/sh\necho "$*" >"/run/agetty.$2.new"\nmv "/run/agetty.$2.new" "/run/agetty.$2"\nexec sleep 100000\n';

handbookTest("an offline runlevel is made by hand, and init boots into it by softlevel= and bootlevel=", {
  scripts: {
    acpid: service(),
    domainname: service(),
    local: service("after *"),
    "net.eth0": service("provide net"),
    bootmisc: service("need localmount"),
    localmount: service(),
    checkroot: service(),
  },
  levels: {
    boot: ["bootmisc", "localmount", "checkroot"],
    default: ["acpid", "domainname", "local", "net.eth0"],
  },
  files: { "etc/inittab": `${INITTAB.join("\n")}\n`, "sbin/agetty": AGETTY, "var/run/utmp": "" },
  links: { "dev/console": "null", "sbin/telinit": PLACE },
  commandLine: "root=/dev/hda3 softlevel=offline bootlevel=quick",
  first: `until [ -e /run/go ]; do sleep 0.05; done; unset PATH; exec ${PLACE} init`,
}, async (root) => {
  await printed(root, "mkdir /etc/runlevels/offline");
  assert.deepEqual(
    await printed(
      root,
      "cd /etc/runlevels/default; for service in *; do rc-update add $service offline; done",
    ),
    ["acpid", "domainname", "local", "net.eth0"].map((name) => `* service ${name} added to runlevel offline`),
  );
  await printed(root, "rc-update del net.eth0 offline");
  // With a name of a runlevel, only what is in it is shown; the page's has the others too.
  assert.deepEqual(await printed(root, "rc-update show offline"), [
    "acpid | offline",
    "domainname | offline",
    "local | offline",
  ]);
  await printed(root, `printf 'RC_COLDPLUG="yes"\\nRC_PLUG_SERVICES="!net.eth0"\\n' >/etc/conf.d/rc`);
  await printed(
    root,
    "mkdir /etc/runlevels/quick; for s in bootmisc localmount; do rc-update add $s quick; done",
  );

  await root.shell("touch /run/go");
  const terminals = [1, 2, 3, 4, 5, 6].map((tty) => `38400 tty${tty} linux`);
  // Terminals are there when all services of the runlevel are up.
  const shown = () => root.shell("cat /run/agetty.tty?");
  await until(
    "all terminals are there",
    async () => (await shown()).stdout.split("\n").length > terminals.length,
  );
  assert.deepEqual((await shown()).stdout.split("\n").slice(0, -1), terminals);
  const traced = root.traced();
  // Under our init services start side by side.
  assert.deepEqual(traced.splice(2, 2).sort(), ["start acpid", "start domainname"]);
  assert.deepEqual(traced, ["start localmount", "start bootmisc", "start local"]);
  assert.deepEqual(await printed(root, "rc-status -r"), ["offline"]);

  const plugged = await root.shell("IN_HOTPLUG=1 /etc/init.d/net.eth0 start");
  assert.deepEqual([plugged.exit, plugged.stderr], [1, " * net.eth0: not allowed to be hotplugged\n"]);
  assert.deepEqual(root.traced(), []);

  // The runlevels of inittab are those of their names.
  await root.shell("telinit 4");
  const untilIs = (line: string, answer: string) =>
    until(`${line} answers ${answer}`, async () => (await root.shell(line)).stdout === `${answer}\n`);
  await untilIs("rc-status -r", "default");
  await untilIs("rc-service net.eth0 status", " * status: started");
  await root.shell("telinit 0");
  await root.root.ended();
  const stops = root.traced().filter((line) => /^stop (bootmisc|localmount)$/.test(line));
  assert.deepEqual(stops, ["stop bootmisc", "stop localmount"]);
});
