/** The links of runlevels: which there are, and how they become those that are wanted. */

import { readlinkSync, rmSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { LEVELS, type Levels, type Link } from "../../../compat/sysv/mod.ts";
import { errorReason } from "../../sys/call/errno.ts";
import { listDirectory, type Scripts } from "./scripts.ts";

const LINK_NAME = /^([SK])\d\d(.+)$/;

/** The directory of a level as insserv writes it. */
export function levelDirectory(scripts: Scripts, level: string): string {
  return `${scripts.places.scripts}/../rc${level}.d`;
}

/** The links of all levels that lead to scripts of the directory, in the directories' own order. */
export function readLinks(scripts: Scripts): Link[] {
  return LEVELS.flatMap((level) => {
    const directory = levelDirectory(scripts, level);
    return listDirectory(directory).flatMap((name): Link[] => {
      const [, letter, script] = LINK_NAME.exec(name) ?? [];
      if (script === undefined || !leadsTo(join(directory, name), script)) return [];
      return [{ level, name, kind: letter === "S" ? "start" : "stop", script }];
    });
  });
}

/** True for a link to a script of this name: others are none of ours, and stay. */
function leadsTo(path: string, script: string): boolean {
  try {
    return basename(readlinkSync(path)) === script;
  } catch {
    return false;
  }
}

/** The levels in which a script has links of a kind. */
export function linkedLevels(links: readonly Link[], script: string, kind: Link["kind"]): Levels {
  return links.filter((link) => link.script === script && link.kind === kind)
    .reduce((levels, { level }) => levels | 1 << LEVELS.findIndex((name) => name === level), 0);
}

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

/** Carries out changes. All new links are made before any old one goes, so that no script is ever without one. */
export function changeLinks(changes: readonly LinkChange[], fail: (message: string) => void): void {
  const attempt = (act: () => void, what: string) => {
    try {
      act();
    } catch (error) {
      fail(`can not ${what}: ${errorReason(error)}`);
    }
  };
  for (const { action, path, script } of changes) {
    if (action !== "enable") continue;
    const target = `../init.d/${script}`;
    attempt(() => symlinkSync(target, path), `symlink(${target}, ${path})`);
  }
  for (const { action, path } of changes) {
    if (action === "remove") attempt(() => rmSync(path), `remove(${path})`);
  }
}
