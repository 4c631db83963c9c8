/** Files of /run/openrc that are seen whole or not at all. */

import { renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";

/**
 * Writes a file under a hidden name beside it, and renames it. No link is followed.
 * @throws the kernel's error.
 */
export function writeWhole(path: string, text: string): void {
  const place = join(dirname(path), `.${basename(path)}.${process.pid}`);
  rmSync(place, { force: true });
  writeFileSync(place, text, { flag: "wx", mode: 0o644 });
  renameSync(place, path);
}
