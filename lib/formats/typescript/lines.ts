/** The lines of a job module on which its fields stand. */

import type { LineFinder } from "../format.ts";

/**
 * The line of a field of `job()`, which may be a method. The text is only searched: of several fields the one counts whose
 * job mentions one of the subjects as a string.
 */
export const lineOf: LineFinder = (module, name, subjects = []) => {
  const fields = Array.from(
    module.matchAll(new RegExp(`(?<![\\w$.])${RegExp.escape(name)}\\s*[:(]`, "g")),
    ({ index }) => index,
  );
  const starts = Array.from(module.matchAll(/\bjob\s*\(/g), ({ index }) => index);
  const around = (field: number) => {
    const start = starts.findLast((start) => start < field) ?? 0;
    return module.slice(start, starts.find((start) => start > field));
  };
  const mentions = (text: string) =>
    fields.find((field) => new RegExp(`["'\`]${RegExp.escape(text)}["'\`]`).test(around(field)));
  const start = subjects.map(mentions).find((found) => found !== undefined) ?? fields[0];
  return start === undefined ? undefined : module.slice(0, start).split("\n").length;
};
