/** The root with OpenRC as a machine, with each of the inits that it may have. */

import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { TemporaryDirectory } from "../../../lib/sys/testing/directory.ts";
import { EXECUTABLE } from "../../support/programs.ts";
import { RootMachine } from "../../support/root_machine.ts";
import { bootFiles, RUNLEVELS } from "./services.ts";

/** Who is process 1: sysvinit with OpenRC, side by side or one service after another, or the executable. */
export type InitName = "parallel" | "sequential" | "rouse";

/** What the machine's owner does beforehand, as shell, in the root. */
const PREPARATIONS: Readonly<Record<InitName, string>> = {
  parallel: "echo rc_parallel=YES >> etc/rc.conf",
  sequential: "echo rc_parallel=NO >> etc/rc.conf",
  rouse: `cp ${EXECUTABLE} usr/local/sbin/rouse
    for set in sysv openrc; do
      chroot . /usr/local/sbin/rouse --install --$set --force /sbin > /dev/null
    done`,
};

/** Has an init boot the root directory with the services of the table, and with no others. */
export async function startMachine(root: string, init: InitName): Promise<RootMachine> {
  using made = new TemporaryDirectory();
  const { files, targets, daemons } = bootFiles();
  for (const level of RUNLEVELS) mkdirSync(join(made.path, "etc/runlevels", level), { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(made.path, path)), { recursive: true });
    writeFileSync(join(made.path, path), text, { mode: text.startsWith("#!") ? 0o755 : 0o644 });
  }
  for (const [path, target] of Object.entries(targets)) symlinkSync(target, join(made.path, path));
  const preparation = `rm -r etc/init.d etc/runlevels
    cp -a ${made.path}/. .
    for name in ${daemons.join(" ")}; do cp bin/sleep $name; done
    ${PREPARATIONS[init]}`;
  return await RootMachine.start({ root, preparation });
}
