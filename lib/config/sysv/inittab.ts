/** The files of inittab(5): /etc/inittab, and those of /etc/inittab.d that end in `.tab`. */

import { readdirSync } from "node:fs";
import { parseInittab } from "../../../compat/sysv/mod.ts";
import type { Inittab } from "../../model/sysv/inittab.ts";
import { ifAllowed } from "../../sys/call/refused.ts";
import { untrustedWriterAt } from "../../sys/access/trust.ts";
import { readSource } from "../files.ts";

/** The file, and the directory of further ones. */
export const INITTAB = "/etc/inittab", INITTAB_DIRECTORY = "/etc/inittab.d";

const ENDING = ".tab";

/** So many problems of a file are told one by one. */
const MAX_TOLD = 20;

/** So many files of the directory are read. */
const MAX_FILES = 1000;

/** The message that there is no directory. */
export const NO_DIRECTORY = "No inittab.d directory found";

/** What was read. */
export interface InittabFiles {
  /** Absent when the file could not be read. */
  inittab?: Inittab;
  /** What is to be told about the files, a message each, e.g. `/etc/inittab[4]: missing action field`. */
  messages: string[];
}

/**
 * Reads the files. Pipes and devices are not opened, and no more than a megabyte is read of each.
 *
 * @param root The directory that stands for `/`; for tests.
 */
export function readInittab(root = ""): InittabFiles {
  const messages: string[] = [];
  const directory = root + INITTAB_DIRECTORY;
  const names = ifAllowed(() => readdirSync(directory))?.filter((name) => name.endsWith(ENDING)).sort();
  let inittab = readFile(root + INITTAB, undefined, messages);
  if (names) {
    for (const name of names.slice(0, MAX_FILES)) {
      messages.push(`Reading: ${directory}/${name}`);
      inittab = readFile(`${directory}/${name}`, inittab, messages) ?? inittab;
    }
  } else if (inittab) messages.unshift(NO_DIRECTORY);
  return { messages, ...(inittab && { inittab }) };
}

/** Reads a file, whose entries stand below those that were read before. */
function readFile(path: string, before: Inittab | undefined, messages: string[]): Inittab | undefined {
  const file = readSource(path);
  if (file.state !== "regular") {
    messages.push(file.state === "absent" ? "No inittab file found" : `${path}: ${reasonOf(file)}`);
    return undefined;
  }
  const writer = untrustedWriterAt(path);
  if (writer !== undefined) messages.push(`${path}: ${writer}`);
  const { problems, entries, ...rest } = parseInittab(file.text, path, before);
  messages.push(
    ...problems.slice(0, MAX_TOLD).map(({ line, message }) => `${path}[${line}]: ${message}`),
    ...problems.length > MAX_TOLD ? [`${path}: ${problems.length - MAX_TOLD} more lines are wrong`] : [],
  );
  return { entries: [...before?.entries ?? [], ...entries], ...rest };
}

function reasonOf(file: { state: string; reason?: string }): string {
  return file.reason ?? "Not a regular file";
}
