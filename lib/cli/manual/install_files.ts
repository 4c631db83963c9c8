/** Puts the manual and the completion for shells where man and shells look for them. */

import { lstatSync, mkdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import process from "node:process";
import { errorReason } from "../../sys/call/errno.ts";
import { complain } from "../tool.ts";
import { writeFile } from "../write_file.ts";
import { completionFiles } from "./completion.ts";
import { manualFiles } from "./man.ts";
import type { Host } from "./programs.ts";

/** A text in each of our files, by which they are told from those of others. */
const MARKS = /Rouse Manual|_rouse/;

/** Where the files of links in a directory go: beside `bin` and `sbin`. Undefined for others, which no system looks in. */
export function prefixOf(directory: string): string | undefined {
  const path = resolve(directory);
  if (!["bin", "sbin"].includes(basename(path))) return undefined;
  // What belongs to /bin and /sbin is in /usr/share.
  return dirname(path) === "/" ? "/usr" : dirname(path);
}

/**
 * Writes the files for programs. What others have there stays, and is told. Where nothing can be written, that is told,
 * and no failure: the programs work without.
 * @param prefix Above `share`
 * @param programs The names that were linked
 * @param replaces True: what others have there is replaced
 */
export async function installFiles(
  prefix: string,
  programs: readonly string[],
  host: Host,
  replaces: boolean,
): Promise<void> {
  const left: string[] = [], pages = await manualFiles(host);
  const files = [
    ...Array.from(pages, ([name, text]) => [`share/man/${name}`, text] as const),
    ...completionFiles(programs, host),
  ];
  try {
    for (const [name, text] of files) {
      const path = join(prefix, name);
      if (!replaces && !isOurs(path)) left.push(path);
      else {
        mkdirSync(dirname(path), { recursive: true });
        writeFile(path, text);
      }
    }
  } catch (error) {
    complain(`Unable to install the manual, the links are made: ${prefix}/share: ${errorReason(error)}`);
  }
  if (left.length > 0) {
    process.stdout.write(`Left as they are, for they are not of rouse: ${left.join(", ")}\n`);
  }
}

/** True for a file that is ours, or not there. */
function isOurs(path: string): boolean {
  const status = lstatSync(path, { throwIfNoEntry: false });
  return !status || (status.isFile() && MARKS.test(readFileSync(path, "utf8")));
}
