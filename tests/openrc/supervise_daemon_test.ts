/** supervise-daemon: a real daemon with its supervisor, in namespaces. */

import assert from "node:assert/strict";
import { NAMESPACES_POSSIBLE } from "../support/namespace.ts";
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
