/**
 * The interface of a format of job files: which files of a configuration directory it claims, how they become
 * definitions and back, and on which lines they say things. A folder of `compat/` implements it, and
 * lib/config/formats.ts lists it; nothing else has to change. Job modules (`.ts`) are no such format: they are evaluated in
 * a process of their own.
 */

import type { JobCondition } from "../model/condition.ts";
import type { JobDefinition } from "../model/job.ts";
import type { Comments } from "./comments.ts";

/** Whether a file defines a job, or overrides the definition that another file gives. */
export type FileKind = "definition" | "override";

/** A file that a format is asked about. */
export interface FileCandidate {
  /** The configuration directory, as it was written. */
  readonly directory: string;
  /** The file's path below that directory. */
  readonly relative: string;
  /**
   * The first bytes of the file ({@link HEAD_LENGTH} at most), one character each; empty where it cannot be read or is no
   * regular file. The file is opened for it, so a format asks only where the path does not decide.
   */
  head(): string;
}

/** How many bytes of a file a format may see before it claims the file. */
export const HEAD_LENGTH = 256;

/** The claim of a format on a file of its own. */
export interface FormatClaim {
  kind: FileKind;
  /** The name of the job that the file defines or overrides. */
  name: string;
}

/** A file that a format has claimed, as it was read. */
export interface JobFile {
  /** The path that messages name, kept as the jobs' source. */
  path: string;
  /** The job's name, from the claim. */
  name: string;
  /** The file's bytes, one character each (Latin-1). */
  text: string;
}

/** A format of job files. */
export interface JobFormat {
  /** The format's name. */
  readonly name: string;
  /**
   * The endings of file names, and what the files hold. The first of a definition also names the format on command lines
   * (`--to conf`). Empty for a format that does not go by endings.
   */
  readonly endings: Readonly<Record<string, FileKind>>;
  /** Endings that others give to files that define jobs. Tools accept them; init does not read such files. */
  readonly otherEndings?: readonly string[];
  /** True where failures of the format's jobs are reported in Upstart's words, and to whom Upstart reports them. */
  readonly reportsAsUpstart?: true;
  /** Claims a file; undefined where it belongs to another format, or to none. Called for each file: must be fast. */
  claim(file: FileCandidate): FormatClaim | undefined;
  /** The paths below a configuration directory at which the format looks for a job of this name. */
  fileNames(job: string, kind: FileKind): string[];
  /**
   * The jobs that a file defines.
   * @throws {ParseError} for the file's first error; nothing else is thrown.
   */
  parse(file: JobFile): JobDefinition[];
  /**
   * The definition with what an override says. The definition given is never changed. Whether the override can be
   * parsed does not depend on the definition.
   * @throws {ParseError} for the override's first error.
   */
  applyOverride(definition: JobDefinition, file: JobFile): JobDefinition;
  /** The tools for programs that convert and check files. Init never loads them. */
  tools(): Promise<FormatTools>;
}

/** The tools of a format for programs that convert and check files. */
export interface FormatTools {
  /**
   * The comments of a file.
   * @throws {ParseError} for one that cannot be parsed.
   */
  readComments(text: string, file: string): FileComments;
  /** Finds the lines of fields. */
  readonly lineOf: LineFinder;
  /** A definition as a file of the format. */
  write(definition: JobDefinition, comments?: Comments): Conversion;
}

/** A definition as a file, and what of it the file does not say: a sentence each. */
export interface Conversion {
  text: string;
  lost: string[];
}

/**
 * Finds the line on which a file says something, counted from 1; of several lines, the one that counts. Undefined where it is
 * not found.
 *
 * @param text The file's text.
 * @param field A field of the definition, or an entry of one: `startOn`, `respawnLimit`, `limit.nofile`. Of a process the
 * way it is written: `main.exec`, `pre-start.script`; of a script, the line before its first one. `manual` is one, too.
 * @param subjects Where a file defines several jobs: texts, such as the job's name, near to which the field stands. The
 * first that is found counts.
 */
export type LineFinder = (text: string, field: string, subjects?: readonly string[]) => number | undefined;

/** The comments of a file, and what else its definition does not hold. */
export interface FileComments {
  comments: Comments;
  /** What `start on` said before `manual` took it away. */
  manual?: JobCondition;
  /** A `manual` stands before the `start on` that counts, and so has no effect. */
  hasManualWithoutEffect?: true;
  /** Stanzas without effect, for a later one says something else. Absent: there are none. */
  overruled?: Array<StanzaPlace & { by: StanzaPlace }>;
}

/** A stanza of a file: its name, and the line that it begins on, counted from 1. */
export interface StanzaPlace {
  stanza: string;
  line: number;
}
