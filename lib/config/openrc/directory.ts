/** Directories as OpenRC lists them. */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ifAllowed } from "../../sys/call/refused.ts";

/** The names in a directory in the order of the alphabet, hidden ones left out; none where it cannot be read. */
export function namesIn(directory: string): string[] {
  const names = ifAllowed(() => readdirSync(directory)) ?? [];
  return names.filter((name) => !name.startsWith(".")).sort();
}

/** The names of services: of what is there, and ends not with `.sh`. A link to nothing counts for nothing. */
export function servicesIn(directory: string): string[] {
  return servicesInOrder(directory).sort();
}

/** The same in the directory's own order: what was made last comes first on most file systems in memory. */
export function servicesInOrder(directory: string): string[] {
  const names = ifAllowed(() => readdirSync(directory)) ?? [];
  return names.filter((name) =>
    !name.startsWith(".") && !(name.length > 2 && name.endsWith(".sh")) &&
    statusOf(join(directory, name)) !== undefined
  );
}

/** The status of what a path leads to; undefined where that is nothing. */
export function statusOf(path: string): ReturnType<typeof statSync> {
  return ifAllowed(() => statSync(path, { throwIfNoEntry: false }));
}
