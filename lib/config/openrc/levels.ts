/** OpenRC's runlevels: directories of links to scripts, and to the runlevels that they stand on. */

import { join } from "node:path";
import { LEVELS, RUNLEVEL_DIRECTORIES } from "../../model/openrc/paths.ts";
import { namesIn, servicesIn, statusOf } from "./directory.ts";

/** Runlevels that stand on each other. */
export class LevelLoop extends Error {
  override name = "LevelLoop";

  /** @param level The one that is met again @param way The runlevels on the way to it */
  constructor(readonly level: string, readonly way: readonly string[]) {
    super(`Runlevels stand on each other: ${[...way, level].join(", ")}`);
  }
}

/** The directory of a runlevel. */
export function levelDirectory(level: string): string {
  return join(RUNLEVEL_DIRECTORIES, level);
}

/** All runlevels. */
export function levelNames(): string[] {
  return directoriesIn(RUNLEVEL_DIRECTORIES);
}

/** True for a runlevel that has a directory. */
export function levelExists(level: string): boolean {
  return isLevelName(level) && isDirectory(levelDirectory(level));
}

/** False for what would lead elsewhere. */
function isLevelName(level: string): boolean {
  return level !== "" && level !== "." && level !== ".." && !level.includes("/");
}

/** The names in a runlevel: those of its services, and of the runlevels that it stands on. `single` has none. */
export function servicesOfLevel(level: string): string[] {
  return level === LEVELS.single || !isLevelName(level) ? [] : servicesIn(levelDirectory(level));
}

/** The same with those of the runlevels that it stands on. @throws {LevelLoop} */
export function stackedServices(level: string): string[] {
  return [...new Set([level, ...levelStack(level)].flatMap(servicesOfLevel))];
}

/** True for a service that has a link in a runlevel. */
export function isInLevel(service: string, level: string): boolean {
  return isLevelName(level) && statusOf(join(levelDirectory(level), service)) !== undefined;
}

/**
 * A runlevel and those that it stands on, each before those that it stands on itself; none where it does not exist.
 * @throws {LevelLoop} where runlevels stand on each other.
 */
export function levelStack(level: string): string[] {
  const stack = new Set<string>();
  const add = (name: string, way: readonly string[]) => {
    if (!levelExists(name)) return;
    // What several stand on comes behind all of them.
    stack.delete(name);
    stack.add(name);
    for (const below of directoriesIn(levelDirectory(name))) {
      if (way.includes(below)) throw new LevelLoop(below, way);
      add(below, [...way, below]);
    }
  };
  add(level, [level]);
  return [...stack];
}

function directoriesIn(directory: string): string[] {
  return namesIn(directory).filter((name) => isDirectory(join(directory, name)));
}

function isDirectory(path: string): boolean {
  return statusOf(path)?.isDirectory() ?? false;
}
