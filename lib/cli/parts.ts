/** What the compiled executable is made of: kept inside, so that it can make others like itself. */

import { readFileSync } from "node:fs";

/** Files by their names. */
export type FilesByName = Record<string, string>;

/** The parts that an executable holds. */
export interface Parts {
  /** The bundled product without compiled-in jobs, for the Bun engine; `main.js` is its entry. */
  program: FilesByName;
  /**
   * The npm package `rouse` for tests of jobs, as plain modules for Node.js, Deno and Bun: `author/mod.js`
   * is what `rouse` gives, `testing/mod.js` is `rouse/testing`.
   */
  package: FilesByName;
  /** The declarations of the package's modules, e.g. `author/mod.d.ts`, and all that they refer to. */
  declarations: FilesByName;
}

/** The name of the file that holds the parts. */
export const PARTS_FILE = "rouse.parts";

/**
 * The parts of this executable.
 * @throws {Error} where Deno runs the sources, which hold no parts.
 */
export function parts(): Parts {
  try {
    return JSON.parse(readFileSync(`/$bunfs/root/${PARTS_FILE}`, "utf8"));
  } catch {
    throw new Error("only the compiled executable has its parts inside, and this is not it");
  }
}
