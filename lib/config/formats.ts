/** The formats of job files that there are: each is a folder of `compat/`, and a line here. */

import { upstart } from "../../compat/upstart/mod.ts";
import type { JobFormat } from "../formats/format.ts";

export { formatCondition } from "../../compat/upstart/mod.ts";

/** All formats. A file belongs to the first one that claims it, and goes before those of later ones. */
export const FORMATS: readonly JobFormat[] = [upstart];

/**
 * The format of a name.
 * @throws {Error} when there is none.
 */
export function formatNamed(name: string): JobFormat {
  const format = FORMATS.find((format) => format.name === name);
  if (!format) throw new Error(`There is no format ${name}`);
  return format;
}
