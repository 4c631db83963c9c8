/** Where the scripts of runlevels lie, as Debian and as Red Hat had them, and what their directories and files say. */

import { join } from "node:path";
import {
  DEBIAN_RULES,
  type DependRules,
  levelLinks,
  parseDependRules,
  type RcRules,
  RED_HAT_RULES,
} from "../../../../compat/sysv/mod.ts";
import { isDirectory, readSource } from "../../../config/files.ts";
import { listDirectory, PLACES, RED_HAT_SCRIPTS, Scripts } from "../../../config/sysv/scripts.ts";

/** The places of a distribution, and the rules of its rc. */
export interface RcLayout {
  /** The directory that holds those of the runlevels. */
  parent: string;
  /** The directory of the scripts. */
  scripts: string;
  rules: RcRules;
}

const DEBIAN: RcLayout = { parent: "/etc", scripts: PLACES.scripts, rules: DEBIAN_RULES };

const RED_HAT: RcLayout = { parent: "/etc/rc.d", scripts: RED_HAT_SCRIPTS, rules: RED_HAT_RULES };

/** Where the scripts of Red Hat's say that they run. */
const LOCKS = "/var/lock/subsys";

/** A file by which an administrator asks for the order of the links' numbers, as insserv does where it cannot tell another. */
const BY_NUMBERS = ".legacy-bootordering";

/** The word of the kernel's command line that does the same. */
const ONE_BY_ONE = "concurrency=none";

/** The layout of this machine. */
export function layoutHere(): RcLayout {
  return isDirectory(RED_HAT.scripts) ? RED_HAT : DEBIAN;
}

/** The links of a level. Of what is passed over, `passedOver` is told, with the reason. */
export function linksOf(
  { parent }: RcLayout,
  level: string,
  passedOver: (path: string, reason: string) => void = () => {},
): ReturnType<typeof levelLinks> {
  const scripts = new Scripts(PLACES), directory = levelPath(parent, level);
  return levelLinks(listDirectory(directory)).filter(({ name, script }) => {
    const path = join(directory, name);
    const reason = scripts.isValidName(script) ? unfit(path) : "its name is that of a copy";
    if (reason !== undefined) passedOver(path, reason);
    return reason === undefined;
  });
}

/** Why a link is not run: it leads to nothing, or to no file. */
function unfit(path: string): string | undefined {
  const { state } = readSource(path, false);
  if (state === "dangling") return "it leads to nothing";
  return state === "special" ? "it is no file" : undefined;
}

/** The directory of a level. */
export function levelPath(parent: string, level: string): string {
  return join(parent, `rc${level}.d`);
}

/** True for a script that has said that it runs. */
export function isLocked(script: string): boolean {
  return [script, `${script}.init`].some((name) => readSource(join(LOCKS, name), false).state === "regular");
}

/** What waits for what, in the boot, in all other starts and in all stops. */
export type DependFiles = Record<"boot" | "start" | "stop", DependRules>;

/** The rules by which scripts may run side by side; undefined where they are to run one by one, by their numbers. */
export function readDependFiles({ scripts, rules }: RcLayout): DependFiles | undefined {
  const commandLine = textOf("/proc/cmdline").split(/\s+/);
  const isForbidden = readSource(join(scripts, BY_NUMBERS), false).state !== "absent" ||
    commandLine.includes(ONE_BY_ONE);
  const texts = ["boot", "start", "stop"].map((kind) => textOf(join(scripts, `.depend.${kind}`)));
  if (rules.hasLocks || isForbidden || texts.some((text) => text === "")) return undefined;
  const [boot, start, stop] = texts.map(parseDependRules);
  return { boot: boot!, start: start!, stop: stop! };
}

function textOf(path: string): string {
  const found = readSource(path);
  return found.state === "regular" ? found.text : "";
}
