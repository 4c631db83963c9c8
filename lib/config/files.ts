/** Safe reading of files that anybody may have put there: nothing here waits for a pipe or a device, or reads without end. */

import * as fs from "node:fs";
import { HEAD_LENGTH } from "../formats/format.ts";
import { errorReason } from "../sys/call/errno.ts";
import { ifAllowed, type KernelError, unlessRefused } from "../sys/call/refused.ts";

/** The largest file that is read, in bytes. */
export const LARGEST_FILE = 1 << 20;

interface Named {
  /** True for a symbolic link, whatever it leads to. */
  isLink: boolean;
}

/** A file that could be read. `text` holds its bytes as Latin-1; `status` is, of a link, that of what it leads to. */
export type RegularFile = Named & { state: "regular"; text: string; status: fs.Stats };

/** What there is at a path: a regular file with its text, or why there is none. */
export type FileState =
  | RegularFile
  | Named
    & (
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
 * Looks at a file and reads it, at most {@link LARGEST_FILE} bytes. Pipes and devices are never opened, so this cannot
 * block. Never throws.
 * @param content False where the text is not needed; it is empty then.
 */
export function readSource(path: string, content = true): FileState {
  let isLink = false;
  return unlessRefused(() => {
    let status = fs.lstatSync(path);
    isLink = status.isSymbolicLink();
    if (isLink) status = fs.statSync(path);
    const unfit = judge(status, isLink);
    if (unfit) return unfit;
    if (!content) return { isLink, state: "regular", text: "", status };
    return unlessRefused(
      () => readRegular(path, isLink),
      (error) => ({ isLink, state: "unreadable", reason: errorReason(error) }),
    );
  }, (error) => missing(error, isLink));
}

/**
 * The same for what was a regular file a moment ago, as its directory said. It is opened without another look, which
 * blocks neither, should it have been replaced by a pipe or a device since.
 */
export function readListed(path: string): FileState {
  // It may be a link by now, or nothing.
  const found = ifAllowed(() => readRegular(path, false, O_NOFOLLOW));
  return found?.state === "regular" ? found : readSource(path);
}

function missing(error: KernelError, isLink: boolean): FileState {
  const { code } = error;
  const reason = errorReason(error);
  if (code !== "ENOENT" && code !== "ENOTDIR") return { isLink, state: "unreadable", reason };
  return isLink ? { isLink, state: "dangling", reason } : { isLink, state: "absent" };
}

/** Why a file of this kind or size is not read; undefined where it is. */
function judge(status: fs.Stats, isLink: boolean): FileState | undefined {
  if (!status.isFile()) return { isLink, state: "special" };
  return status.size > LARGEST_FILE ? tooLarge(isLink) : undefined;
}

function tooLarge(isLink: boolean): FileState {
  return {
    isLink,
    state: "unreadable",
    reason: `File is too large, more than ${LARGEST_FILE} bytes`,
  };
}

/**
 * Why something that bears the name of a file that would be read has not been read. Undefined where there is nothing,
 * or `/dev/null`, by which a file of a later directory is hidden.
 */
export function unreadReason(path: string): string | undefined {
  const state = readSource(path, false);
  if (state.state === "absent" || (state.state === "special" && isDevice(path))) return undefined;
  const reasons = { regular: "File has not been read", special: "Not a regular file" };
  return "reason" in state ? state.reason : reasons[state.state];
}

function isDevice(path: string): boolean {
  return ifAllowed(() => fs.statSync(path).isCharacterDevice()) ?? false;
}

/** True for a symbolic link, whatever it leads to. Never throws. */
export function isLink(path: string): boolean {
  return ifAllowed(() => fs.lstatSync(path).isSymbolicLink()) ?? false;
}

/** True for a directory or a link to one. Never throws. */
export function isDirectory(path: string): boolean {
  return directoryProblem(path) === undefined;
}

/** Why a path is no directory; undefined where it is one, or a link to one. Never throws. */
export function directoryProblem(path: string): string | undefined {
  return unlessRefused(() => fs.statSync(path).isDirectory() ? undefined : "Not a directory", errorReason);
}

/** Why nothing can be known of a path, for example since nothing is there. Never throws. */
export function existsProblem(path: string): string | undefined {
  return unlessRefused(() => {
    fs.statSync(path);
    return undefined;
  }, errorReason);
}

/** True where there is something of this name, be it a link to nothing. Never throws. */
export function isThere(path: string): boolean {
  // Where the kernel does not say, nobody can tell.
  return unlessRefused(() => fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined, () => true);
}

const buffer = Buffer.allocUnsafe(64 * 1024);

function readRegular(path: string, isLink: boolean, flags = 0): FileState {
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

/** The first {@link HEAD_LENGTH} bytes of a regular file, one character each; empty for anything else. Never throws. */
export function readHead(path: string): string {
  return unlessRefused(() => {
    const descriptor = fs.openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    try {
      if (!fs.fstatSync(descriptor).isFile()) return "";
      return buffer.toString("latin1", 0, fs.readSync(descriptor, buffer, 0, HEAD_LENGTH, 0));
    } finally {
      fs.closeSync(descriptor);
    }
  }, () => "");
}

/** What a system call of node:fs was to do to a file, in {@link failureMessage}. */
const ACTIONS: Readonly<Record<string, string>> = {
  access: "read",
  copyfile: "copy",
  lstat: "read",
  mkdir: "make",
  read: "read",
  readlink: "read",
  realpath: "read",
  rmdir: "remove",
  scandir: "read",
  stat: "read",
  unlink: "remove",
};

/** The message of any error. For an error of node:fs, which file could not be read, made and so on, and why. */
export function failureMessage(error: unknown): string {
  const { syscall, path, message } = error as NodeJS.ErrnoException;
  if (syscall === undefined || path === undefined) return message;
  return `Unable to ${ACTIONS[syscall] ?? syscall} ${path}: ${errorReason(error)}`;
}
