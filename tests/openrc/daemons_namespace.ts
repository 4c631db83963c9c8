/** A place for daemons: namespaces with process numbers and a /run of their own, in which a line of shell says what to do. */

import process from "node:process";
import { TemporaryDirectory } from "../../lib/sys/testing/directory.ts";
import { type Outcome, run } from "../support/command.ts";
import { EXECUTABLE } from "../support/programs.ts";

/** The user whom the tests take for somebody else, by number: any but root. */
export const SOMEBODY = 54321;

/**
 * What every script begins with: `$D/napd` is a daemon that does nothing, `$D/stub` one that ignores TERM and ends by USR2.
 * `till COMMAND` waits until a command succeeds. What has ended may never be reaped here, which `gone PID` knows.
 */
const PREAMBLE = `
mount -t tmpfs -o mode=755 none /run
mount -t proc proc /proc
cp /bin/sleep $D/napd
cat >$D/stub <<'END'
#!/bin/sh
trap 'echo term >>$D/log' TERM
trap 'exit 0' USR2
echo up >>$D/log
while :; do sleep 0.05; done
END
chmod +x $D/stub
till() { until "$@" >/dev/null 2>&1; do sleep 0.02; done; }
gone() { ! kill -0 $1 2>/dev/null || grep -q 'State:.[ZX]' /proc/$1/status; }
openrc() { "$ROUSE" openrc start-stop-daemon "$@"; }
dpkg() { "$ROUSE" sysv start-stop-daemon "$@"; }
supervise() { RC_SVCNAME=app "$ROUSE" openrc supervise-daemon app "$@"; }
`;

/** Runs a script. Both of its outputs are one, in which `$D` stands for its directory. */
export async function inNamespace(script: string): Promise<Omit<Outcome, "stderr">> {
  using directory = new TemporaryDirectory({ mode: 0o755 });
  const D = directory.path;
  const shell = ["/bin/sh", "-c", `exec 2>&1\n${PREAMBLE}\n${script}`];
  const unshare = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"];
  const { exit, stdout } = await run([...unshare, ...shell], {
    environment: { PATH: process.env["PATH"]!, D, ROUSE: EXECUTABLE, U: String(SOMEBODY), LC_ALL: "C" },
    directory: D,
  });
  return {
    exit,
    stdout: stdout.replaceAll(D, "$D").replace(/\bprocess \d+/g, "process N").replace(
      /^( +\d) \d+$/gm,
      "$1 N",
    ),
  };
}
