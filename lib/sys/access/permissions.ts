/** File permissions that keep this process's user from a path: those of the file, or of a directory on the way to it. */

import * as fs from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { accountName, ownership } from "./trust.ts";
import { ifAllowed, unlessRefused } from "../call/refused.ts";

/** How many symbolic links the kernel follows (path_resolution(7)). */
const MOST_LINKS = 40;

/** The words for what a permission bit allows. */
const REFUSALS = { x: "entered", r: "read" } as const;

/**
 * Why this process's user may not read the file at an absolute path, or enter the directory there, and the command that
 * helps; undefined where permissions are not the reason.
 *
 * @param listed True where the directories on the way must be readable, too
 */
export function permissionProblem(path: string, listed = false): string | undefined {
  const left = path.split("/");
  let at = "/", links = 0;
  for (;;) {
    const isDirectory = statusOf(at)?.isDirectory();
    const refused = isDirectory && !may(at, fs.constants.X_OK)
      ? "x"
      : (!isDirectory || listed) && !may(at, fs.constants.R_OK)
      ? "r"
      : undefined;
    if (refused) return sentence(at, refused);
    const part = left.shift();
    if (part === undefined) return undefined;
    const next = part === ".." ? dirname(at) : join(at, part);
    const target = targetOf(next);
    if (target === undefined) at = next;
    else if (++links > MOST_LINKS) return undefined;
    else {
      left.unshift(...target.split("/"));
      if (target.startsWith("/")) at = "/";
    }
  }
}

/** The status of the file at a path, links followed. */
function statusOf(path: string): fs.Stats | undefined {
  return ifAllowed(() => fs.statSync(path));
}

function targetOf(path: string): string | undefined {
  // Otherwise it is not a link, or there is no file.
  return ifAllowed(() => fs.readlinkSync(path));
}

function may(path: string, how: number): boolean {
  return unlessRefused(() => {
    fs.accessSync(path, how);
    return true;
  }, ({ code }) => code !== "EACCES");
}

function sentence(path: string, bit: keyof typeof REFUSALS): string | undefined {
  const status = statusOf(path);
  if (!status) return undefined;
  const user = process.geteuid?.() ?? 0;
  const groups = [process.getegid?.() ?? 0, ...process.getgroups?.() ?? []];
  const who = status.uid === user ? "u" : groups.includes(status.gid) ? "g" : "o";
  const cure = `chmod ${who}+${bit} ${path}`;
  return `${path} may not be ${REFUSALS[bit]} by user ${accountName(user)} (${ownership(status)}); ${cure}`;
}
