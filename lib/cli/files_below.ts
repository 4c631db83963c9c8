/** Listings of directories. */

import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * The paths of all files below a directory, relative to it and sorted. Directories that cannot be read, and those whose
 * names begin with a dot, are skipped. Links to directories are listed and not followed.
 */
export function filesBelow(directory: string): string[] {
  const found: string[] = [];
  const pending = [""];
  for (let below = pending.pop(); below !== undefined; below = pending.pop()) {
    for (const entry of entriesOf(join(directory, below))) {
      const path = join(below, entry.name);
      if (!entry.isDirectory()) found.push(path);
      else if (!entry.name.startsWith(".")) pending.push(path);
    }
  }
  return found.sort();
}

/** What is in a directory; nothing where it cannot be read. */
export function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}
