/** Temporary directories, for tests. */

import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";

/** How a temporary directory differs from the usual. */
interface TemporaryDirectoryOptions {
  /** The directory that it is made in; the system's for temporary files by default. */
  parent?: string;
  /** Its mode; 0o700 by default. */
  mode?: number;
}

/** A directory for one test. Declare it with `using`, and it goes with all that is in it when the test ends. */
export class TemporaryDirectory implements Disposable {
  /** Its path without links. */
  readonly path: string;

  constructor({ parent = tmpdir(), mode = 0o700 }: TemporaryDirectoryOptions = {}) {
    this.path = realpathSync(mkdtempSync(join(parent, "rouse-test.")));
    chmodSync(this.path, mode);
  }

  /** A directory that goes when the tests of a file are done. */
  static ofFile(): TemporaryDirectory {
    const directory = new TemporaryDirectory();
    // Deno's test runner tells the one, and where run_alone.ts runs the file in Bun the other.
    globalThis.addEventListener("unload", () => directory.remove());
    process.on("exit", () => directory.remove());
    return directory;
  }

  /** The path of a file in it. */
  at(name: string): string {
    return join(this.path, name);
  }

  /** Writes a file, and the directories that it is in. @param mode Absent: what the file has, or new files have */
  write(name: string, text: string, mode?: number): void {
    const path = this.at(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    if (mode !== undefined) chmodSync(path, mode);
  }

  /** Removes the directory, with all that is in it. */
  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  [Symbol.dispose](): void {
    this.remove();
  }
}

/** A test that is run in a directory of its own. */
export function inDirectory(test: (directory: string) => void | Promise<void>): () => Promise<void> {
  return async () => {
    using directory = new TemporaryDirectory();
    await test(directory.path);
  };
}
