/** `rouse --install`: links in a directory for every program that the executable can be. */

import { Buffer } from "node:buffer";
import {
  closeSync,
  linkSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  symlinkSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import process from "node:process";

/** Stands in every compiled executable, so that an older one is known again. */
const MARK = "rouse executable: all programs in one, 1f6b0c52";

/** Executables are larger than this; smaller files need not be searched. */
const SMALLEST_EXECUTABLE = 8 << 20;

/**
 * Links `DIR/NAME` to this executable for each name: hard links, or symbolic ones with `-s`. Each name is
 * replaced in one step, so that at no time it is missing. A name that is taken by anything but a link to
 * some rouse, or a rouse of an earlier version, is left alone; then nothing at all is changed.
 * Returns the exit status: 0, 1 when links could not be made, 2 for wrong arguments.
 */
export function install(args: string[], names: string[]): number {
  const symbolic = args.includes("-s");
  const [directory, ...more] = args.filter((arg) => arg !== "-s");
  if (directory === undefined || more.length > 0 || directory.startsWith("-")) {
    const wrong = directory?.startsWith("-")
      ? `invalid option: ${directory}`
      : "--install takes one directory";
    return fail(`${wrong}\nTry \`rouse --help' for more information.`, 2);
  }
  const executable = realpathSync(process.execPath);
  if (!isRouse(executable)) {
    return fail(`Unable to install links: ${executable} is not the compiled executable`);
  }
  try {
    if (!statSync(directory).isDirectory()) throw new Error(`${directory} is not a directory`);
    const taken = names.map((name) => join(directory, name)).filter((path) => !mayReplace(path, executable));
    if (taken.length > 0) {
      return fail(
        `Unable to install links, nothing is changed: ${
          taken.join(", ")
        }: not of rouse; remove or rename it first`,
      );
    }
    for (const name of names) link(executable, join(directory, name), symbolic);
    return 0;
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    const hint = code === "EXDEV" ? "; -s makes symbolic links, which may lead to another file system" : "";
    return fail(`Unable to install links: ${message}${hint}`);
  }
}

function fail(message: string, status = 1): number {
  process.stderr.write(`rouse: ${message}\n`);
  return status;
}

/** Puts the link beside its place, then moves it there. */
function link(executable: string, path: string, symbolic: boolean): void {
  const existing = lstatSync(path, { throwIfNoEntry: false });
  // rename(2) does nothing when both names are the same file, and would leave the new name behind.
  if (!symbolic && existing && sameFile(existing, lstatSync(executable))) return;
  const temporary = join(dirname(path), `.${basename(path)}.rouse-${process.pid}`);
  rmSync(temporary, { force: true });
  if (symbolic) symlinkSync(executable, temporary);
  else linkSync(executable, temporary);
  renameSync(temporary, path);
}

function mayReplace(path: string, executable: string): boolean {
  // With a symbolic link of the executable's own name it would be lost.
  if (resolve(path) === executable) return false;
  const existing = lstatSync(path, { throwIfNoEntry: false });
  if (existing === undefined) return true;
  if (existing.isSymbolicLink()) {
    const target = statSync(path, { throwIfNoEntry: false });
    if (target === undefined) return basename(readlinkSync(path)).startsWith("rouse");
    return sameFile(target, statSync(executable)) || isRouse(realpathSync(path));
  }
  return sameFile(existing, lstatSync(executable)) || isRouse(path);
}

function sameFile(one: Stats, other: Stats): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

/** True for a compiled executable of rouse, of whatever version. */
function isRouse(path: string): boolean {
  const status = statSync(path);
  if (!status.isFile() || status.size < SMALLEST_EXECUTABLE) return false;
  const key = `${status.dev}:${status.ino}`;
  let known = searched.get(key);
  if (known === undefined) searched.set(key, known = holdsMark(path));
  return known;
}

/** Results of {@link holdsMark} by device and inode: an older version is there once for each of its links. */
const searched = new Map<string, boolean>();

function holdsMark(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(4 << 20);
    let position = 0;
    for (;;) {
      const length = readSync(file, buffer, 0, buffer.length, position);
      if (buffer.subarray(0, length).includes(MARK)) return true;
      if (length < buffer.length) return false;
      position += length - MARK.length;
    }
  } finally {
    closeSync(file);
  }
}
