/** The Debian root as a machine, with each of the inits that it may have. */

import { EXECUTABLE } from "../../support/programs.ts";
import { RootMachine } from "../../support/root_machine.ts";

/** Who is process 1: sysvinit's own with startpar, the same with one script after another, or the executable. */
export type InitName = "startpar" | "sequential" | "rouse";

/** What the machine's owner does beforehand, as shell, in the root. */
const PREPARATIONS: Readonly<Record<InitName, string>> = {
  startpar: "",
  // rc needs these to know what may start side by side.
  sequential: "rm etc/init.d/.depend.*",
  // dpkg's start-stop-daemon stays, as where docs/sysv.md is followed: ours takes longer to begin.
  rouse: `cp ${EXECUTABLE} usr/local/sbin/rouse
    for name in init telinit halt poweroff reboot shutdown runlevel insserv service invoke-rc.d update-rc.d; do
      rm -f sbin/$name usr/sbin/$name
    done
    chroot . /usr/local/sbin/rouse --install --sysv --skip-existing /sbin > /dev/null`,
};

/** Has an init boot the root directory. There are no terminals for getty. */
export function startMachine(root: string, init: InitName): Promise<RootMachine> {
  return RootMachine.start({
    root,
    preparation: `sed -i '/getty/s/^/#/' etc/inittab\n${PREPARATIONS[init]}`,
  });
}
