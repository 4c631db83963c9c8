/** The privilege to change things, and to see what is not for everybody. */

import process from "node:process";

/** True for root and for the user that init runs as. */
export function isPrivileged(uid: number): boolean {
  return uid === 0 || uid === process.getuid?.();
}
