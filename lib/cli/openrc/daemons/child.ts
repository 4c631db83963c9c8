/** A daemon's process: its description, and what is said when it cannot be started. */

import process from "node:process";
import { isYes } from "../../../../compat/openrc/mod.ts";
import { isOthersPlace } from "../../../sys/access/own_place.ts";
import { supplementaryGroups } from "../../../sys/access/users.ts";
import { errnoMessage } from "../../../sys/call/errno.ts";
import { capabilitiesOf } from "../../../sys/process/procfs.ts";
import { TAKEOVER_VARIABLES } from "../../../sys/runtime/variables.ts";
import type { SpawnDescription, SpawnFailure, SpawnStep } from "../../../sys/spawn/description.ts";
import { type DaemonEnvironment, type DaemonSettings, schedulerOf } from "./settings.ts";

/** The mode of files that output is appended to, less the umask. */
const OUTPUT_MODE = 0o660;

/** Of the variables of OpenRC, those that daemons keep. */
const KEPT = ["RC_SERVICE", "RC_SVCNAME"];

/** Variables that are meant for this program alone. */
const OWN = ["SSD_NICELEVEL", "SSD_IONICELEVEL", "SSD_OOM_SCORE_ADJ", "SSD_STARTWAIT", ...TAKEOVER_VARIABLES];

/** Where OpenRC has the programs that are there for scripts alone. */
const LIBRARY = "/lib/rc";

/**
 * The description of a daemon.
 * @param program The file, or its name in a directory of PATH
 * @param argv Its command line
 * @param descriptors Its standard streams, where they are not files of the settings
 * @throws {ToolError}
 */
export function describeDaemon(
  settings: DaemonSettings,
  program: string,
  argv: readonly string[],
  descriptors: Record<number, number>,
): SpawnDescription {
  const { user, gid, outputs, nice, ioPriority, oomScore, chroot, chdir, umask, securebits } = settings;
  const scheduler = schedulerOf(settings);
  const files = ([1, 2] as const).flatMap((target) => {
    const path = outputs[target];
    if (path === undefined) return [];
    // Where others may write, a link would have root's daemon write to whatever they like.
    const noLink = user === undefined && isOthersPlace(path);
    return [[target, { path, mode: OUTPUT_MODE, ...noLink && { noLink } }] as const];
  });
  return {
    program,
    argv: [...argv],
    environment: environmentOf(settings.environment),
    descriptors,
    newSession: true,
    umask,
    ...files.length > 0 && { appended: Object.fromEntries(files) },
    ...nice !== undefined && { nice },
    ...ioPriority !== undefined && { ioPriority },
    ...oomScore !== undefined && { oomScore },
    ...chroot !== undefined && { chroot },
    ...chdir !== undefined && { chdir },
    ...scheduler && { scheduler },
    // Group and user 0 mean that nothing is changed.
    ...gid && { gid },
    ...user && { groups: supplementaryGroups(user.name, gid ?? user.gid) },
    ...user?.uid && { uid: user.uid },
    ...securebits && { securebits },
    ...settings.capabilities && {
      capabilities: { ...settings.capabilities, permitted: capabilitiesOf(process.pid) },
    },
    ...settings.noNewPrivileges && { noNewPrivileges: true },
  };
}

/** The environment that a daemon gets: without what is OpenRC's own. */
function environmentOf(given: DaemonEnvironment): string[] {
  const library = given["RC_LIBEXECDIR"] || LIBRARY;
  return Object.entries(given).flatMap(([name, value]) => {
    if (value === undefined || OWN.includes(name)) return [];
    if (name.startsWith("RC_") && !KEPT.includes(name)) return [];
    if (name !== "PATH") return [`${name}=${value}`];
    const directories = value.split(":").filter((directory) =>
      directory !== "" && ![`${library}/bin`, `${library}/sbin`].includes(directory)
    );
    return [`PATH=${directories.join(":")}`];
  });
}

/** True where what a daemon prints is thrown away. */
export function isSilenced(environment: DaemonEnvironment): boolean {
  return isYes(environment["EINFO_QUIET"]);
}

/** What is said of a daemon that could not be started. @param name This program's */
export function failureText(
  { step, errno, fault }: SpawnFailure,
  { nice, oomScore, chroot, chdir, user, gid, securebits, outputs, ioPriority }: DaemonSettings,
  program: string,
  name: string,
): string {
  if (fault) throw fault;
  const reason = errnoMessage(errno);
  const group = user && gid === process.getgid?.()
    ? `initgroups (${user.name}, ${gid})`
    : `unable to set groupid to ${gid}`;
  const output = outputs[1] ?? outputs[2];
  const texts: Partial<Record<SpawnStep, string>> = {
    "set priority": `${name}: setpriority ${nice}: ${reason}`,
    "set I/O priority": `${name}: ioprio_set ${ioPriority}: ${reason}`,
    "set oom adjustment": `${name}: oom_score_adj ${oomScore}: ${reason}`,
    "change root directory": `${name}: chroot \`${chroot}': ${reason}`,
    "change working directory": `${name}: chdir \`${chdir}': ${reason}`,
    "initgroups": `${name}: ${group}`,
    "setgid": `${name}: unable to set groupid to ${gid}`,
    "setuid": `${name}: unable to set userid to ${user?.uid}`,
    "keep capabilities": `Could not set iab: ${reason}`,
    "set capabilities": `Could not set iab: ${reason}`,
    "set securebits": `Could not set securebits to 0x${securebits?.toString(16)}: ${reason}`,
    "forbid new privileges": `Could not set No New Privs flag: ${reason}`,
    "open its output": `${name}: unable to open the logfile \`${output}': ${reason}`,
    "set scheduler": `Failed to set scheduler: ${reason}`,
    "execute": `${name}: failed to exec \`${program}': ${reason}`,
  };
  return texts[step] ?? `${name}: unable to ${step}: ${reason}`;
}
