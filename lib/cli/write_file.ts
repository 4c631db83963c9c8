/** Writing a file in one step: who reads it meets the old text or the new one. */

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";

/**
 * Writes a file under another name, and renames it.
 * @throws {Error} of node:fs, when it cannot be written. Nothing is left of it then.
 */
export function writeFile(path: string, text: string): void {
  const temporary = join(dirname(path), `.${basename(path)}.rouse-${process.pid}`);
  rmSync(temporary, { force: true });
  try {
    const descriptor = openSync(temporary, "wx", 0o644);
    try {
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
