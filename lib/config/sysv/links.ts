/** The links of runlevels, as they are in the directories. */

import { readlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { LEVELS, type Levels, type Link } from "../../../compat/sysv/mod.ts";
import { ifAllowed } from "../../sys/call/refused.ts";
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
    return listDirectory(directory).flatMap((name) => readLink(directory, level, name) ?? []);
  });
}

/** A link in the directory of a level; undefined for what is none, or leads to a script of another name: that stays. */
export function readLink(directory: string, level: string, name: string): Link | undefined {
  const [, letter, script] = LINK_NAME.exec(name) ?? [];
  if (script === undefined) return undefined;
  const target = ifAllowed(() => readlinkSync(join(directory, name)));
  if (target === undefined || basename(target) !== script) return undefined;
  return { level, name, kind: letter === "S" ? "start" : "stop", script };
}

/** The levels in which a script has links of a kind. */
export function linkedLevels(links: readonly Link[], script: string, kind: Link["kind"]): Levels {
  return links.filter((link) => link.script === script && link.kind === kind)
    .reduce((levels, { level }) => levels | 1 << LEVELS.findIndex((name) => name === level), 0);
}
