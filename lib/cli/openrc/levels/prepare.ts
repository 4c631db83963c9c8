/** The first runlevel's beginnings: the file systems without which no service can start, and the directories of the states. */

import { chmodSync, existsSync, lchownSync, mkdirSync } from "node:fs";
import { machine, release, type } from "node:os";
import { ServiceStates } from "../../../config/openrc/states.ts";
import { LEVELS } from "../../../model/openrc/paths.ts";
import { VERSION } from "../../../model/version.ts";
import { lookupGroup } from "../../../sys/access/users.ts";
import { errorReason } from "../../../sys/call/errno.ts";
import { unlessRefused } from "../../../sys/call/refused.ts";
import { mount, mounts, MS_NODEV, MS_NOEXEC, MS_NOSUID } from "../../../sys/machine/mounts.ts";
import { write } from "../../output.ts";
import { hasInit } from "../init_jobs/by_init.ts";
import type { OpenrcMessages } from "../messages.ts";

/** A file system that services need. */
interface FirstMount {
  type: string;
  point: string;
  flags: number;
  data: string;
  isMounted(): boolean;
}

const FIRST_MOUNTS: readonly FirstMount[] = [
  {
    type: "proc",
    point: "/proc",
    flags: MS_NOSUID | MS_NODEV | MS_NOEXEC,
    data: "",
    isMounted: () => existsSync("/proc/self"),
  },
  {
    type: "tmpfs",
    point: "/run",
    flags: MS_NOSUID | MS_NODEV,
    data: "mode=0755",
    // Init's socket would be hidden where /run is not a file system of its own, as in a container.
    isMounted: () => mounts().some(({ point }) => point === "/run") || hasInit(),
  },
];

/** Says which system starts. @param isInteractive The user may be asked about each service */
export function greet(messages: OpenrcMessages, system: string | undefined, isInteractive: boolean): void {
  const { GOOD = "", HILITE = "", BRACKET = "", NORMAL = "" } = messages.palette ?? {};
  const where = `${type()} ${release()} (${machine()})${system === undefined ? "" : ` [${system}]`}`;
  write(1, `\n   ${GOOD}Rouse ${HILITE}${VERSION}${NORMAL} is starting up ${BRACKET}${where}${NORMAL}\n\n`);
  if (isInteractive && !messages.isQuiet) {
    write(1, `Press ${GOOD}I${NORMAL} to enter interactive boot mode\n\n`);
  }
}

/** Mounts what is not mounted, and makes the directories of the states. What fails is told. */
export function prepareMachine(messages: OpenrcMessages): void {
  for (const { type, point, flags, data, isMounted } of FIRST_MOUNTS) {
    if (isMounted()) continue;
    messages.begin(`Mounting ${point}`);
    const failure = refusal(() => mount(type, point, flags, data));
    messages.end(failure === undefined, failure);
  }
  const states = new ServiceStates();
  const failure = refusal(() => {
    states.prepare();
    states.runlevel = LEVELS.sysinit;
  }) ?? refusal(makeLockDirectory);
  if (failure !== undefined) messages.error(failure);
}

/** Programs of the group uucp lock serial lines in /run/lock. */
function makeLockDirectory(): void {
  const LOCKS = "/run/lock", MODE = 0o775;
  mkdirSync(LOCKS, { recursive: true });
  chmodSync(LOCKS, MODE);
  const group = lookupGroup("uucp");
  if (group !== undefined) lchownSync(LOCKS, 0, group.gid);
}

function refusal(action: () => void): string | undefined {
  return unlessRefused(() => {
    action();
    return undefined;
  }, errorReason);
}
