/** The files of a configuration that define or override jobs: the format that reads each, its text and its problem. */

import { isJobModule } from "../author/protocol.ts";
import type { Diagnostic } from "../formats/diagnostic.ts";
import type { FileCandidate, FileKind, JobFormat } from "../formats/format.ts";
import { isJobName } from "../model/validate.ts";
import type { FilesAsOf } from "./dependencies.ts";
import { readHead } from "./files.ts";
import type { Precedence } from "./layered_index.ts";

/** A file of a configuration directory, by its path below that. */
export class DirectoryFile implements FileCandidate {
  constructor(readonly directory: string, readonly relative: string) {}

  /** The path as messages have it. */
  get path(): string {
    return `${this.directory}/${this.relative}`;
  }

  head(): string {
    return readHead(this.path);
  }
}

/** How a file is read. */
export interface FileClaim {
  /** The format that reads it; undefined for a job module, which is evaluated. */
  format: JobFormat | undefined;
  kind: FileKind;
  /** The name of the job. */
  name: string;
  /** Decides among the files of one directory that define the same job; lower goes first. */
  rank: number;
}

/** A job module goes before files of all formats, and these follow in the order of the formats. */
const MODULE_RANK = 0, FIRST_FORMAT_RANK = 1;

const MODULE_ENDING = ".ts";

/**
 * How a file is read. Undefined for one that defines no job, such as those that editors and package managers leave
 * behind.
 */
export function claimOf(formats: readonly JobFormat[], file: FileCandidate): FileClaim | undefined {
  const { relative } = file;
  if (relative.endsWith(MODULE_ENDING)) {
    if (!isJobModule(relative)) return undefined;
    const name = relative.slice(0, -MODULE_ENDING.length);
    return { format: undefined, kind: "definition", name, rank: MODULE_RANK };
  }
  for (let order = 0; order < formats.length; order++) {
    const format = formats[order]!, claim = format.claim(file);
    if (claim) return { format, kind: claim.kind, name: claim.name, rank: FIRST_FORMAT_RANK + order };
  }
  return undefined;
}

/** The paths below a configuration directory at which a job of this name is looked for, or what overrides it. */
export function fileNamesOf(formats: readonly JobFormat[], job: string): string[] {
  const kinds: FileKind[] = ["definition", "override"];
  return [
    ...formats.flatMap((format) => kinds.flatMap((kind) => format.fileNames(job, kind))),
    job + MODULE_ENDING,
  ];
}

/** The same without what overrides the job. */
export function definitionFilesOf(formats: readonly JobFormat[], job: string): string[] {
  return [...formats.flatMap((format) => format.fileNames(job, "definition")), job + MODULE_ENDING];
}

/** Why a file, or a directory around it, cannot give a job its name; undefined where it can. */
export function nameProblem(name: string): string | undefined {
  if (name.includes("\ufffd")) return "File name is not valid UTF-8";
  return isJobName(name) ? undefined : "File name holds control characters";
}

/** A file that defines or overrides a job. */
export interface KnownFile {
  /** The format that reads it; undefined for a job module, which is evaluated. */
  readonly format: JobFormat | undefined;
  readonly kind: FileKind;
  /** The name of the job. */
  readonly name: string;
  readonly precedence: Precedence;
  /** Its text when it was read last; undefined for modules and for files that could not be read. */
  text: string | undefined;
  /** The module and what it imports, as they were evaluated last. */
  evaluated: FilesAsOf | undefined;
  /** What is wrong with it. */
  problem: Diagnostic | undefined;
}

/** A file that has not been read yet. */
export function newFile({ format, kind, name }: FileClaim, precedence: Precedence): KnownFile {
  return { format, kind, name, precedence, text: undefined, evaluated: undefined, problem: undefined };
}

/** True where two files are read by the same format as the same. */
export function isReadAlike(one: KnownFile, other: KnownFile): boolean {
  return one.format === other.format && one.kind === other.kind && one.name === other.name;
}

/** The files that are there, by their paths. */
export type KnownFiles = ReadonlyMap<string, KnownFile>;

/** A configuration directory, and the files in it that define or override jobs. */
export interface ConfigurationSource {
  path: string;
  files: Array<{ path: string; job: string; isGood: boolean }>;
}

/** The configuration directories with their files. */
export function sourcesOf(directories: readonly string[], known: KnownFiles): ConfigurationSource[] {
  const files = Array.from(known);
  return directories.map((path, directory) => ({
    path,
    files: files.filter(([, { precedence }]) => precedence.directory === directory)
      .map(([path, { name, problem }]) => ({ path, job: name, isGood: problem === undefined })),
  }));
}
