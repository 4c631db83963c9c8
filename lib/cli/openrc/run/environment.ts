/** The environment of scripts: what they get of the caller's, and what they are told. */

import { join } from "node:path";
import type { Settings } from "../../../../compat/openrc/mod.ts";
import { readSource } from "../../../config/files.ts";
import { bootLevel, isSet } from "../../../config/openrc/rc_conf.ts";
import type { ServiceStates } from "../../../config/openrc/states.ts";
import { systemType } from "../../../config/openrc/system_type.ts";
import { untrusted } from "../../../config/openrc/untrusted.ts";
import { KERNEL_LEVEL, LEVELS } from "../../../model/openrc/paths.ts";

/** Variables by their names. */
export type ScriptVariables = Record<string, string | undefined>;

/** The variables that scripts get of their caller's. */
const ALLOWED = [
  "EERROR_QUIET",
  "EINFO_QUIET",
  "IN_BACKGROUND",
  "IN_DRYRUN",
  "IN_HOTPLUG",
  "RC_DEBUG",
  "RC_NODEPS",
  "LANG",
  "LC_MESSAGES",
  "TERM",
  "EINFO_COLOR",
  "EINFO_VERBOSE",
];

/** Variables for all sessions, as Gentoo's env-update writes them. */
const PROFILE = "/etc/profile.env";

/** Where scripts find programs, behind those of ours. */
const SEARCH_PATH = ["/bin", "/sbin", "/usr/bin", "/usr/sbin"];

/** Where other programs of OpenRC's are, if it is installed too. */
const LIBRARIES = "/lib/rc";

/** The version of OpenRC whose behaviour scripts meet. */
const RC_VERSION = "0.45.2";

/** Takes out of an environment what scripts must not depend on, unless the settings allow it, and adds the profile's. */
export function filterEnvironment(environment: ScriptVariables, settings: Settings): void {
  const allowed = (settings.get("rc_env_allow") ?? "").split(/\s+/);
  if (allowed.includes("*")) return;
  for (const name of Object.keys(environment)) {
    if (!ALLOWED.includes(name) && !allowed.includes(name)) delete environment[name];
  }
  for (const [name, value] of profileVariables()) environment[name] ??= value;
}

/** The lines `export NAME='VALUE'` of the profile. */
function profileVariables(): [name: string, value: string][] {
  const profile = readSource(PROFILE);
  if (profile.state !== "regular" || untrusted(PROFILE) !== undefined) return [];
  const lines = profile.text.matchAll(/^(?:export\s+)?([A-Za-z_]\w*)=(['"]?)(.*)\2\s*$/gm);
  return Array.from(lines, ([, name = "", , value = ""]) => [name, value]);
}

/** Tells scripts of the system: of its runlevels, what it runs on, and how much they are to print. */
export function describeSystem(
  environment: ScriptVariables,
  settings: Settings,
  states: ServiceStates,
): void {
  const programs = join(states.directory, "bin");
  const given = environment["PATH"]?.split(":") ?? [];
  const system = systemType(settings);
  const level = readSource(join(states.directory, KERNEL_LEVEL));
  Object.assign(environment, {
    PATH: [...new Set([programs, ...SEARCH_PATH, ...given])].join(":"),
    RC_VERSION,
    RC_LIBEXECDIR: LIBRARIES,
    RC_SVCDIR: states.directory,
    RC_TMPDIR: join(states.directory, "tmp"),
    RC_BOOTLEVEL: bootLevel(),
    RC_RUNLEVEL: states.runlevel,
    RC_DEFAULTLEVEL: level.state === "regular" ? level.text.split("\n", 1)[0] : LEVELS.default,
    RC_UNAME: "Linux",
    ...system !== undefined && { RC_SYS: system },
    ...isSet(settings, "rc_quiet") && { EINFO_QUIET: "YES" },
    ...isSet(settings, "rc_verbose") && { EINFO_VERBOSE: "YES" },
    ...(!isSet(settings, "rc_color", true) || isSet(settings, "rc_nocolor")) && { EINFO_COLOR: "NO" },
  });
}
