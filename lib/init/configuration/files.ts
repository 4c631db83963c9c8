/** The files of a configuration directory: which of them count, what they are called, reading them safely. */

import * as fs from "node:fs";
import { isJobModule } from "../../author/protocol.ts";
import { isJobName } from "../../model/validate.ts";
import { errnoMessage } from "../../sys/errno.ts";

/** What a file of a configuration directory is read as. */
export type FileKind = "conf" | "override" | "module";

/** The largest file that is read, in bytes. */
export const LARGEST_FILE = 1 << 20;

const ENDINGS: Array<[ending: string, kind: FileKind]> = [
  [".conf", "conf"],
  [".override", "override"],
  [".ts", "module"],
];

/**
 * The kind and the job's name of a file, by its path below the configuration directory. Undefined for
 * all that defines no job, such as what editors and package managers leave behind.
 */
export function classify(relative: string): { kind: FileKind; name: string } | undefined {
  for (const [ending, kind] of ENDINGS) {
    if (!relative.endsWith(ending)) continue;
    const name = relative.slice(0, -ending.length);
    if (name === "" || name.endsWith("/")) return undefined;
    return kind === "module" && !isJobModule(relative) ? undefined : { kind, name };
  }
  return undefined;
}

/** Why a file cannot give a job its name, or undefined. */
export function nameProblem(name: string): string | undefined {
  if (name.includes("\ufffd")) return "File name is not valid UTF-8";
  return isJobName(name) ? undefined : "File name holds control characters";
}

/** A file as it was found. */
export type Found =
  & {
    /** True for a symbolic link, whatever it leads to. */
    isLink: boolean;
  }
  & (
    /** `text` holds the file's bytes as Latin-1. */
    | { state: "regular"; text: string; status: fs.Stats }
    /** There is nothing of that name. */
    | { state: "absent" }
    /** A directory, pipe, socket or device, or a link to one. */
    | { state: "special" }
    /** A symbolic link to nothing. */
    | { state: "dangling"; reason: string }
    | { state: "unreadable"; reason: string }
  );

const { O_RDONLY, O_NONBLOCK, O_NOCTTY, O_NOFOLLOW } = fs.constants;

/**
 * Looks at a file and reads it, at most {@link LARGEST_FILE} bytes; with `content` false it is not read and
 * the text is empty. Pipes and devices are never opened, so this cannot block. Never throws.
 */
export function readSource(path: string, content = true): Found {
  let isLink = false;
  let status: fs.Stats;
  try {
    status = fs.lstatSync(path);
    isLink = status.isSymbolicLink();
    if (isLink) status = fs.statSync(path);
  } catch (error) {
    return missing(error, isLink);
  }
  const unfit = judge(status, isLink);
  if (unfit) return unfit;
  if (!content) return { isLink, state: "regular", text: "", status };
  try {
    return readRegular(path, isLink);
  } catch (error) {
    return { isLink, state: "unreadable", reason: errorReason(error) };
  }
}

/**
 * The same for what was a regular file a moment ago, as its directory said. It is opened without another look, which
 * blocks neither, should it have been replaced by a pipe or a device since.
 */
export function readListed(path: string): Found {
  try {
    const found = readRegular(path, false, O_NOFOLLOW);
    if (found.state === "regular") return found;
  } catch {
    // It may be a link by now.
  }
  return readSource(path);
}

function missing(error: unknown, isLink: boolean): Found {
  const { code } = error as NodeJS.ErrnoException;
  const reason = errorReason(error);
  if (code !== "ENOENT" && code !== "ENOTDIR") return { isLink, state: "unreadable", reason };
  return isLink ? { isLink, state: "dangling", reason } : { isLink, state: "absent" };
}

/** Why what a file turned out to be is not read, if it is not. */
function judge(status: fs.Stats, isLink: boolean): Found | undefined {
  if (!status.isFile()) return { isLink, state: "special" };
  return status.size > LARGEST_FILE ? tooLarge(isLink) : undefined;
}

function tooLarge(isLink: boolean): Found {
  return {
    isLink,
    state: "unreadable",
    reason: `File is too large, more than ${LARGEST_FILE} bytes`,
  };
}

/** True for a symbolic link, whatever it leads to. Never throws. */
export function isLink(path: string): boolean {
  try {
    return fs.lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** True for a directory or a link to one. Never throws. */
export function isDirectory(path: string): boolean {
  try {
    return fs.statSync(path).isDirectory();
  } catch {
    return false;
  }
}

const buffer = Buffer.allocUnsafe(64 * 1024);

function readRegular(path: string, isLink: boolean, flags = 0): Found {
  const descriptor = fs.openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | flags);
  try {
    // The file may have been replaced by something else since it was looked at.
    const status = fs.fstatSync(descriptor);
    const unfit = judge(status, isLink);
    if (unfit) return unfit;
    let text = "";
    for (;;) {
      const count = fs.readSync(descriptor, buffer, 0, buffer.length, null);
      text += buffer.toString("latin1", 0, count);
      if (count < buffer.length) return { isLink, state: "regular", text, status };
      if (text.length > LARGEST_FILE) return tooLarge(isLink);
    }
  } finally {
    fs.closeSync(descriptor);
  }
}

/** The sentence of strerror(3) for an error of node:fs or lib/sys. */
export function errorReason(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException;
  return typeof errno === "number" ? errnoMessage(Math.abs(errno)) : message;
}

/**
 * Why a module may not be evaluated, or undefined. It is evaluated as the user who owns it, so nobody else
 * may be able to write it: others never, and the members of a group not when the owner is root.
 */
export function trustProblem(status: fs.Stats): string | undefined {
  if (status.mode & 0o002) return "File is writable by everyone and is not evaluated; chmod o-w it";
  if (status.uid === 0 && status.gid !== 0 && status.mode & 0o020) {
    return "File is root's but writable by a group and is not evaluated; chmod g-w it";
  }
  return undefined;
}
