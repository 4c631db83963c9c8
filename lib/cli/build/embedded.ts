/** The files embedded in the compiled executable, from which `rouse build` makes other executables. */

import { readFileSync } from "node:fs";
import { embeddedPath } from "../../sys/runtime/self.ts";

/** Texts of files by their names. */
export type FilesByName = Record<string, string>;

/** The files that are embedded in an executable. */
export interface EmbeddedFiles {
  /** The bundled product without compiled-in jobs. Its entry is `main.js`. */
  program: FilesByName;
  /**
   * The npm package `rouse` for tests of jobs, as plain modules for Node.js, Deno and Bun: `author/mod.js` is the module
   * `rouse`, `testing/mod.js` is `rouse/testing`.
   */
  package: FilesByName;
  /** The declarations of the package's modules, such as `author/mod.d.ts`, and all that they refer to. */
  declarations: FilesByName;
  /** What is compiled in, as CycloneDX. */
  sbom: string;
  /** The licences of that. */
  licences: string;
}

/** The name of the embedded file that holds all of them, as JSON. */
export const EMBEDDED_FILE = "rouse.embedded";

/**
 * The files embedded in this executable.
 * @throws {Error} when the sources are run, which have no embedded files.
 */
export function embeddedFiles(): EmbeddedFiles {
  try {
    return JSON.parse(readFileSync(embeddedPath(EMBEDDED_FILE), "utf8"));
  } catch {
    throw new Error("only the compiled executable can do this; `deno task build` makes it");
  }
}
