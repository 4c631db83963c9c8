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
  const users = entries(file, 7).flatMap(([name = "", , user, group, , home = "", shell = ""]) => {
    const uid = idOf(user), gid = idOf(group);
    return uid === undefined || gid === undefined ? [] : [{ name, uid, gid, home, shell }];
  });
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
  return entries(file, 4).flatMap(([name = "", , number, members = ""]) => {
    const gid = idOf(number);
    return gid === undefined ? [] : [{ name, gid, members: members.split(",").filter((one) => one !== "") }];
  });
}

/** The highest number that an account may have: the one behind it, (uid_t) −1, is no one's. */
const HIGHEST_ID = 2 ** 32 - 2;

/** The number of an account; undefined for a field that is none. An empty one is none: it would be root's. */
function idOf(field: string | undefined): number | undefined {
  return /^\d{1,10}$/.test(field ?? "") && Number(field) <= HIGHEST_ID ? Number(field) : undefined;
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
