/** Where the program of a daemon is, and by what it is run. */

import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { lookupUser } from "../../../sys/access/users.ts";

/** The file that a daemon's program is: itself if it has a path, else in a directory of PATH; undefined where it is in none. */
export function findProgram(exec: string, path: string, chroot?: string): string | undefined {
  const inRoot = (file: string) => chroot === undefined ? file : `${chroot}/${file}`;
  if (/^[/.]/.test(exec)) return inRoot(exec);
  return path.split(":").map((directory) => inRoot(`${directory}/${exec}`)).find((file) => existsSync(file));
}

/** A path that may begin with `~` for the home directory, or `~USER` for another user's. */
export function expandHome(path: string, home: string | undefined): string {
  if (!path.startsWith("~")) return path;
  const slash = path.indexOf("/"), name = path.slice(1, slash < 0 ? undefined : slash);
  const directory = name === "" ? home : lookupUser(name)?.home;
  return directory === undefined ? path : directory + (slash < 0 ? "" : path.slice(slash));
}

/** So much of a script is read to find its interpreter, in bytes. */
const FIRST_LINE = 512;

/** The words that stand before a script's own in its command line: its interpreter, and that one's argument. */
export function interpreterOf(file: string): string[] {
  const line = ifAllowed(() => {
    const opened = openSync(file, "r"), bytes = new Uint8Array(FIRST_LINE);
    try {
      return new TextDecoder().decode(bytes.subarray(0, readSync(opened, bytes))).split("\n", 1)[0]!;
    } finally {
      closeSync(opened);
    }
  }) ?? "";
  const [, interpreter, argument] = /^#![ \t]*([^ ]+)(?: (.*))?$/.exec(line) ?? [];
  return [interpreter, argument].filter((word) => word !== undefined);
}
