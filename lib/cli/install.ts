/** `rouse --install`: makes links to the executable in a directory, one for each of its programs. */

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
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { errorReason } from "../sys/call/errno.ts";
import type { Tool } from "../model/command_line/tool.ts";
import type { ParsedOptions } from "../model/command_line/options.ts";
import { UsageError } from "../model/command_line/usage_error.ts";
import { installFiles, prefixOf } from "./manual/install_files.ts";
import type { Host } from "./manual/programs.ts";
import { complain, runTool } from "./tool.ts";

/** A text in every compiled executable, by which executables of any version are recognized. */
const MARK = "rouse executable: all programs in one, 1f6b0c52";

/** Executables are larger than this, so smaller files are not searched. */
const SMALLEST_EXECUTABLE = 8 << 20;

/** What to do where no hard links can be made, by the error. */
const LINK_HINTS: Readonly<Record<string, string>> = {
  EPERM: "; -s makes symbolic links, which may lead to files of another user",
  EXDEV: "; -s makes symbolic links, which may lead to another file system",
};

/** What to do with names that are taken by other programs. */
type Policy = "refuse" | "skip" | "force";

/** What is to be linked, and where. */
interface Installation {
  directory: string;
  names: string[];
  symbolic: boolean;
  policy: Policy;
  /** True: beside the links there come the manual and the completion for shells. */
  withManual: boolean;
}

/** Names of programs by the option that adds them. */
type FurtherNames = Readonly<Record<string, string[]>>;

/**
 * Links `DIR/NAME` to this executable for each name: hard links, or symbolic ones with `-s`. Each name is replaced in one
 * step, so it is never missing. When a name is taken by anything but an executable of rouse or a link to one, nothing is
 * changed, unless `--skip` leaves that name and links the others, or `--force` replaces it.
 * Returns the exit status.
 * @param programs The names of the programs that are linked where none is named.
 * @param further The names that an option adds, by its name. Some of them may be among the others.
 * @param host What the manual is made of
 */
export function install(
  args: string[],
  programs: string[],
  further: FurtherNames,
  host: Host,
): Promise<number> {
  const tool = {
    ...INSTALL,
    async run(parsed: ParsedOptions) {
      const wanted = installationOf(parsed, programs, further), { directory, names, policy } = wanted;
      const status = run(wanted), prefix = prefixOf(directory);
      if (status === 0 && wanted.withManual && prefix !== undefined) {
        await installFiles(prefix, names, host, policy === "force");
      }
      return status;
    },
  };
  return runTool(tool, args);
}

export const INSTALL: Omit<Tool, "run"> = {
  name: "--install",
  arguments: "DIR [NAME]...",
  summary: "Make links in DIR to this executable, one for each NAME, or for rouse and all of its programs.",
  help:
    "A DIR that is called bin or sbin gets the manual and the completion for shells beside it, in share, unless NAMEs are " +
    "given.\n\nA NAME that is taken by anything but rouse stays, and no link is made, unless an option says what to do." +
    "\n\nExit status: 0, 1 when links cannot be made, 2 for wrong arguments.",
  options: [
    { short: "s", long: "symbolic", help: "make symbolic links, not hard ones" },
    { long: "sysv", help: "the programs of SysV, too" },
    { long: "openrc", help: "the programs of OpenRC, too" },
    { long: "skip", help: "leave what others have there, and link the rest" },
    { long: "skip-existing", help: "the same" },
    { long: "force", help: "replace what others have there" },
    { long: "no-manual", help: "the links alone, without manual and completion" },
  ],
  examples: ["rouse --install -s /usr/local/sbin", "rouse --install /sbin init telinit"],
};

/** @throws {UsageError} when the command line is wrong. */
function installationOf(
  { args: [directory, ...names], options }: ParsedOptions,
  programs: string[],
  further: FurtherNames,
): Installation {
  if (directory === undefined) throw new UsageError("missing directory");
  const skips = options.has("skip") || options.has("skip-existing");
  if (skips && options.has("force")) {
    throw new UsageError("--skip and --force exclude each other");
  }
  const known = [...programs, ...Object.values(further).flat()];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new UsageError(`no program is called ${unknown}`);
  const added = Object.entries(further).flatMap(([option, more]) => options.has(option) ? more : []);
  return {
    directory,
    names: names.length > 0 ? names : [...new Set([...programs, ...added])],
    symbolic: options.has("symbolic"),
    withManual: names.length === 0 && !options.has("no-manual"),
    policy: skips ? "skip" : options.has("force") ? "force" : "refuse",
  };
}

function run(wanted: Installation): number {
  const executable = realpathSync(process.execPath);
  if (!isRouse(executable)) {
    throw new Error(`Unable to install links: ${executable} is not the compiled executable`);
  }
  try {
    return linkAll(wanted, executable);
  } catch (error) {
    const { code = "", syscall } = error as NodeJS.ErrnoException;
    const hint = syscall === "link" ? LINK_HINTS[code] ?? "" : "";
    const where = syscall === undefined ? "" : `${wanted.directory}: `;
    throw new Error(`Unable to install links: ${where}${errorReason(error)}${hint}`);
  }
}

function linkAll({ directory, names, symbolic, policy }: Installation, executable: string): number {
  const status = statSync(directory, { throwIfNoEntry: false });
  if (!status) throw new Error(`there is no directory ${directory}; make it first, by mkdir -p ${directory}`);
  if (!status.isDirectory()) throw new Error(`${directory} is not a directory`);
  // A name that is the executable itself needs no link, and a symbolic link to itself would replace it.
  const base = realpathSync(directory);
  const paths = names.filter((name) => join(base, name) !== executable).map((name) => join(directory, name));
  const taken = new Set(paths.filter((path) => !mayReplace(path, executable)));
  const directories = [...taken].filter((path) => lstatSync(path).isDirectory());
  if (directories.length > 0 && policy !== "skip") {
    return refuse(
      `${directories.join(", ")}: a directory. ` +
        "Move it away, or let --skip leave it and link the rest",
    );
  }
  if (taken.size > 0 && policy === "refuse") {
    return refuse(
      `${[...taken].join(", ")}: not of rouse. ` +
        "--skip leaves what is there and links the rest, --force replaces it, " +
        "and names behind the directory say which programs to link",
    );
  }
  for (const path of paths) if (policy === "force" || !taken.has(path)) link(executable, path, symbolic);
  if (taken.size > 0 && policy === "skip") {
    process.stdout.write(`Left as they are, for they are not of rouse: ${[...taken].join(", ")}\n`);
  }
  return 0;
}

function refuse(reason: string): number {
  complain(`Unable to install links, nothing is changed: ${reason}`);
  return 1;
}

/** Makes the link under a temporary name, then renames it. */
function link(executable: string, path: string, symbolic: boolean): void {
  const existing = lstatSync(path, { throwIfNoEntry: false });
  // When both names are the same file, rename(2) does nothing and leaves the temporary name.
  if (!symbolic && existing && sameFile(existing, lstatSync(executable))) return;
  const temporary = join(dirname(path), `.${basename(path)}.rouse-${process.pid}`);
  rmSync(temporary, { force: true });
  if (symbolic) symlinkSync(executable, temporary);
  else linkSync(executable, temporary);
  renameSync(temporary, path);
}

function mayReplace(path: string, executable: string): boolean {
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

/** True for a compiled executable of rouse of any version. */
function isRouse(path: string): boolean {
  const status = statSync(path);
  if (!status.isFile() || status.size < SMALLEST_EXECUTABLE) return false;
  const key = `${status.dev}:${status.ino}`;
  let known = searched.get(key);
  if (known === undefined) searched.set(key, known = holdsMark(path));
  return known;
}

/** Results of {@link holdsMark} by device and inode: all links to one executable share its result. */
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
