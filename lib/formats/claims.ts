/** The claims of formats on files: which format reads a file, and a claim by the ending of the file's name. */

import { basename, dirname } from "node:path";
import type { FileCandidate, FileKind, JobFormat } from "./format.ts";

/** The format that reads a file: the first that claims it. Undefined when the file belongs to none of them. */
export function formatOf(formats: readonly JobFormat[], file: FileCandidate): JobFormat | undefined {
  return formats.find((format) => format.claim(file));
}

/**
 * The format of the file at a path, such as a definition's source. Undefined for modules, and for what is no file.
 * @param directories The configuration directories; a file of none of them is taken by itself.
 * @param head The first bytes of the file. Without it, formats that ask for them do not claim the file.
 */
export function formatOfPath(
  formats: readonly JobFormat[],
  path: string,
  directories: readonly string[] = [],
  head: () => string = () => "",
): JobFormat | undefined {
  const root = directories.find((directory) => path.startsWith(`${directory}/`));
  const directory = root ?? dirname(path);
  const relative = root === undefined ? basename(path) : path.slice(root.length + 1);
  return formatOf(formats, { directory, relative: standardName(formats, relative), head });
}

/** The format whose files that define jobs have an ending. */
export function formatWithEnding(formats: readonly JobFormat[], ending: string): JobFormat | undefined {
  return formats.find(({ endings }) => Object.hasOwn(endings, ending) && endings[ending] === "definition");
}

/** The name that init would read of a file with one of the {@link JobFormat.otherEndings}; that of any other file as it is. */
export function standardName(formats: readonly JobFormat[], name: string): string {
  for (const format of formats) {
    const { otherEndings = [] } = format, [standard = ""] = endingsOf([format], "definition");
    const ending = otherEndings.find((ending) => name.endsWith(ending) && basename(name) !== ending);
    if (ending !== undefined) return name.slice(0, -ending.length) + standard;
  }
  return name;
}

/** The endings of files that define jobs, in all formats, with those that others give them. */
export function definitionEndings(formats: readonly JobFormat[]): string[] {
  return formats.flatMap((format) => [...endingsOf([format], "definition"), ...format.otherEndings ?? []]);
}

/** The endings of files of a kind that init reads, in all formats. */
export function endingsOf(formats: readonly Pick<JobFormat, "endings">[], wanted: FileKind): string[] {
  return formats.flatMap(({ endings }) =>
    Object.entries(endings).flatMap(([ending, kind]) => kind === wanted ? ending : [])
  );
}

/** The part of a format that claims files by the endings of their names; what stands before the ending is the job's name. */
export function claimByEnding(
  endings: Readonly<Record<string, FileKind>>,
): Pick<JobFormat, "claim" | "endings" | "fileNames"> {
  const kinds = new Map(Object.entries(endings));
  return {
    endings,
    claim({ relative }) {
      const dot = relative.lastIndexOf(".");
      const kind = dot > 0 ? kinds.get(relative.slice(dot)) : undefined;
      return kind && relative[dot - 1] !== "/" ? { kind, name: relative.slice(0, dot) } : undefined;
    },
    fileNames: (job, wanted) => endingsOf([{ endings }], wanted).map((ending) => job + ending),
  };
}
