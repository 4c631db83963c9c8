/** The kind of container or virtual machine that this machine is, as OpenRC's keywords name it. */

import { existsSync } from "node:fs";
import type { Settings } from "../../../compat/openrc/mod.ts";
import { readSource } from "../files.ts";

/** How a file tells that this is a system. */
interface Sign {
  system: string;
  isHere(): boolean;
}

/** A container's signs, in the order in which they count, and then a virtual machine's. */
const SIGNS: readonly Sign[] = [
  { system: "UML", isHere: () => contains("/proc/cpuinfo", /UML/) },
  { system: "VSERVER", isHere: () => contains("/proc/self/status", /(s_context|VxID):\s*[1-9]/) },
  { system: "OPENVZ", isHere: () => existsSync("/proc/vz/veinfo") && !existsSync("/proc/vz/version") },
  { system: "OPENVZ", isHere: () => contains("/proc/self/status", /envID:\s*[1-9]/) },
  { system: "LXC", isHere: () => contains("/proc/1/environ", /container=lxc/) },
  { system: "RKT", isHere: () => contains("/proc/1/environ", /container=rkt/) },
  { system: "SYSTEMD-NSPAWN", isHere: () => contains("/proc/1/environ", /container=systemd-nspawn/) },
  { system: "DOCKER", isHere: () => existsSync("/.dockerenv") },
  { system: "DOCKER", isHere: () => contains("/proc/1/environ", /container=docker/) },
  { system: "XEN0", isHere: () => contains("/proc/xen/capabilities", /control_d/) },
  { system: "XENU", isHere: () => existsSync("/proc/xen") },
];

/** The systems that `rc_sys` may name. */
const KNOWN = ["PREFIX", ...SIGNS.map(({ system }) => system)];

/** The system, in capitals: what `rc_sys` says, else what is found; undefined where it is none of these. */
export function systemType(settings: Settings): string | undefined {
  const given = settings.get("rc_sys")?.toUpperCase();
  if (given === "") return undefined;
  if (given !== undefined && KNOWN.includes(given)) return given;
  return SIGNS.find(({ isHere }) => isHere())?.system;
}

function contains(path: string, pattern: RegExp): boolean {
  const state = readSource(path);
  return state.state === "regular" && pattern.test(state.text);
}
