/** Users and groups out of /etc/passwd and /etc/group (passwd(5), group(5)). */

import { readFileSync } from "node:fs";
import type { USER_VARIABLES } from "../../model/environment.ts";

/** An account. */
export interface User {
  name: string;
  uid: number;
  gid: number;
  home: string;
  shell: string;
}

/** A group. */
export interface Group {
  name: string;
  gid: number;
  members: string[];
}

/**
 * The user of a name, or of a number given as text; undefined when there is none.
 * @throws {Error} when the file cannot be read, but not when it does not exist.
 */
export function lookupUser(nameOrNumber: string, file = "/etc/passwd"): User | undefined {
  const users = entries(file, 7).map(([name = "", , uid, gid, , home = "", shell = ""]) => (
    { name, uid: Number(uid), gid: Number(gid), home, shell }
  ));
  return users.find(({ name }) => name === nameOrNumber) ??
    users.find(({ uid }) => String(uid) === nameOrNumber);
}

/** The environment variables that login(1) sets for a user. */
export function userVariables({ name, home, shell }: User): Record<(typeof USER_VARIABLES)[number], string> {
  return { HOME: home || "/", USER: name, LOGNAME: name, SHELL: shell || "/bin/sh" };
}

/**
 * The group of a name, or of a number given as text; undefined when there is none.
 * @throws {Error} when the file cannot be read, but not when it does not exist.
 */
export function lookupGroup(nameOrNumber: string, file = "/etc/group"): Group | undefined {
  const groups = allGroups(file);
  return groups.find(({ name }) => name === nameOrNumber) ??
    groups.find(({ gid }) => String(gid) === nameOrNumber);
}

/** The ids of the groups that a user is in, `gid` first (initgroups(3)). */
export function supplementaryGroups(user: string, gid: number, file = "/etc/group"): number[] {
  const others = allGroups(file).filter(({ members }) => members.includes(user)).map((group) => group.gid);
  return [...new Set([gid, ...others])];
}

function allGroups(file: string): Group[] {
  return entries(file, 4).map(([name = "", , gid, members = ""]) => (
    { name, gid: Number(gid), members: members.split(",").filter((member) => member !== "") }
  ));
}

/** The lines of a file of fields between colons. Lines with too few fields are skipped. A missing file has no lines. */
function entries(file: string, fields: number): string[][] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return [];
    throw error;
  }
  return text.split("\n").map((line) => line.split(":")).filter((entry) => entry.length >= fields);
}
