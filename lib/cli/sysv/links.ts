/** The links of runlevels: how those that there are become those that are wanted. */

import { rmSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import { LEVELS, type Link } from "../../../compat/sysv/mod.ts";
import { levelDirectory } from "../../config/sysv/links.ts";
import type { Scripts } from "../../config/sysv/scripts.ts";
import { errorReason } from "../../sys/call/errno.ts";

/** What is to be done to a directory of links. */
export interface LinkChange {
  action: "enable" | "remove";
  path: string;
  script: string;
}

/** The changes that make the links that are there those that are wanted, level by level and script by script. */
export function linkChanges(
  scripts: Scripts,
  existing: readonly Link[],
  wanted: readonly Link[],
): LinkChange[] {
  return LEVELS.flatMap((level) => {
    const here = existing.filter((link) => link.level === level);
    const there = wanted.filter((link) => link.level === level);
    const isIn = (links: Link[], one: Link) => links.some(({ name }) => name === one.name);
    const change = (action: LinkChange["action"]) => ({ name, script }: Link): LinkChange => ({
      action,
      path: `${levelDirectory(scripts, level)}/${name}`,
      script,
    });
    const names = [...new Set([...there, ...here].map(({ script }) => script))];
    return names.flatMap((script) => [
      ...here.filter((link) => link.script === script && !isIn(there, link)).map(change("remove")),
      ...there.filter((link) => link.script === script && !isIn(here, link)).map(change("enable")),
    ]);
  });
}

/**
 * Carries out changes. All new links are made before any old one goes, so that no script is ever without one. The old ones of
 * a script stay where a new one beside them could not be made.
 */
export function changeLinks(changes: readonly LinkChange[], fail: (message: string) => void): void {
  const attempt = (act: () => void, what: string): boolean => {
    try {
      act();
      return true;
    } catch (error) {
      fail(`can not ${what}: ${errorReason(error)}`);
      return false;
    }
  };
  const placeOf = ({ path, script }: LinkChange) => `${dirname(path)}/${script}`;
  const incomplete = new Set<string>();
  for (const change of changes) {
    const { action, path, script } = change;
    if (action !== "enable") continue;
    const target = `../init.d/${script}`;
    const isMade = attempt(() => symlinkSync(target, path), `symlink(${target}, ${path})`);
    if (!isMade) incomplete.add(placeOf(change));
  }
  for (const change of changes) {
    const { action, path } = change;
    if (action === "remove" && !incomplete.has(placeOf(change))) {
      attempt(() => rmSync(path), `remove(${path})`);
    }
  }
}
