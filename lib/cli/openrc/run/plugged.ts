/** Which services devices may start. */

import type { Settings } from "../../../../compat/openrc/mod.ts";

/**
 * True for a service that a device may start: by the first pattern of `rc_hotplug`, or of `rc_plug_services` as older
 * systems have it, that its name matches. `!` before one means that it may not; one that matches none may.
 */
export function isPluggable(service: string, settings: Settings): boolean {
  const list = settings.get("rc_hotplug") ?? settings.get("rc_plug_services");
  if (list === undefined) return false;
  const decisive = list.split(/\s+/).find((word) => patternOf(word.replace(/^!/, "")).test(service));
  return decisive === undefined || !decisive.startsWith("!");
}

/** A pattern of a shell's. */
function patternOf(word: string): RegExp {
  const parts = word.split(/(\[!?[^\]]*\]|[*?])/).map((part) => {
    if (part === "*") return ".*";
    if (part === "?") return ".";
    if (part.startsWith("[")) return `[${part.slice(1, -1).replace(/^!/, "^").replaceAll("\\", "\\\\")}]`;
    return part.replace(/[\\^$.|+(){}]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`);
}
