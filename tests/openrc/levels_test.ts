/** Runlevels: how they are entered, what asks for another one, and what cannot get in the way. */

import assert from "node:assert/strict";
import { chmodSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { close, openPty, write } from "../../lib/sys/io/descriptors.ts";
import { readDescriptor } from "../../lib/sys/io/streams.ts";
import { run } from "../support/command.ts";
import { until } from "../support/deadline.ts";
import { MINIMAL_ROOT_POSSIBLE } from "../support/minimal_root.ts";
import { OpenrcRoot, service } from "./openrc_root.ts";

const ignore = !MINIMAL_ROOT_POSSIBLE;

Deno.test({
  name: "the kernel's command line names another boot and default level; default leads back from single",
  ignore,
  fn: async () => {
    await using root = await OpenrcRoot.make({
      scripts: { disk: service(), rescue: service(), web: service("need disk"), mail: service("use web") },
      levels: { boot: ["disk"], safe: ["rescue"], default: ["web", "mail"], offline: ["mail"] },
      commandLine: "bootlevel=safe softlevel=offline",
    });
    await root.boot("default");
    assert.deepEqual(root.traced(), ["start rescue", "start mail"]);
    assert.equal((await root.shell("rc-status -r")).stdout, "offline\n");
    await root.shell("openrc default; openrc single");
    assert.deepEqual(root.traced(), [
      "start disk",
      "start web",
      "stop rescue",
      "stop mail",
      "stop web",
      "stop disk",
    ]);
    await root.shell("openrc nonetwork");
    assert.equal((await root.shell("rc-status -r")).stdout, "default\n");
    const unknown = await root.shell("openrc nowhere");
    assert.deepEqual([unknown.exit, unknown.stderr], [1, " * nowhere: not a valid runlevel\n"]);
  },
});

Deno.test({
  name: "a next runlevel that is not there is told, and the one of the boot is entered",
  ignore,
  fn: async () => {
    await using root = await OpenrcRoot.make({
      scripts: { web: service() },
      levels: { default: ["web"] },
      commandLine: "softlevel=nosuch",
    });
    const { stderr } = await root.shell("openrc sysinit; openrc boot; openrc default");
    const told = "The runlevel nosuch that is to be entered next is not there: default is entered instead";
    assert.equal(stderr, ` * ${told}\n`);
    assert.deepEqual(root.traced(), ["start web"]);
    assert.equal((await root.shell("rc-status -r; openrc default")).stdout, "default\n");
  },
});

Deno.test({
  name: "runlevels that stand on others start these first; a loop is told",
  ignore,
  fn: async () => {
    await using root = await OpenrcRoot.make({
      scripts: { one: service("after two"), two: service(), three: service() },
      levels: { default: ["two"], office: ["one"], home: ["three"] },
      files: { "etc/conf.d/two.home": "" },
      programs: ["/bin/ln"],
    });
    await root.boot();
    await root.shell("rc-update -s add default office; rc-update -s add office home; openrc home");
    assert.deepEqual(root.traced(), ["start two", "start one", "start three"]);
    const status = await root.shell("rc-status -f ini home");
    assert.equal(
      status.stdout,
      "[home]\nthree =  started \n[Stacked office]\none =  started \n[Stacked default]\ntwo =  started \n",
    );
    // A service with settings of its own in one of the levels gets them.
    await root.shell("openrc office");
    assert.deepEqual(root.traced(), ["stop three", "stop two", "start two"]);
    const circle = await root.shell("rc-update -s add home default; ls /etc/runlevels/default");
    assert.deepEqual(
      [circle.stdout, circle.stderr],
      ["two\n", " * rc-update: cannot stack `home' to `default', on which it stands itself\n"],
    );
    await root.shell("ln -s ../home /etc/runlevels/default/home");
    const loop = await root.shell("openrc home");
    assert.equal(loop.exit, 1);
    assert.match(loop.stderr, /^Loop detected in stacked runlevels[^]*home\n\toffice\n\tdefault\n$/);
    assert.deepEqual(root.traced(), []);
  },
});

/** A start that says two things, and waits between them until the other service has said one. */
function talker(other: string): string {
  return `start() {
\techo "$RC_SVCNAME begins"
\ttouch "/$RC_SVCNAME"
\tuntil [ -e /${other} ]; do sleep 0.05; done
\techo "$RC_SVCNAME ends" >&2
\techo "$RC_SVCNAME ends"
}
`;
}

Deno.test({
  name: "services start side by side by rc_parallel, and the output of each is whole",
  ignore,
  fn: async () => {
    await using root = await OpenrcRoot.make({
      scripts: { a: talker("b"), b: talker("a"), c: service("after a b"), d: service("need c") },
      levels: { default: ["a", "b", "c", "d"] },
      files: { "etc/rc.conf": "rc_parallel=YES\n" },
    });
    await root.boot();
    const { stdout, stderr } = await root.shell("openrc default");
    assert.match(stdout, /^(a begins\na ends\nb begins\nb ends\n|b begins\nb ends\na begins\na ends\n)/);
    assert.deepEqual(stderr.split("\n").sort(), ["", "a ends", "b ends"]);
    assert.deepEqual(root.traced(), ["start c", "start d"]);
    await root.shell("openrc shutdown");
    assert.deepEqual(root.traced(), ["stop d", "stop c"]);
  },
});

Deno.test({
  name: "only one openrc leaves a runlevel; what a killed one has left is in nobody's way",
  ignore,
  fn: async () => {
    const hang = (mark: string) => `{ touch /${mark}; until [ -e /go ]; do sleep 0.05; done; }\n`;
    await using root = await OpenrcRoot.make({
      scripts: {
        a: `start() { :; }\nstop() ${hang("stopping")}`,
        b: service(),
        c: `start() ${hang("starting")}`,
        d: service("need c"),
      },
      levels: { default: ["a"], nonetwork: ["b"], office: ["c"] },
    });
    await root.boot("default");
    await root.shell("openrc nonetwork >/dev/null 2>&1 & echo $! >/pid");
    await root.root.untilSucceeds("/bin/ls", "/stopping");
    const second = await root.shell("openrc nonetwork");
    assert.deepEqual(
      [second.exit, second.stderr],
      [1, " * openrc: the runlevel is being changed by another openrc\n"],
    );
    await root.shell("kill $(cat /pid)");
    await root.root.untilSucceeds("/bin/sh", "-c", "test ! -e /run/openrc/rc.stopping");
    await root.root.untilSucceeds("/sbin/rc-service", "a", "status");
    await root.shell("touch /go");
    await root.shell("mkdir /run/openrc/rc.stopping");
    const third = await root.shell("openrc nonetwork; rc-status -r");
    assert.deepEqual([third.stderr, third.stdout], ["", " * start b ... [ ok ]\nnonetwork\n"]);

    // The service is starting when the program is killed; then what was to be done is done anew.
    for (
      const [killed, next] of [["openrc office", "openrc office"], [
        "rc-service c start",
        "rc-service d start",
      ]]
    ) {
      const kill = "until [ -e /starting ]; do sleep 0.05; done; kill -9 $pid; wait $pid";
      await root.shell(`rm -f /go /starting; ${killed} >/dev/null 2>&1 & pid=$!; ${kill}; touch /go`);
      const left = await root.shell(`rc-service c status; ${next}; rc-service c status`);
      // The script may still be about to end when the next program comes.
      assert.match(
        left.stderr,
        /^ \* status: starting\n(?: \* c: waiting for its script, whose caller was killed: process \d+\n)?$/,
      );
      assert.match(left.stdout, / \* status: started\n$/);
      await root.shell("rc-service c stop");
    }
    assert.deepEqual(root.traced(), ["start b", "stop b", "start d", "stop d"]);
  },
});

Deno.test({
  name: "who presses I at the boot is asked about each service",
  ignore,
  fn: async () => {
    await using root = await OpenrcRoot.make({
      scripts: { a: service(), b: service(), c: service(), d: service() },
      levels: { default: ["a", "b", "c", "d"] },
      files: { "etc/rc.conf": "rc_interactive=YES\n" },
    });
    await root.boot();
    const { master, slave } = openPty();
    const type = (key: string) => write(master, new TextEncoder().encode(key));
    let text = "";
    const reader = readDescriptor(master, {
      onData: (bytes) => text += new TextDecoder().decode(bytes),
      onEnd: () => {},
    });
    type("I");
    const terminal = readlinkSync(`/proc/self/fd/${slave}`);
    const nsenter = ["--target", String(root.root.pid), "--pid", "--mount", "--net", "--root", "--wd", "--"];
    const ended = run(
      [
        "/bin/sh",
        "-c",
        'exec "$@" <>"$0" >&0 2>&1',
        terminal,
        "nsenter",
        ...nsenter,
        "/sbin/openrc",
        "default",
      ],
      { environment: { PATH: process.env["PATH"]!, TERM: "dumb" }, directory: "/" },
    );
    for (const [service, key] of [["a", "2"], ["b", "1"], ["c", "3"]] as const) {
      const question = new RegExp(`About to start the service ${service}[^]*4\\) Exit to shell\\s`);
      await until(`${service} is asked about`, () => question.test(text));
      type(key);
    }
    assert.equal((await ended).exit, 0, text);
    reader.close();
    for (const descriptor of [master, slave]) close(descriptor);
    assert.deepEqual(root.traced(), ["start b", "start c", "start d"]);
  },
});

Deno.test({
  name: "OpenRC's log is not written through a link that somebody else could have made",
  ignore,
  fn: async () => {
    await using root = await OpenrcRoot.make({
      scripts: { web: 'start() { ebegin "web"; eend 0; }\n' },
      levels: { default: ["web"] },
      files: {
        "etc/rc.conf": "rc_logger=YES\nrc_log_path=/theirs/log\n",
        "theirs/.keep": "",
        victim: "keep\n",
      },
      links: { "theirs/log": "/victim" },
    });
    chmodSync(join(root.root.directory, "root/theirs"), 0o777);
    const { stderr } = await root.shell("openrc sysinit >/dev/null; openrc boot; openrc default");
    assert.match(stderr, /Unable to append to the log \/theirs\/log: somebody else could have made the link/);
    assert.equal(root.root.read("victim"), "keep\n");
  },
});

Deno.test({
  name:
    "rc_logger has what is printed in a log, that of sysinit with the boot's; the output stays what it is",
  ignore,
  fn: async () => {
    await using root = await OpenrcRoot.make({
      scripts: {
        disk: 'start() { einfo "disk"; ewarn "is old"; }\n',
        web: 'start() { ebegin "web"; sleep 1000 & eend 0; }\n',
      },
      levels: { sysinit: ["disk"], default: ["web"] },
      files: { "etc/rc.conf": "rc_logger=YES\nrc_log_path=/log\n" },
    });
    const shown = await root.shell("openrc sysinit 2>&1; ls /log; cat /run/openrc/rc.log");
    const [screen, gathered] = shown.stdout.split("\nrc sysinit logging started at ");
    assert.match(screen!, /\n \* disk\n \* is old\n$/);
    assert.match(
      gathered!,
      /^\w{3} \w{3} [\d ]\d [\d:]{8} \d{4}\n\n \* Caching .*\n \* disk\n \* is old\n\nrc sysinit logging stopped at /,
    );
    const apart = await root.shell("openrc boot; openrc default; openrc nowhere");
    assert.deepEqual([apart.stdout, apart.stderr], [
      " * web ... [ ok ]\n",
      " * nowhere: not a valid runlevel\n",
    ]);
    const log = root.root.read("log").replace(/ at .*/g, "");
    const level = (name: string, text: string) =>
      `\nrc ${name} logging started\n\n${text}\nrc ${name} logging stopped\n\n`;
    const expected = [
      level("sysinit", " * Caching service dependencies ... [ ok ]\n * disk\n * is old\n"),
      level("boot", ""),
      level("default", " * web ... [ ok ]\n"),
      level("nowhere", ""),
    ];
    assert.equal(log, expected.join(""));
    assert.equal((await root.shell("ls /run/openrc/rc.log")).exit === 0, false);
  },
});
