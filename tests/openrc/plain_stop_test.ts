/** What the shell stops by itself, and what it leaves to start-stop-daemon. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { MINIMAL_ROOT_POSSIBLE } from "../support/minimal_root.ts";
import { OpenrcRoot } from "./openrc_root.ts";

const SETSID = "/usr/bin/setsid";

const ignore = !MINIMAL_ROOT_POSSIBLE || !existsSync(SETSID);

/** Notes who calls start-stop-daemon, and becomes that. */
const NOTING = `#!/bin/sh
echo "$RC_SVCNAME $1" >>/trace
exec /run/openrc/bin/start-stop-daemon "$@"
`;

function daemon(lines = ""): string {
  return `command=/bin/sleep\ncommand_args=10000\ncommand_background=yes\npidfile=/run/$RC_SVCNAME.pid\n${lines}`;
}

/** A daemon that SIGTERM does not end. */
const DEAF = daemon('command=/bin/sh\ncommand_args="/deaf"\n');

async function machine(scripts: Record<string, string>): Promise<OpenrcRoot> {
  const root = await OpenrcRoot.make({
    scripts: Object.fromEntries(
      Object.entries(scripts).map(([name, text]) => [name, `PATH=/noting:$PATH\n${text}`]),
    ),
    files: { "noting/start-stop-daemon": NOTING, deaf: "trap '' TERM\nwhile :; do /bin/sleep 1; done\n" },
    programs: [SETSID, "/bin/chmod"],
  });
  await root.boot();
  return root;
}

Deno.test({
  name: "a daemon with a pid file is stopped without start-stop-daemon, and nothing is left of it",
  ignore,
  fn: async () => {
    await using root = await machine({ plain: daemon() });
    const line =
      `rc-service plain start && cat /run/openrc/daemons/plain/001 && read -r pid </run/plain.pid && rc-service plain stop && {
      [ ! -e /proc/$pid/exe ] || echo runs
      ls -d /run/plain.pid /run/openrc/daemons/plain/* 2>/dev/null; rc-service plain status; }`;
    const { stdout } = await root.shell(line);
    assert.equal(
      stdout,
      " * Starting plain ... [ ok ]\n" +
        "exec=/bin/sleep\nargv_0=/bin/sleep\nargv_1=10000\npidfile=/run/plain.pid\n" +
        " * Stopping plain ... [ ok ]\n * status: stopped\n",
      "and the note of it is as OpenRC's",
    );
    assert.deepEqual(root.traced(), []);
  },
});

Deno.test({
  name: "a daemon that does not end is told after five seconds, and stays started",
  ignore,
  fn: async () => {
    await using root = await machine({ deaf: DEAF });
    await root.shell("rc-service deaf start");
    const { exit, stderr } = await root.shell("rc-service deaf stop");
    assert.equal(exit, 1);
    assert.match(stderr, /^\n? \* start-stop-daemon: 1 process refused to stop\n/);
    const { stdout } = await root.shell("ls -d /proc/$(cat /run/deaf.pid)/exe; rc-service deaf status");
    assert.match(stdout, /^\/proc\/\d+\/exe\n \* status: started\n$/);
    assert.deepEqual(root.traced(), []);
  },
});

Deno.test({
  name: "start-stop-daemon stops what more is asked for, and what the shell cannot be sure of",
  ignore,
  fn: async () => {
    const retry = daemon("retry=TERM/5\n"), other = daemon(), folder = daemon("pidfile=/run/folder/pid\n");
    await using root = await machine({ retry, other, folder });
    await root.shell("mkdir /run/folder; for name in retry other folder; do rc-service $name start; done");
    // The pid file names another program: it is as with a script that has no other word for its daemon.
    await root.shell(
      "/bin/sh -c 'while :; do /bin/sleep 1; done' </dev/null >/dev/null 2>&1 & echo $! >/run/other.pid",
    );
    await root.shell("for name in retry other folder; do rc-service $name stop; done");
    assert.deepEqual(root.traced(), ["retry --stop", "other --stop", "folder --stop"]);
  },
});

Deno.test({
  name: "a pid file that everyone can write does not have another process of the same program stopped",
  ignore,
  fn: async () => {
    await using root = await machine({ open: daemon(), twin: daemon() });
    await root.shell("for name in open twin; do rc-service $name start; done");
    const { exit, stderr } = await root.shell(`chmod 666 /run/open.pid; cat /run/twin.pid >/run/open.pid
      rc-service open stop; exit=$?; rc-service twin status >&2; exit $exit`);
    assert.equal(exit, 1, stderr);
    assert.match(stderr, /pid file `\/run\/open\.pid' is not believed: everyone can write it/);
    assert.match(stderr, /status: started/);
    assert.deepEqual(root.traced(), ["open --stop"]);
  },
});
