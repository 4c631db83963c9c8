/** start-stop-daemon, as OpenRC and as dpkg have it: real daemons, in namespaces. */

import assert from "node:assert/strict";
import { NAMESPACES_POSSIBLE } from "../support/namespace.ts";
import { installed } from "../support/programs.ts";
import { inNamespace, SOMEBODY } from "./daemons_namespace.ts";

/** A test that needs namespaces: a script, and what it prints. */
function scripted(name: string, script: string, expected: string, ignore = false): void {
  Deno.test({
    name,
    ignore: ignore || !NAMESPACES_POSSIBLE,
    fn: async () => {
      const { stdout } = await inNamespace(script);
      assert.equal(stdout, expected);
    },
  });
}

scripted(
  "OpenRC's: a daemon is started, found, noted for its service, and stopped by a schedule",
  `
start="openrc --start --background --make-pidfile --pidfile /run/n.pid --exec $D/stub"
RC_SVCNAME=app RC_OTHER=1 $start -e A=b -d /srv -- x 'y z'
till grep -q up $D/log
p=$(cat /run/n.pid)
readlink /proc/$p/cwd
tr '\\0' '\\n' </proc/$p/environ | grep -E '^(RC_|A=)'
cat /run/openrc/daemons/app/001
$start; echo "again $?"
openrc --stop --test --name stub | sed "s/PID $p/PID P/"
RC_SVCNAME=app openrc --stop --exec $D/stub --pidfile /run/n.pid --retry TERM/1/-USR2/forever -- x 'y z'; echo "stop $?"
gone $p && echo gone
ls /run/openrc/daemons/app
test -e /run/n.pid || echo removed
openrc --stop --pidfile /run/n.pid; echo "stop $?"
openrc --signal HUP --exec $D/stub; echo "signal $?"
`,
  `/srv
RC_SVCNAME=app
A=b
exec=$D/stub
argv_0=$D/stub
argv_1=x
argv_2=y z
pidfile=/run/n.pid
 * start-stop-daemon: $D/stub is already running
again 1
 * Would send signal 15 to PID P
stop 0
gone
removed
stop 0
 * start-stop-daemon: no matching processes found
signal 1
`,
);

scripted(
  "OpenRC's: pid files of others count for their own processes alone, and links of theirs for none",
  `
mkdir -m 755 /run/app; chown $U /run/app
$D/napd 1000 & root=$!
setpriv --reuid $U --clear-groups $D/napd 1000 & own=$!
till grep -q "^Uid:.$U" /proc/$own/status
echo $root >/run/app/a.pid; chown $U /run/app/a.pid
openrc --stop --pidfile /run/app/a.pid; echo "other's $?"
echo $root >/run/open.pid; chmod 666 /run/open.pid
openrc --stop --pidfile /run/open.pid; echo "open $?"
echo $root >/run/root.pid; ln -s /run/root.pid /run/app/l.pid; chown -h $U /run/app/l.pid
openrc --stop --pidfile /run/app/l.pid; echo "link $?"
dpkg --stop --pidfile /run/app/l.pid; echo "link $?"
gone $root || echo alive
echo $own >/run/app/a.pid
openrc --stop --pidfile /run/app/a.pid; echo "own $?"
till gone $own
echo keep >/run/victim; ln -s /run/victim /run/m.pid
openrc --start -b -m -p /run/m.pid -x $D/napd -- 1000; echo "start $?"; cat /run/victim
test -L /run/m.pid || echo replaced
dpkg --start -b -O /run/app/log -p /dev/null -x $D/napd -- 1000; echo "output $?"
rm /run/app/log; ln -s /run/victim /run/app/log; chown -h $U /run/app/log
dpkg --start -b -O /run/app/log -p /dev/null -x $D/napd -- 1000; echo "output $?"
mkdir -p /run/jail/bin /run/jail/run; mount --bind /bin /run/jail/bin; chown $U /run/jail/run
openrc --start -b -m -p /run/c.pid -r /run/jail -x /bin/true; echo "jail $?"
`,
  ` * start-stop-daemon: pid file \`/run/app/a.pid' is not believed: /run/app is writable by ${SOMEBODY} ` +
    `(owner ${SOMEBODY}, mode 0755), and process N is root's
other's 1
 * start-stop-daemon: pid file \`/run/open.pid' is not believed: everyone can write it
open 1
 * start-stop-daemon: pid file \`/run/app/l.pid' is not believed: somebody else could have made the link
link 1
start-stop-daemon: matching only on non-root pidfile /run/app/l.pid is insecure
link 2
alive
own 0
start 0
keep
replaced
output 0
start-stop-daemon: unable to open '/run/app/log' (somebody else could have made the link)
output 2
 * unable to make pid file \`/run/jail/run/c.pid': /run/jail/run is writable by ${SOMEBODY} (owner ${SOMEBODY}, mode 0755)
jail 1
`,
  !installed("setpriv"),
);

scripted(
  "start-stop-daemon appends a daemon's output to nothing that somebody else's link leads to",
  `
mkdir -m 777 /run/open; mkdir -m 1777 /run/shared; echo keep >/run/victim
for place in open shared; do
  ln -s /run/victim /run/$place/log; chown -h $U /run/$place/log
  # In sticky directories newer kernels have another reason.
  openrc --start -b -m -p /run/$place.pid -1 /run/$place/log -x /bin/echo -- taken 2>&1 |
    sed "s/Permission denied/Too many levels of symbolic links/"
  dpkg --start -b -O /run/$place/log -p /dev/null -x /bin/echo -- taken; echo "output $?"
done
ln /run/victim /run/open/hard
dpkg --start -b -O /run/open/hard -p /dev/null -x /bin/echo -- taken; echo "hard $?"
openrc --start -b -m -p /run/own.pid -1 /run/shared/own -x /bin/echo -- ours; echo "own $?"
till grep -q ours /run/shared/own
cat /run/victim
`,
  ["open", "shared"].map((place) =>
    ` * start-stop-daemon: unable to open the logfile \`/run/${place}/log': Too many levels of symbolic links
start-stop-daemon: unable to open '/run/${place}/log' (somebody else could have made the link)
output 2
`
  ).join("") +
    `start-stop-daemon: unable to open '/run/open/hard' (others can write its directory, and could have made the file)
hard 2
own 0
keep
`,
);

scripted(
  "OpenRC's: what cannot be written is told in sentences, and no empty pid file is left",
  `
mkdir /run/d
openrc --start -b -m -p /run/d -x $D/napd -- 1000; echo "start $?"
openrc --stop -p /run/d; echo "stop $?"
supervise --start --pidfile /run/d $D/napd -- 1000; echo "supervise $?"
mount -t tmpfs -o size=64k,mode=755 none /run
mkdir -p /run/openrc/daemons/app
dd if=/dev/zero of=/run/full bs=4k 2>/dev/null
RC_SVCNAME=app openrc --start -b -m -p /run/n.pid -x $D/napd -- 1000; echo "full $?"
ls -A /run /run/openrc/daemons/app
`,
  ` * start-stop-daemon: fopen \`/run/d': Is a directory
start 0
 * start-stop-daemon: fopen \`/run/d': Is a directory
stop 1
 * supervise-daemon: Unable to remove /run/d: Is a directory
supervise 1
 * start-stop-daemon: fopen \`/run/n.pid': No space left on device
 * start-stop-daemon: unable to note the daemon of app: No space left on device
full 1
/run:
full
openrc

/run/openrc/daemons/app:
`,
);

scripted(
  "OpenRC's: loggers, output, users, and a daemon that says when it is ready, or never does",
  `
cat >$D/ready <<'END'
#!/bin/sh
echo $(id -u) $(id -g) $(umask) $(nice); echo bad >&2; echo >&5; exec $D/napd 1000
END
chmod +x $D/ready
printf 'app:x:%s:%s::/:/bin/sh\\n' $U $U >$D/passwd; cat /etc/passwd >>$D/passwd; mount --bind $D/passwd /etc/passwd
: >/run/out; : >/run/err; chown $U /run/out /run/err
openrc --start -b --notify fd:5 -u app -k 027 -N 3 --stdout /run/out --stderr-logger 'cat >>/run/err' -x $D/ready
echo "ready $?"; cat /run/out; till test -s /run/err; cat /run/err
openrc --start -b --notify fd:5 -x /bin/true; echo "never $?"
openrc --start -b --notify no -x /bin/true; echo "no way $?"
openrc --start --capabilities ^cap_kill,%cap_chown --secbits 0x1 -u app -x /bin/grep -- -E 'Cap(Inh|Amb)' /proc/self/status
`,
  `ready 0
${SOMEBODY} ${SOMEBODY} 0027 3
bad
 * start-stop-daemon: /bin/true has not said that it is ready
never 1
 * start-stop-daemon: \`no' is no way to be notified; it is fd:NUMBER or socket:ready
no way 1
CapInh:	0000000000000021
CapAmb:	0000000000000020
`,
);

scripted(
  "dpkg's: a program is started in place, or in the background, asked for, and stopped by a schedule",
  `
sh -c 'echo $$; exec "$ROUSE" sysv start-stop-daemon -S -m -p /run/f.pid -x /bin/sh -- -c "echo \\$\\$; cat /run/f.pid"' | uniq -c
dpkg --status -p /run/n.pid; echo "status $?"
dpkg -S -b -m -p /run/n.pid -x $D/napd -v -- 1000; echo "start $?"
p=$(cat /run/n.pid)
dpkg -S -b -m -p /run/n.pid -x $D/napd -- 1000; echo "again $?"
for more in "-x $D/napd" "-n napd" "-u root" "--ppid 1" "-n other" "-x /bin/cat"; do
  dpkg --status -p /run/n.pid $more; echo "$more $?"
done
dpkg -K -t -n napd -s HUP | sed "s/$p/P/"
dpkg -K -p /run/n.pid --remove-pidfile -R 60 -v | sed "s/$p/P/"; gone $p && ls /run/n.pid
dpkg -K -x $D/napd; echo "none $?"
dpkg -K -o -q -x $D/napd; echo "none $?"
dpkg -S -b -m -p /run/s.pid -x $D/stub; till grep -q up $D/log
dpkg -K -p /run/s.pid -n stub -R TERM/1/-9/60; echo "killed $?"; gone $(cat /run/s.pid) && echo gone
dpkg -K --retry NO/5 -n x; echo "schedule $?"
dpkg --frob; echo "option $?"
`,
  `      3 N
status 3
Starting $D/napd...
Detaching to start $D/napd...
Detaching complete...
start 0
$D/napd already running.
again 1
-x $D/napd 0
-n napd 0
-u root 0
--ppid 1 0
-n other 1
-x /bin/cat 1
Would send signal 1 to P.
Stopped process in pidfile '/run/n.pid' (pid P).
ls: cannot access '/run/n.pid': No such file or directory
No $D/napd found running; none killed.
none 1
none 0
killed 0
gone
start-stop-daemon: invalid schedule item (must be [-]<signal-name>, -<signal-number>, <timeout> or 'forever'
Try 'start-stop-daemon --help' for more information.
schedule 3
start-stop-daemon: unrecognized option '--frob'
Try 'start-stop-daemon --help' for more information.
option 3
`,
);

const NOTIFY =
  `my $s; socket($s, AF_UNIX, SOCK_DGRAM, 0); send($s, $ARGV[0], 0, sockaddr_un($ENV{NOTIFY_SOCKET})); sleep 1000`;

scripted(
  "dpkg's: the start waits until the program is ready, and tells when it says that it failed, or says nothing",
  `
notify() { dpkg -S -b -p /dev/null --notify-await "$@"; }
notify -x /usr/bin/perl -- -MSocket -e '${NOTIFY}' 'READY=1'; echo "ready $?"
notify -x /usr/bin/perl -- -MSocket -e '${NOTIFY}' 'ERRNO=13'; echo "failed $?"
notify --notify-timeout 1 -x $D/napd -- 1000; echo "late $?"
ls -d /run/.s-s-d* 2>/dev/null
`,
  `ready 0
start-stop-daemon: program failed to initialize (Permission denied)
failed 2
start-stop-daemon: timed out waiting for a notification
late 2
`,
  !installed("perl"),
);
