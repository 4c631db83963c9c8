/** openrc-run: what scripts may be, what they are told, what goes wrong with them, and what their helpers refuse. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { until } from "../support/deadline.ts";
import { MINIMAL_ROOT_POSSIBLE } from "../support/minimal_root.ts";
import { OpenrcRoot, service } from "./openrc_root.ts";

const ignore = !MINIMAL_ROOT_POSSIBLE;

const DEPRECATED = [
  "Use of the opts variable is deprecated and will be",
  "removed in the future.",
  "Please use extra_commands, extra_started_commands or extra_stopped_commands.",
].map((line) => ` * ${line}\n`).join("");

Deno.test({
  name: "scripts of older Gentoo: restart(), opts, pause, broken, and the settings of what is provided",
  ignore,
  fn: async () => {
    const provides = "depend() { provide net; }\n";
    await using root = await OpenrcRoot.make({
      scripts: {
        web: `${service("need disk")}restart() { echo "restart $RC_SVCNAME" >>/trace; }\n`,
        disk: service(),
        "net.lo": `${provides}start() { echo "A=$A B=$B C=$C RC_CMD=$RC_CMD" >>/trace; }\n`,
        slow: `opts="$opts restartdelay"\nrestartdelay() { stop; echo delay >>/trace; start; }\n${service()}`,
        lost: service("need nowhere"),
      },
      levels: { default: ["web"] },
      files: {
        "etc/conf.d/net": "A=net\nB=net\nC=net\n",
        "etc/conf.d/net.lo": "C=own\n",
        "etc/conf.d/net.lo.offline": "C=never\n",
      },
    });
    await root.boot("default");
    assert.deepEqual(root.traced(), ["start disk", "start web"]);
    const restarted = await root.shell("rc-service web restart && rc-service web status");
    assert.equal(restarted.stdout, " * status: started\n");
    await root.shell("rc-service disk pause; rc-service net.lo start");
    assert.deepEqual(root.traced(), ["restart web", "stop disk", "A=net B=net C=own RC_CMD=start"]);
    assert.equal((await root.shell("rc-service web status")).stdout, " * status: started\n");
    const delayed = await root.shell("rc-service slow start >/dev/null 2>&1; rc-service slow restartdelay");
    assert.equal(delayed.stderr, DEPRECATED);
    assert.deepEqual(root.traced(), ["start slow", "stop slow", "delay", "start slow"]);
    assert.equal((await root.shell("rc-service lost broken")).stdout, "nowhere \n");
  },
});

Deno.test({
  name: "a script in bash's language runs under bash, where it is there",
  ignore: ignore || !existsSync("/bin/bash"),
  fn: async () => {
    await using root = await OpenrcRoot.make({
      scripts: {
        list: 'start() { local -a all=(one two); [[ ${all[1]} == t* ]] && einfo "${all[1]^^}"; }\n',
        plain: 'start() { einfo "${BASH_VERSION:-another}"; }\n',
      },
      programs: ["/bin/bash"],
    });
    await root.boot();
    const { exit, stdout, stderr } = await root.shell("rc-service list start; rc-service plain start");
    assert.deepEqual({ exit, stdout, stderr }, { exit: 0, stdout: " * TWO\n * another\n", stderr: "" });
  },
});

Deno.test({
  name: "a script that hangs, ends early or cannot be read harms its own service alone",
  ignore,
  fn: async () => {
    await using root = await OpenrcRoot.make({
      scripts: {
        hang: "start() { sleep 1000; }\n",
        stuck: "start() { echo stuck >>/trace; sleep 1000; }\n",
        ended: "exit 7\n",
        broken: "start() {\n",
        good: service(),
        files: "start() { ls /proc/self/fd; }\n",
      },
      files: { "etc/conf.d/hang": "rc_timeout=1\n" },
    });
    await root.boot();
    const hung = await root.shell("rc-service hang start");
    assert.equal(hung.exit, 1);
    assert.match(hung.stderr, /^ \* hang: start takes more than 1 s \(rc_timeout\), and is ended\n/);
    const early =
      "ended: /etc/init.d/ended ends with status 7 while it is read: an `exit' or an error at top level";
    const ended = await root.shell("rc-service -v ended start");
    assert.equal(ended.stderr, ` * ${early}\n * ERROR: ended failed to start\n`);
    assert.equal((await root.shell("rc-service broken start")).exit, 1);
    assert.equal((await root.shell("rc-service good start")).exit, 0);
    assert.deepEqual(root.traced(), ["start good"]);
    // The last one is that of the directory.
    assert.equal((await root.shell("rc-service files start")).stdout, "0\n1\n2\n3\n");

    const interrupted = root.shell("echo $$ >/run/pid; exec /etc/init.d/stuck start");
    await until("the script runs", () => root.root.read("trace").endsWith("stuck\n"));
    const seen = await root.shell("cat /proc/[0-9]*/cmdline");
    assert.match(seen.stdout, /\0\/etc\/init\.d\/stuck\0start\0/);
    assert.doesNotMatch(seen.stdout, /_rc_|einfo/, "the library is none of the arguments");
    const meanwhile = await root.shell(
      "rc-service stuck status; rc-service stuck start; rc-service stuck stop; kill -TERM $(cat /run/pid)",
    );
    assert.equal(
      meanwhile.stderr,
      " * status: starting\n * WARNING: stuck is already starting\n * ERROR: stuck stopped by something else\n",
    );
    const { exit, stderr } = await interrupted;
    assert.deepEqual({ exit, stderr }, { exit: 1, stderr: " * stuck: caught SIGTERM, aborting\n" });
    const left = await root.shell(
      "for s in hang ended broken stuck; do ls /run/openrc/*/$s; done 2>/dev/null",
    );
    assert.equal(left.stdout, "");
  },
});

Deno.test({
  name: "root runs and reads nothing of a service that others could have written, and says so each time",
  ignore,
  fn: async () => {
    const names = ["good", "linked", "needs", "open", "plain", "set", "theirs"];
    await using root = await OpenrcRoot.make({
      scripts: {
        ...Object.fromEntries(names.map((name) => [name, service()])),
        good: `${service()}status() { echo "A=$A B=$B"; }\n`,
        needs: service("need theirs"),
      },
      levels: { default: names },
      files: {
        "etc/conf.d/set": "echo read >>/trace\n",
        "etc/rc.conf.d/open.conf": "echo read >>/trace; A=open\n",
        "etc/rc.conf.d/safe.conf": "B=safe\n",
        "home/linked": `#!/sbin/openrc-run\n${service()}`,
      },
      programs: ["/bin/ln", "/bin/chown", "/bin/chmod"],
    });
    await root.boot();
    const spoil = [
      "chmod 777 /etc/init.d/open; chown 1500 /etc/init.d/theirs /home",
      "chmod 755 /home /home/linked; ln -sf /home/linked /etc/init.d/linked",
      "printf '#!/bin/sh\\necho plain $1 >>/trace\\n' >/etc/init.d/plain; chmod 777 /etc/init.d/plain",
      "chmod 666 /etc/conf.d/set /etc/rc.conf.d/open.conf",
    ];
    await root.shell("rc-update -u");
    root.traced();
    await root.shell(spoil.join("\n"));
    const rcConf = " * Not read: /etc/rc.conf.d/open.conf is writable by everyone (owner root, mode 0666); " +
      "chmod o-w /etc/rc.conf.d/open.conf";
    const refused: Record<string, string> = {
      linked: "/home is writable by 1500 (owner 1500, mode 0755); chown root /home",
      open: "/etc/init.d/open is writable by everyone (owner root, mode 0777); chmod o-w /etc/init.d/open",
      set: "/etc/conf.d/set is writable by everyone (owner root, mode 0666); chmod o-w /etc/conf.d/set",
      theirs: "/etc/init.d/theirs is writable by 1500 (owner 1500, mode 0755); chown root /etc/init.d/theirs",
    };
    for (const [name, problem] of Object.entries(refused)) {
      const said = `${rcConf}\n * ERROR: ${name} not started: ${problem}\n`;
      assert.equal((await root.shell(`rc-service ${name} start`)).stderr, said);
      assert.equal((await root.shell(`openrc-run /etc/init.d/${name} start`)).stderr, said);
    }
    const plain = await root.shell("rc-service plain start");
    assert.match(plain.stderr, /^ \* rc-service: Not run: \/etc\/init.d\/plain is writable by everyone/);
    const lines = Object.entries(refused).map(([name, problem]) =>
      ` * ERROR: ${name} not started: ${problem}`
    );
    for (let time = 0; time < 2; time++) {
      const entered = (await root.shell("openrc default; rc-status")).stderr.split("\n");
      for (const line of lines) assert(entered.includes(line), `${line} in ${entered.join("\n")}`);
    }
    assert.deepEqual(root.traced(), ["start good"]);
    const status = await root.shell("rc-service good status; rc-status default");
    assert.match(status.stdout, /^A= B=safe\n/);
    for (const name of names.filter((one) => one !== "plain")) {
      assert.match(status.stdout, new RegExp(` ${name} +\\[`));
    }
    await root.shell("chown 0 /etc/init.d/theirs; openrc default");
    assert.deepEqual(root.traced(), ["start theirs", "start needs"]);
  },
});

Deno.test({
  name: "checkpath follows root's own links alone, and gives away no file that has another name",
  ignore,
  fn: async () => {
    const checks = [
      "mkdir -p /srv/real /srv/theirs; ln -s /srv/real /srv/way; chown 1500 /srv/theirs",
      "ln -s /etc /srv/theirs/way; echo secret >/srv/a; ln /srv/a /srv/b",
      'for arguments in "-d /srv/way/sub" "-f /srv/theirs/way/passwd" "-f /srv/b" "-f /srv/way/up/../../none"; do',
      "checkpath -o 1500 -m 0700 $arguments",
      "done",
      "ls -ldn /etc/passwd /srv/a /srv/real/sub | while read -r mode links user rest; do echo $mode $user; done",
    ];
    await using root = await OpenrcRoot.make({
      scripts: { app: `extra_commands=go\ngo() {\n${checks.join("\n")}\n}\n` },
      files: { "etc/passwd": "root:x:0:0:root:/:/bin/sh\nsvc:x:1500:1500::/:/bin/sh\n" },
      programs: ["/bin/ln", "/bin/chown"],
    });
    const { stdout, stderr } = await root.shell("rc-service app go");
    assert.equal(
      stdout,
      " * /srv/way/sub: creating directory\n * /srv/way/sub: correcting owner\n" +
        "-rw-r--r-- 0\n-rw-r--r-- 0\ndrwx------ 1500\n",
    );
    assert.deepEqual(stderr.split("\n").slice(0, -1), [
      " * checkpath: /srv/theirs/way/passwd: symbolic link way is in a directory that others than root may write",
      " * checkpath: chmod: Too many hard links to /srv/b",
      " * checkpath: /srv/way/up/../../none: could not open up: No such file or directory",
    ]);
  },
});

Deno.test({
  name: "scripts ask for mounts, fstab's entries, and which file is newer",
  ignore,
  fn: async () => {
    const questions = [
      "mountinfo /proc /none; mountinfo --fstype /proc; mountinfo -q --point-regex '^/ru' && echo run",
      "fstabinfo --fstype swap,ext4; fstabinfo -b /home; fstabinfo --passno '>1'; fstabinfo -m /home",
      "touch -d 2020-01-01 /old; touch -d 2021-01-01 /new; is_newer_than /new /old && echo newer",
      "is_older_than /old /new && echo older; is_newer_than /old /new || echo not newer",
      "service_set_value key one; service_set_value key two; service_get_value key; echo",
      "mark_service_started other; service_started other && echo other; yesno YES && rc_runlevel",
    ];
    await using root = await OpenrcRoot.make({
      scripts: { app: `extra_commands=go\ngo() {\n${questions.join("\n")}\n}\n`, other: service() },
      files: {
        "etc/fstab":
          "/dev/a / ext4 defaults 0 1\n/dev/b /home ext4 rw,noexec 0 2\n# none\n/dev/c none swap sw\n",
      },
    });
    await root.boot();
    const { stdout, stderr } = await root.shell("rc-service app go");
    assert.equal(stderr, "");
    assert.deepEqual(stdout.split("\n").slice(0, -1), [
      "/proc",
      "proc",
      "run",
      "none",
      "/",
      "/home",
      "/dev/b",
      "/home",
      "-o rw,noexec -t ext4 /dev/b /home",
      "newer",
      "older",
      "not newer",
      "two",
      "other",
      "boot",
    ]);
  },
});

Deno.test({
  name: "a script whose caller was killed is waited for, and what waits for each other is told at once",
  ignore,
  fn: async () => {
    const slow =
      "start() {\n\techo begins >>/trace\n\twhile [ ! -e /go ]; do sleep 0.05; done\n\techo ends >>/trace\n}\n";
    await using root = await OpenrcRoot.make({
      scripts: {
        slow,
        first: "start() { echo first >>/trace; while [ ! -e /on ]; do sleep 0.05; done; }\n",
        top: service("need first second"),
        second: service(),
        outer: "start() { rc-service inner start || :; }\n",
        inner: "depend() { need outer; }\nstart() { :; }\n",
      },
      programs: ["/bin/grep"],
    });
    await root.boot();
    const killed = root.shell("echo $$ >/run/pid; exec /etc/init.d/slow start >/dev/null 2>&1");
    await until("the script runs", () => root.root.read("trace").endsWith("begins\n"));
    await root.shell("kill -KILL $(cat /run/pid)");
    await killed;
    const next = root.shell("rc-service slow start 2>/run/said");
    await root.root.untilSucceeds(
      "/bin/grep",
      "-q",
      "waiting for its script, whose caller was killed",
      "/run/said",
    );
    await root.shell("touch /go");
    assert.equal((await next).exit, 0);
    assert.deepEqual(root.traced(), ["begins", "ends", "begins", "ends"], "one after the other");
    assert.equal(
      (await root.shell("rc-service slow status; ls /run/openrc/exclusive")).stdout,
      " * status: started\n",
    );

    // The one waits for what the other is stopping, which waits for the end of that start.
    await root.shell("rc-service second start");
    root.traced();
    const start = root.shell("rc-service top start");
    await until("the start waits", () => root.root.read("trace").endsWith("first\n"));
    const stop = root.shell("rc-service second stop");
    const isNoted = ["/bin/grep", "-q", "waits top", "/run/openrc/exclusive/second"] as const;
    await root.root.untilSucceeds(...isNoted);
    await root.shell("touch /on");
    assert.equal(
      (await start).stderr,
      " * top: top waits for second, second waits for top: none of them would go on\n" +
        " * ERROR: cannot start top as second would not start\n",
    );
    assert.equal((await stop).exit, 0);
    assert.deepEqual(root.traced(), ["first", "stop second"]);

    const nested = root.shell(
      "echo $$ >/run/pid; exec /etc/init.d/outer start >/dev/null 2>/run/told",
    );
    const told = "inner: waiting for outer, whose script has called this";
    await root.root.untilSucceeds("/bin/grep", "-q", told, "/run/told");
    await root.shell("kill -TERM $(cat /run/pid)");
    await nested;
  },
});

Deno.test({
  name: "a service with notify is started once its daemon has said that it is ready",
  ignore,
  fn: async () => {
    const daemon = (how: string) =>
      `#!/bin/sh\nwhile [ ! -e /go ]; do sleep 0.05; done\n${how}\nexec sleep 1000\n`;
    const script = (name: string, more = "command_background=yes") =>
      `command=/bin/${name}\npidfile=/run/${name}.pid\nnotify=fd:3\n${more}\n`;
    await using root = await OpenrcRoot.make({
      scripts: {
        web: script("web"),
        supervised: script("web", "supervisor=supervise-daemon").replace("web.pid", "supervised.pid"),
        never: script("never"),
        wrong: script("web").replace("fd:3", "line").replace("web.pid", "wrong.pid"),
      },
      files: {
        "bin/web": daemon("echo ready >&3"),
        "bin/never": daemon("exit 0"),
      },
      programs: ["/bin/chmod", "/bin/kill"],
    });
    await root.boot();
    await root.shell("chmod 755 /bin/web /bin/never");
    const starts = ["web", "supervised", "never"].map((name) => root.shell(`rc-service ${name} start`));
    for (const name of ["web", "never"]) await root.root.untilSucceeds("/bin/ls", `/run/${name}.pid`);
    await root.root.untilSucceeds("/bin/ls", "/run/openrc/options/supervised/child_pid");
    assert.equal((await root.shell("ls /run/openrc/starting")).stdout, "never\nsupervised\nweb\n");
    await root.shell("touch /go");
    const [web, supervised, never] = await Promise.all(starts);
    assert.deepEqual([web!.exit, supervised!.exit, never!.exit], [0, 0, 1]);
    assert.match(never!.stderr, /\/bin\/never has not said that it is ready\n/);
    assert.match((await root.shell("rc-service wrong start")).stderr, /`line' is no way to be notified/);
    const ended = await root.shell(
      "ls /run/openrc/started; rc-service web stop && rc-service supervised stop",
    );
    assert.equal(ended.exit, 0);
    assert.match(ended.stdout, /^supervised\nweb\n/);
  },
});

Deno.test({
  name: "lines in a variable's value are words, and no commands",
  ignore,
  fn: async () => {
    await using root = await OpenrcRoot.make({
      scripts: {
        web: "command=/bin/web\npidfile=/run/web.pid\ncommand_background=yes\n" +
          "command_args=\"one\n\ttouch /run/bad 'two three'\n\"\n",
        files: 'required_files="\n\t/etc/passwd\n\t\'/etc/a file\'\n"\nrequired_dirs="\n/run\ntouch\n"\n' +
          "extra_commands=go\ngo() { shell_var 'a b' c-d; }\n",
      },
      files: { "etc/a file": "", "bin/web": '#!/bin/sh\nprintf "<%s>" "$@" >/run/words\nexec sleep 1000\n' },
      programs: ["/bin/chmod"],
    });
    await root.boot();
    await root.shell("chmod 755 /bin/web");
    assert.equal((await root.shell("rc-service web start")).exit, 0);
    await root.root.untilSucceeds("/bin/ls", "/run/words");
    assert.equal((await root.shell("cat /run/words")).stdout, "<one><touch></run/bad><two three>");
    assert.equal((await root.shell("rc-service files go")).stderr, " * files: `touch' is not a directory\n");
    await root.shell("mkdir /touch");
    assert.equal((await root.shell("rc-service files go; ls /run/bad")).stdout, "a_b c_d\n");
  },
});

Deno.test({
  name: "files whose lines end in CR LF are named",
  ignore,
  fn: async () => {
    await using root = await OpenrcRoot.make({
      scripts: {
        web: 'start() { [ "$PORT" = 80 ] || eerror "bad port"; }\n',
        dos: "start() {\r\n:\r\n}\r\n",
      },
      files: { "etc/conf.d/web": "PORT=80\r\n" },
    });
    await root.boot();
    const said = await root.shell("rc-service web start; rc-service dos start 2>&1 >/dev/null | cat >&2");
    const warning = "its lines end in CR LF, and the CR is taken for a part of them";
    const [settings, problem, , script] = said.stderr.split("\n");
    assert.deepEqual([settings, problem], [` * /etc/conf.d/web: ${warning}`, " * bad port"]);
    assert.equal(script, ` * /etc/init.d/dos: ${warning}`);
  },
});

Deno.test({
  name: "a service whose stop was killed with its script starts and stops again with others",
  ignore,
  fn: async () => {
    const slow =
      "stop() { echo $$ >/run/pid; echo stop slow >>/trace; while [ ! -e /go ]; do sleep 0.05; done; }\n";
    await using root = await OpenrcRoot.make({
      scripts: {
        base: service(),
        slow: `depend() { need base; }\nstart() { echo start slow >>/trace; }\n${slow}`,
        top: service("need slow"),
      },
      levels: { default: ["top"] },
    });
    await root.boot();
    const killStop = async () => {
      await root.shell("rc-service slow start; rm -f /go /run/pid");
      const stop = root.shell("echo $$ >/run/caller; exec /etc/init.d/slow stop");
      await root.root.untilSucceeds("/bin/cat", "/run/pid");
      await root.shell("kill -KILL $(cat /run/caller); kill -KILL $(cat /run/pid)");
      await stop;
      await root.shell("touch /go");
      assert.equal((await root.shell("ls /run/openrc/stopping")).stdout, "slow\n");
      root.traced();
    };
    await killStop();
    assert.equal((await root.shell("rc-service top start")).exit, 0);
    assert.deepEqual(root.traced(), ["start slow", "start top"]);
    await root.shell("rc-service top stop");
    await killStop();
    assert.equal((await root.shell("rc-service base stop")).exit, 0);
    assert.deepEqual(root.traced(), ["stop slow", "stop base"]);
    await killStop();
    assert.equal((await root.shell("openrc default")).exit, 0);
    assert.deepEqual(root.traced(), ["start slow", "start top"]);
    await root.shell("rc-service top stop");
    await killStop();
    await root.shell("openrc nonetwork; ls /run/openrc/stopping");
    assert.deepEqual(root.traced(), ["stop slow", "stop base"]);
  },
});

Deno.test({
  name: "a service has a control group with its limits, which ends with it",
  ignore: ignore || !readFileSync("/proc/filesystems", "utf8").includes("\tcgroup2\n"),
  fn: async () => {
    const settings =
      'rc_cgroup_settings="\n\tcgroup.max.descendants 5\n\tnone.max 3"\nrc_cgroup_cleanup=yes\n' +
      "rc_timeout_stopsec=1\n";
    const stubborn = "trap : TERM; echo >/run/up; while :; do sleep 0.1; done";
    await using root = await OpenrcRoot.make({
      scripts: {
        web: `start() { exec >/dev/null; sleep 1000 2>&1 & sh -c '${stubborn}' 2>&1 & }\n`,
        old: `rc_cgroup_memory="memory.limit_in_bytes 5"\n${service()}`,
      },
      files: { "etc/conf.d/web": settings, "sys/fs/cgroup/.keep": "", "groups/.keep": "" },
      programs: ["/bin/rmdir", "/bin/umount"],
    });
    await root.boot();
    const none =
      " * web: no control group, and no limits: there are none of version 2 in /sys/fs/cgroup to write to\n";
    assert.equal((await root.shell("rc-service web start")).stderr, none);
    await root.shell("rc-service web stop; rm -f /run/up");
    const own = `/groups/rouse-test.${process.pid}`, group = "/sys/fs/cgroup/openrc.web";
    const mounted = await root.shell(
      `mount -t cgroup2 none /groups && mkdir ${own} && mount --bind ${own} /sys/fs/cgroup`,
    );
    assert.equal(mounted.exit, 0, mounted.stderr);
    try {
      const start = await root.shell("rc-service web start");
      assert.deepEqual([start.exit, start.stderr], [
        0,
        ` * web: none.max cannot be set to \`3' in ${group}\n`,
      ]);
      await root.root.untilSucceeds("/bin/cat", "/run/up");
      assert.equal((await root.shell(`cat ${group}/cgroup.max.descendants`)).stdout, "5\n");
      assert.match((await root.shell(`cat ${group}/cgroup.procs`)).stdout, /^\d+\n\d+\n/);
      assert.equal((await root.shell("rc-service web stop")).exit, 0);
      assert.notEqual((await root.shell(`ls -d ${group}`)).exit, 0);
      assert.equal(
        (await root.shell("rc-service old start")).stderr,
        " * old: rc_cgroup_memory has no effect: say in rc_cgroup_settings what it is to do\n",
      );
    } finally {
      await root.shell(`rmdir ${own}/* ${own}`);
    }
  },
});
