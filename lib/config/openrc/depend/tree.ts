/** The dependency tree of this machine, and its cache in /run/openrc. */

import {
  accessSync,
  constants,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import {
  buildTree,
  circleInWords,
  findCircles,
  formatTree,
  parseTree,
  type Tree,
} from "../../../../compat/openrc/mod.ts";
import { CONF_D, RC_CONF, RC_CONF_D, RC_DIR } from "../../../model/openrc/paths.ts";
import { errorReason } from "../../../sys/call/errno.ts";
import { ifAllowed, unlessRefused } from "../../../sys/call/refused.ts";
import { readSource } from "../../files.ts";
import { namesIn, statusOf } from "../directory.ts";
import type { GatherOptions } from "./gather.ts";
import { readSettings } from "../rc_conf.ts";
import { SCRIPT_DIRECTORIES } from "../services.ts";
import { systemType } from "../system_type.ts";
import { writeWhole } from "../states.ts";

/** The cached tree, and the list of files on which depend() depends. */
const CACHE = join(RC_DIR, "deptree"), CONFIG_FILES = join(RC_DIR, "depconfig");

/** The clock of files may be so far behind, in ms. */
const CLOCK_STEP = 5;

/** How the tree is loaded. */
interface LoadOptions extends Omit<GatherOptions, "timeLimit"> {
  /** The tree is made anew, whatever has changed. */
  isForced?: boolean;
  /** A tree that is made anew is for this process alone. */
  isPrivate?: boolean;
  /** Told that the tree is made anew, and then how that went. */
  onBegin?(): void;
  onEnd?(failure?: string): void;
  /** Told why a tree that was to be made anew is not. */
  onObstacle?(reason: string): void;
}

/** The tree, and whether it was made anew. */
export interface LoadedTree {
  tree: Tree;
  isRenewed: boolean;
}

/**
 * Loads the tree: the cached one, unless a script, a file of settings or another that depend() depends on is newer. Where
 * nothing may be written the cached tree counts, and without one the tree is made for this process alone; whoever forced
 * it is told.
 * @throws nothing that the file system may refuse.
 */
export async function loadTree(options: LoadOptions): Promise<LoadedTree> {
  const begun = Date.now() - CLOCK_STEP;
  const written = cacheTime();
  const newest = newestSource();
  const cached = () => written === undefined ? undefined : readTree(CACHE);
  const current = written !== undefined && written > newest && !options.isForced ? cached() : undefined;
  if (current) return { tree: current, isRenewed: false };
  const obstacle = options.isPrivate ? undefined : writeObstacle();
  const isLocked = options.isPrivate || obstacle !== undefined;
  if (options.isForced && obstacle !== undefined) options.onObstacle?.(obstacle);
  const old = isLocked && !options.isPrivate ? cached() : undefined;
  if (old) return { tree: old, isRenewed: false };
  if (!isLocked) options.onBegin?.();
  const { tree, config, problems } = await makeTree(options);
  if (isLocked) return { tree, isRenewed: true };
  for (const problem of problems) options.warn(problem);
  const failure = unlessRefused(() => {
    // A file whose time lies in the future would have the tree made anew until then.
    writeCache(tree, config, newest < Date.now() ? begun : newest + CLOCK_STEP);
    return undefined;
  }, errorReason);
  options.onEnd?.(failure);
  return { tree, isRenewed: true };
}

/** Reads a tree from a file; undefined where it cannot be read. */
export function readTree(path: string): Tree | undefined {
  const text = treeText(path);
  return text === undefined ? undefined : parseTree(text);
}

/** The text of a tree, which may be larger than what people write; undefined where it cannot be read. */
export function treeText(path: string = CACHE): string | undefined {
  return ifAllowed(() => statSync(path).isFile() ? readFileSync(path, "utf8") : undefined);
}

/** Removes the cached tree, so that the next one is made anew. */
export function forgetTree(): void {
  rmSync(CACHE, { force: true });
}

async function makeTree(options: LoadOptions): Promise<ReturnType<typeof buildTree>> {
  // Most often the cached tree counts, and none of this is needed.
  const { gatherDependencies } = await import("./gather.ts");
  const settings = readSettings();
  const limit = Number(settings.get("rc_depend_timeout"));
  const gathered = await gatherDependencies(limit > 0 ? { ...options, timeLimit: limit } : options);
  const built = buildTree(gathered, systemType(settings));
  const circles = findCircles(built.tree).map(circleInWords);
  return { ...built, problems: [...built.problems, ...circles] };
}

/** The time at which the tree was cached, in ms; undefined where there is none, or something else has its name. */
function cacheTime(): number | undefined {
  const status = ifAllowed(() => lstatSync(CACHE, { throwIfNoEntry: false }));
  return status?.isFile() ? status.mtimeMs : undefined;
}

/** The time of the last change to what the tree depends on, in ms. */
function newestSource(): number {
  const state = readSource(CONFIG_FILES);
  const config = state.state === "regular" ? state.text.split("\n").filter((line) => line !== "") : [];
  const directories = SCRIPT_DIRECTORIES.map((directory) => join(directory, "..", "conf.d"));
  return [...SCRIPT_DIRECTORIES, CONF_D, ...directories, RC_CONF, RC_CONF_D, ...config]
    .reduce((newest, path) => Math.max(newest, changeTime(path)), 0);
}

/** The levels of directories that are looked into. */
const DEEPEST = 8;

/** The time of the last change to a file, or to what a directory has in it, in ms; 0 where there is nothing. */
function changeTime(path: string, depth = DEEPEST): number {
  const status = statusOf(path);
  if (!status) return 0;
  // A change of the owner or the mode may have root read what it did not, and the other way round.
  const own = Math.max(Number(status.mtimeMs), Number(status.ctimeMs));
  if (!status.isDirectory() || depth === 0) return own;
  return namesIn(path).reduce(
    (newest, name) => Math.max(newest, changeTime(join(path, name), depth - 1)),
    own,
  );
}

/** Why the cache may not be written; undefined where it may. Its directory is made where it is missing. */
function writeObstacle(): string | undefined {
  return unlessRefused(() => {
    mkdirSync(RC_DIR, { recursive: true, mode: 0o755 });
    accessSync(RC_DIR, constants.W_OK);
    return undefined;
  }, (error) => isPermission(error.code) ? "superuser access required" : errorReason(error));
}

function isPermission(code: string): boolean {
  return code === "EACCES" || code === "EPERM";
}

/**
 * @param time The cached tree's: when it was begun, for what has changed since is not in it. In ms
 * @throws the kernel's error.
 */
function writeCache(tree: Tree, config: readonly string[], time: number): void {
  if (config.length > 0) writeWhole(CONFIG_FILES, config.map((path) => `${path}\n`).join(""));
  else rmSync(CONFIG_FILES, { force: true });
  writeWhole(CACHE, formatTree(tree));
  utimesSync(CACHE, time / 1000, time / 1000);
}
