/** Somebody else listens where init should: clients do not take that one for init, and say so. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { TemporaryDirectory } from "../lib/sys/testing/directory.ts";
import { shell } from "./support/command.ts";
import { NAMESPACES_POSSIBLE } from "./support/namespace.ts";
import { killNaming } from "./support/processes.ts";
import { EXECUTABLE, installed } from "./support/programs.ts";

const PYTHON = "/usr/bin/python3";

/** Listens at the address of its first argument, and writes to standard output what it is sent. */
const STRANGER = `
import socket, sys
address = sys.argv[1]
listener = socket.socket(socket.AF_UNIX)
listener.bind("\\0" + address[1:] if address[0] == "@" else address)
listener.listen()
print("listening", flush=True)
while True:
    client = listener.accept()[0]
    print("sent:", client.recv(65536), flush=True)
    client.close()
`;

/** What is there before each script: nothing of the system's that others might use at the same time. */
const BEGIN = `
for folder in /run /tmp; do mount -t tmpfs -o mode=1777 none $folder; done; chmod 755 /run; ip link set lo up
mkdir -m 755 /tmp/test; cd /tmp/test; mkdir conf log; unset XDG_RUNTIME_DIR
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
listen() {
  nobody ${PYTHON} -c "$STRANGER" "$1" > told & stranger=$!
  until grep -q listening told; do sleep 0.01; done
}
start_init() {
  init --confdir $PWD/conf --logdir $PWD/log --no-startup-event --ready-fd 3 2> messages 3> ready & init=$!
  until [ -s ready ]; do sleep 0.01; done
}
`;

/** Runs a script in namespaces of its own; gives what it prints. Its programs are under another folder than /tmp. */
async function run(script: string): Promise<string> {
  using temporary = new TemporaryDirectory({
    parent: existsSync("/var/tmp") ? "/var/tmp" : tmpdir(),
    mode: 0o755,
  });
  const directory = temporary.path;
  try {
    const environment = { PATH: `${directory}:/usr/sbin:/usr/bin:/sbin:/bin`, STRANGER };
    const words = `unshare --fork --kill-child --pid --net --mount --mount-proc sh -c "$SCRIPT"`;
    // Where it lies itself may be hidden there.
    const copy = `${directory}/rouse`;
    const install = `cp ${EXECUTABLE} ${copy}; ${copy} --install -s ${directory} > /dev/null; `;
    const options = { directory, environment: { ...environment, SCRIPT: BEGIN + script } };
    const { stdout, stderr } = await shell(install + words, options);
    return stdout + stderr;
  } finally {
    killNaming(directory);
  }
}

function test(name: string, fn: () => Promise<void>): void {
  const ignore = !NAMESPACES_POSSIBLE || !existsSync(PYTHON) || !installed("setpriv") || !installed("ip");
  Deno.test({ name, ignore, fn });
}

test("a stranger at init's usual address is told nothing, whether there is an init or not", async () => {
  const text = await run(`
    listen @/com/ubuntu/upstart
    initctl emit secret PASSWORD=1 2>&1; echo "status $?"
    start_init
    initctl emit secret PASSWORD=2 2>&1; echo "status $?"
    cat messages; cat told
  `);
  const whose = "process \\d+ of user 65534 listens there, who is neither root nor you, so it is not asked";
  const failed = `Failed to connect to socket /com/ubuntu/upstart: ${whose}`;
  const lines = text.trimEnd().split("\n");
  assert.match(lines[0]!, new RegExp(`^initctl: Unable to connect to Upstart: ${failed}$`));
  assert.equal(lines[1], "status 1");
  assert.match(lines[2]!, new RegExp(`^initctl: ${failed}$`));
  assert.equal(lines[3], "status 0", "the other address is init's");
  assert.match(
    lines[4]!,
    /^init: Unable to listen on init's usual address .*: process \d+ of user 65534 holds it, and may be taken for init$/,
  );
  assert.doesNotMatch(text, /PASSWORD/);
});

test("a stranger at a session's address is told nothing", async () => {
  const text = await run(`
    listen @/com/ubuntu/upstart-session/0/4
    export UPSTART_SESSION=unix:abstract=/com/ubuntu/upstart-session/0/4
    initctl emit secret PASSWORD=1 2>&1; echo "status $?"
    cat told
  `);
  assert.match(
    text,
    /^initctl: Unable to connect to Upstart: .* process \d+ of user 65534 listens there.*\nstatus 1$/m,
  );
  assert.doesNotMatch(text, /PASSWORD/);
});

test("a stranger behind a link or in a directory of its own is told nothing, and is no place for init", async () => {
  const text = await run(`
    nobody mkdir -m 777 /tmp/theirs
    nobody ln -s /tmp/theirs /tmp/rouse-0
    listen /tmp/theirs/control
    initctl emit secret PASSWORD=1 2>&1; echo "status $?"
    rm /tmp/rouse-0; nobody mkdir -m 777 /tmp/rouse-0
    initctl emit secret PASSWORD=2 2>&1; echo "status $?"
    cat told; rmdir /tmp/rouse-0
    export XDG_RUNTIME_DIR=/tmp/theirs
    initctl emit secret PASSWORD=3 2>&1; echo "status $?"
  `);
  assert.match(text, /\/tmp\/rouse-0 is writable by \w+ \(owner \w+, mode 0777\)\nstatus 1\n/);
  assert.equal(text.match(/^status 1$/gm)?.length, 3, text);
  assert.doesNotMatch(text, /PASSWORD/);
});

test("a stranger whom init does not answer is told whom it does answer", async () => {
  const text = await run(`
    export HOME=/tmp/rt XDG_RUNTIME_DIR=/tmp/rt; mkdir -p /tmp/rt
    eval "$(init --user --daemon --confdir $PWD/conf --logdir /tmp/rt/log)"
    nobody initctl version 2>&1; echo "status $?"
    kill \${UPSTART_SESSION##*/}
  `);
  assert.match(
    text,
    /^initctl: .*it answers none but root and the user it runs as, has too many clients, or is ending\nstatus 1\n/,
  );
});

test("root takes no user's init for one that it may tell something", async () => {
  const text = await run(`
    mkdir -m 777 /tmp/rt; export HOME=/tmp/rt XDG_RUNTIME_DIR=/tmp/rt
    eval "$(nobody init --user --daemon --confdir $PWD/conf --logdir /tmp/rt/log)"
    nobody initctl version; echo "status $?"
    initctl version 2>&1; echo "status $?"
    kill \${UPSTART_SESSION##*/}
  `);
  assert.match(text, /^init .*\nstatus 0\n/);
  assert.match(text, /of user 65534 listens there, who is neither root nor you.*\nstatus 1\n/);
});

/** Runs words as process 1 of a container beside others: it shares /tmp with them, and the network. */
const BESIDE = `
beside() { unshare --fork --pid --mount --mount-proc "$@"; }
mkdir own; echo "exec sleep 1" > own/mine.conf; mkfifo input
export own='mount -t tmpfs -o mode=755 none /run; mkdir -m 755 /run/rouse'
`;

test("a client takes the init of another container only where its own container can have none", async () => {
  const text = await run(`${BESIDE}
    start_init
    beside sh -c "$own; initctl version"; echo "status $?"
    # Process 1 is an init that has yet to listen, or so it seems.
    beside sh -c "$own"'
      { exec 3> input; until [ /proc/1/exe -ef "$(readlink -f "$(command -v rouse)")" ]; do sleep 0.01; done
        initctl version 2>&1; echo "status $?"; } &
      exec rouse sysv wall < input'
    beside sh -c "$own"'
      { until initctl version > version 2> /dev/null; do :; done; initctl status mine 2>&1; kill -TERM 1; } &
      exec init --confdir own --no-startup-event 2> messages'
  `);
  assert.match(
    text,
    /^init .*\nstatus 0\ninitctl: Unable to connect to Upstart: .* another container .*\nstatus 1\nmine stop\/waiting\n$/,
  );
});

test("an init of another container that listens in /tmp is not asked", async () => {
  const text = await run(`${BESIDE}
    start_init; rm ready; start_init
    ls /tmp/rouse-0; UPSTART_SESSION=unix:path=/tmp/rouse-0/control initctl version; echo "status $?"
    beside --net sh -c "$own"'
      initctl version 2>&1; echo "status $?"
      UPSTART_SESSION=unix:path=/tmp/rouse-0/control initctl version; echo "status $?"'
  `);
  const version = "init .*\\nstatus 0\\n";
  const failed = "initctl: Unable to connect to Upstart: .* Connection refused\\nstatus 1\\n";
  assert.match(text, new RegExp(`^control\\n${version}${failed}${version}$`));
});

test("an init of a container below that listens in /tmp is not asked either", async () => {
  const text = await run(`${BESIDE}
    start_init
    beside sh -c "$own"'
      chmod 777 /run/rouse; exec init --confdir own --no-startup-event --ready-fd 3 3> below 2>> messages' &
    until [ -s below ]; do sleep 0.01; done
    kill $init; wait $init
    UPSTART_SESSION=unix:path=/tmp/rouse-0/control initctl version; echo "status $?"
    initctl version 2>&1; echo "status $?"
  `);
  assert.match(text, /^init .*\nstatus 0\ninitctl: Unable to connect to Upstart: .* refused\nstatus 1\n$/);
});
