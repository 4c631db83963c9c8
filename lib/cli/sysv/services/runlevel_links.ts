/** Changes to the links of one script, without a look at the order of others. No step leaves it without a link. */

import { renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { levelNames, type Levels, type Link } from "../../../../compat/sysv/mod.ts";
import { levelDirectory, readLinks } from "../../../config/sysv/links.ts";
import { changeLinks, linkChanges } from "../links.ts";
import type { Scripts } from "../../../config/sysv/scripts.ts";

/** The number of links that nothing orders. */
const PLAIN_NUMBER = "01";

/** The links of a script that nothing orders. */
export function plainLinks(script: string, levels: { start: Levels; stop: Levels }): Link[] {
  return ([["start", "S"], ["stop", "K"]] as const).flatMap(([kind, letter]) =>
    levelNames(levels[kind]).map((level) => ({
      level,
      kind,
      script,
      name: `${letter}${PLAIN_NUMBER}${script}`,
    }))
  );
}

/**
 * Makes the links of a script in some levels those of the other kind, with the number that they have.
 * @returns how many links there are in these levels.
 * @throws {Error} of node:fs, where a link cannot be renamed.
 */
export function toggleLinks(
  scripts: Scripts,
  script: string,
  levels: readonly string[],
  kind: Link["kind"],
): number {
  const links = readLinks(scripts).filter((link) => link.script === script && levels.includes(link.level));
  for (const link of links) {
    if (link.kind === kind) continue;
    const path = join(levelDirectory(scripts, link.level), link.name);
    renameSync(path, join(dirname(path), (kind === "start" ? "S" : "K") + link.name.slice(1)));
  }
  return links.length;
}

/** Removes all links of a script. Those that lead elsewhere are not its own. */
export function removeLinks(scripts: Scripts, script: string, fail: (message: string) => void): void {
  const links = readLinks(scripts).filter((link) => link.script === script);
  changeLinks(linkChanges(scripts, links, []), fail);
}
