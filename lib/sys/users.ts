/** Users and groups out of /etc/passwd and /etc/group (passwd(5), group(5)). */

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

/** The user of a name, or of a number given as text; undefined when there is none. */
export function lookupUser(_nameOrNumber: string): User | undefined {
  throw new Error("not yet");
}

/** The group of a name, or of a number given as text; undefined when there is none. */
export function lookupGroup(_nameOrNumber: string): Group | undefined {
  throw new Error("not yet");
}

/** The groups that a user is in, `gid` among them (initgroups(3)). */
export function supplementaryGroups(_name: string, _gid: number): number[] {
  throw new Error("not yet");
}
