/** The user namespace of this process: which user ids are mapped into it (user_namespaces(7)). */

import { readFileSync } from "node:fs";
import { ifAllowed } from "../call/refused.ts";

/** A row of /proc/self/uid_map: `count` ids from `first` on are those from `outside` on in the parent namespace. */
interface Row {
  first: number;
  outside: number;
  count: number;
}

/** How many user ids there are. */
const ALL = 2 ** 32 - 1;

/** True for a user id that is mapped; files of other users seem to belong to the "overflow" user. */
export function isMapped(uid: number): boolean {
  return rows()?.some(({ first, count }) => first <= uid && uid < first + count) ?? true;
}

/** True in the first user namespace, where all ids are mapped to themselves. */
export function isFirstUserNamespace(): boolean {
  return rows()?.some(({ first, outside, count }) => first === 0 && outside === 0 && count === ALL) ?? true;
}

/** The map; undefined without /proc, or where the kernel has no such namespaces. */
function rows(): Row[] | undefined {
  const text = ifAllowed(() => readFileSync("/proc/self/uid_map", "latin1"));
  return text?.trim().split("\n").map((line) => {
    const [first = 0, outside = 0, count = 0] = line.trim().split(/\s+/).map(Number);
    return { first, outside, count };
  });
}
