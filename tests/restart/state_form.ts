/** The form of the state: the types of all that is saved, as the sources have them. */

import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname!, "../..");

/** The folder of states and their forms. */
export const FIXTURES = join(import.meta.dirname!, "fixtures");

/** Where what is saved has types of other names. */
const WHOLE_FILES = ["lib/engine/snapshot/engine_snapshot.ts"];

/** A type, up to its end. */
const TYPES = /^(?:export )?(?:interface|type) (\w+)[^={]*(?:\{[^]*?^\}|=[^;]*;|\{[^\n]*\}$)/gm;

/** The text of all these types without comments, one a line, in the order of their names. */
export function stateForm(): string {
  const files = globSync("lib/**/*.ts", { cwd: ROOT }).filter((file) => !/_test\.ts$|\/testing\//.test(file));
  const types = files.flatMap((file) => {
    const code = readFileSync(join(ROOT, file), "utf8").replace(/\/\*[^]*?\*\/|(?<![:"'`\\])\/\/.*/g, "");
    return Array.from(code.matchAll(TYPES))
      .filter(([, name]) => WHOLE_FILES.includes(file) || /^Saved[A-Z]/.test(name!))
      .map(([text]) => text.replace(/^export /, "").replace(/\s+/g, " "));
  });
  return types.sort().map((line) => `${line}\n`).join("");
}
