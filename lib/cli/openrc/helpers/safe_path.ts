/** The way to a file through directories that others may write: nobody else than root says where it leads. */

import { lstatSync, readlinkSync, type Stats, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { errorReason } from "../../../sys/call/errno.ts";
import { unlessRefused } from "../../../sys/call/refused.ts";
import { close, O_NOFOLLOW, O_RDONLY, open } from "../../../sys/io/descriptors.ts";
import { ToolError } from "../tool.ts";

/** A name in an open directory. */
export interface Place {
  /** The descriptor of the directory; the callee closes it. */
  directory: number;
  /** The path of the name by that descriptor, whatever becomes of the directory's own path. */
  path: string;
}

const O_PATH = 0o10000000, BY_OTHERS = 0o022, STICKY = 0o1000;

/** How many links are followed, as the kernel has it (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * Enters the directory of a path step by step. A link on the way is followed where it is root's, and nobody else could
 * put another one in its place; the last name is not looked at.
 * @throws {ToolError} where the way ends, or somebody else could have laid it.
 */
export function enterDirectory(path: string, name: string): Place {
  if (!path.startsWith("/")) throw new ToolError(`${name}: empty or relative path`);
  const left = split(dirname(path));
  let directory = open("/", O_RDONLY | O_PATH), links = 0;
  const inside = (step: string) => `/proc/self/fd/${directory}/${step}`;
  const move = (to: string, flags: number) => {
    const next = open(to, O_RDONLY | O_PATH | flags);
    close(directory);
    directory = next;
  };
  try {
    for (let step; (step = left.shift()) !== undefined;) {
      const here = step;
      const status = unlessRefused(() => lstatSync(inside(here)), (error) => {
        throw new ToolError(`${name}: ${path}: could not open ${here}: ${errorReason(error)}`);
      });
      if (!status.isSymbolicLink()) {
        move(inside(step), O_NOFOLLOW);
        continue;
      }
      if (status.uid !== 0) throw new ToolError(`${name}: ${path}: symbolic link ${step} not owned by root`);
      if (isOthers(statSync(`/proc/self/fd/${directory}`))) {
        throw new ToolError(
          `${name}: ${path}: symbolic link ${step} is in a directory that others than root may write`,
        );
      }
      if (++links > MOST_LINKS) throw new ToolError(`${name}: ${path}: too many symbolic links`);
      const target = readlinkSync(inside(step));
      if (target.startsWith("/")) move("/", 0);
      left.unshift(...split(target));
    }
  } catch (error) {
    close(directory);
    throw error;
  }
  return { directory, path: inside(basename(path)) };
}

function split(path: string): string[] {
  return path.split("/").filter((step) => step !== "" && step !== ".");
}

/** True where another user than root may replace what is in a directory. */
function isOthers({ uid, mode }: Stats): boolean {
  return uid !== 0 || (mode & BY_OTHERS) !== 0 && (mode & STICKY) === 0;
}
