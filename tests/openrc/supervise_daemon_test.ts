/** supervise-daemon: a real daemon with its supervisor, in namespaces. */

import assert from "node:assert/strict";
import { NAMESPACES_POSSIBLE } from "../support/namespace.ts";
import { installed } from "../support/programs.ts";
import { inNamespace } from "./daemons_namespace.ts";

Deno.test({
  name: "a supervised daemon is started again when it ends, gets signals, and is stopped with its supervisor",
  ignore: !NAMESPACES_POSSIBLE,
  fn: async () => {
    const { stdout } = await inNamespace(`
child() { cat /run/openrc/options/app/child_pid; }
other() { c=$(child) && [ "$c" != "$1" ] && [ -d /proc/$c ]; }
supervise --start -p /run/s.pid --respawn-delay 1 $D/stub x; echo "start $?"
s=$(cat /run/s.pid); cat /proc/$s/comm; cat /run/openrc/daemons/app/001
first=$(child); till grep -q up $D/log
supervise --start -p /run/s.pid $D/stub x; echo "again $?"
kill -HUP $s
supervise --signal USR2; till gone $first
till other $first; second=$(child); cat /run/openrc/options/app/start_count; echo
kill -9 $second; till other $second; third=$(child)
kill -9 $s; till gone $s; gone $third || echo orphan
supervise --stop -p /run/s.pid --retry TERM/1/USR2/60; echo "stop $?"; gone $third && echo stopped
supervise --start -p /run/s.pid --retry USR2/60 $D/stub; fourth=$(child)
supervise --stop -p /run/s.pid; echo "stop $?"; gone $fourth && echo stopped
ls /run/s.pid /run/openrc/supervise* 2>/dev/null; ls /run/openrc/daemons/app
supervise --start -p /run/s.pid $D/none; echo "missing $?"
supervise --start -p /run/s.pid /etc/passwd; echo "no program $?"
supervise --start -p /run/s.pid --respawn-max 2 /bin/false; echo "start $?"; till test ! -e /run/s.pid
"$ROUSE" openrc supervise-daemon app --start /bin/true; echo "outside $?"
`);
    assert.equal(
      stdout,
      `start 0
supervise-daemo
exec=$D/stub
argv_0=$D/stub
argv_1=x
pidfile=/run/s.pid
 * supervise-daemon: $D/stub is already running
again 1
1
orphan
stop 0
stopped
stop 0
stopped
 * supervise-daemon: $D/none does not exist
missing 1
 * supervise-daemon: failed to exec \`/etc/passwd': Permission denied
no program 1
start 0
 * supervise-daemon: The RC_SVCNAME environment variable is not set
outside 1
`,
    );
  },
});

Deno.test({
  name: "a daemon that says that it is ready and ends at once has started, and is started again",
  ignore: !NAMESPACES_POSSIBLE,
  fn: async () => {
    const { stdout } = await inNamespace(`
cat >$D/brief <<'END'
#!/bin/sh
[ ! -e $D/second ] || exec $D/napd 1000
echo >$D/second
kill -STOP $PPID
# What it says and its end are there when the supervisor goes on.
(until grep -q 'State:.Z' /proc/$$/status; do sleep 0.02; done; kill -CONT $PPID) 3>&- &
echo ready >&3
END
chmod +x $D/brief
supervise --start -p /run/s.pid --notify fd:3 $D/brief; echo "start $?"
is_second() { grep -q napd /proc/$(cat /run/openrc/options/app/child_pid)/comm; }
till is_second; echo again
supervise --stop -p /run/s.pid; echo "stop $?"
printf '#!/bin/sh\nexit 0\n' >$D/brief
supervise --start -p /run/s.pid --notify fd:3 $D/brief; echo "never $?"
`);
    assert.equal(
      stdout,
      `start 0
again
stop 0
 * supervise-daemon: $D/brief has not said that it is ready
never 1
`,
    );
  },
});

/** A daemon in perl that says something else than that it is ready, all the time. */
const TALKER = `socket(S, 1, 2, 0); while (1) { send(S, "STATUS=busy", 0, sockaddr_un($ENV{NOTIFY_SOCKET}));
  open(F, ">$ENV{D}/talks"); select(undef, undef, undef, 0.05) }`;

Deno.test({
  name: "a supervisor hears signals while its daemon talks of other things",
  ignore: !NAMESPACES_POSSIBLE || !installed("perl"),
  fn: async () => {
    const { stdout } = await inNamespace(`
supervise --start -p /run/s.pid --notify socket:ready /usr/bin/perl -- -MSocket -e '${TALKER}' & start=$!
till test -e $D/talks
supervise --stop -p /run/s.pid; echo "stop $?"
wait $start; echo "start $?"
`);
    assert.match(stdout, /^stop 0$/m);
    assert.match(stdout, /has not said that it is ready\n(.*\n)*start 1$/m);
  },
});
