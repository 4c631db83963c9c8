/** `is_newer_than` and `is_older_than`: which of several files was changed last. */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ifAllowed } from "../../../sys/call/refused.ts";
import type { OpenrcTool } from "../tool.ts";

const FORMS = ["FILE OTHER..."];

/** True where nothing of the others was changed after the file. What is not there counts for nothing. */
export const IS_NEWER_THAN: OpenrcTool = {
  forms: FORMS,
  options: [],
  run: ({ args: [file, ...others] }) =>
    others.length > 0 && others.every((other) => isNewer(file!, other)) ? 0 : 1,
};

/** True where anything of the others was. */
export const IS_OLDER_THAN: OpenrcTool = {
  forms: FORMS,
  options: [],
  run: ({ args: [file, ...others] }) => others.some((other) => !isNewer(file!, other)) ? 0 : 1,
};

function isNewer(file: string, other: string): boolean {
  const time = changeTime(file);
  return time !== undefined && lastChange(other) <= time;
}

/** The last change of a file, or of anything in a directory that is not hidden, in s; 0 where there is nothing. */
function lastChange(path: string): number {
  const own = changeTime(path);
  if (own === undefined) return 0;
  const names = ifAllowed(() => readdirSync(path)) ?? [];
  return names.filter((name) => !name.startsWith("."))
    .reduce((last, name) => Math.max(last, lastChange(join(path, name))), own);
}

function changeTime(path: string): number | undefined {
  const status = ifAllowed(() => statSync(path, { throwIfNoEntry: false }));
  return status && Math.floor(status.mtimeMs / 1000);
}
