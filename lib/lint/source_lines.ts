/** The lines of jobs' files on which something is said, found by the files' formats. */

import { readFileSync } from "node:fs";
import { formatOfPath } from "../formats/claims.ts";
import { HEAD_LENGTH, type JobFormat } from "../formats/format.ts";
import { lineOf as moduleLineOf } from "../formats/typescript/lines.ts";
import type { Diagnostic } from "../formats/diagnostic.ts";
import { type FieldName, FIELDS, moduleField, PROCESS_FIELDS } from "../model/fields.ts";
import type { ProcessName } from "../model/job.ts";
import { ifAllowed } from "../sys/call/refused.ts";
import type { LintFinding } from "./conditions.ts";

/** Finds lines of files. */
export class SourceLines {
  /** @param directories The configuration directories that are known. */
  constructor(readonly formats: readonly JobFormat[], private readonly directories: readonly string[] = []) {}

  /** The format of a file; undefined for a module. */
  formatOf(file: string): JobFormat | undefined {
    return formatOfPath(this.formats, file, this.directories, () => textOf(file).slice(0, HEAD_LENGTH));
  }

  /** A field's line in the file of a format, as a {@link LineFinder} gives it. In a module only conditions are looked for. */
  async lineOf(file: string, field: string, job: string): Promise<number | undefined> {
    const format = this.formatOf(file);
    return format && (await format.tools()).lineOf(textOf(file), field, [job]);
  }

  /** The line of a field or a process, in a module, too, where it is only searched for. */
  async fieldLine(file: string, field: FieldName | ProcessName, job: string): Promise<number | undefined> {
    if (!file.endsWith(".ts")) return await this.lineOf(file, field, job);
    const name = Object.hasOwn(PROCESS_FIELDS, field)
      ? PROCESS_FIELDS[field as ProcessName]
      : moduleField(field as FieldName);
    return moduleLineOf(textOf(file), name, [job]);
  }

  /** The line of the condition that a finding is about. A module's jobs are told apart by their names, or what they wait for. */
  async conditionLine(file: string, { job, stanza, subject }: LintFinding): Promise<number | undefined> {
    const field = stanza === "start on" ? "startOn" : "stopOn";
    const lineOf = file.endsWith(".ts") ? moduleLineOf : (await this.formatOf(file)?.tools())?.lineOf;
    return lineOf?.(textOf(file), field, [job, subject]);
  }

  /** A diagnostic about a field, with its line where that is found. */
  async diagnostic(file: string, field: string, job: string, reason: string): Promise<Diagnostic> {
    const line = Object.hasOwn(FIELDS, field)
      ? await this.fieldLine(file, field as FieldName, job)
      : await this.lineOf(file, field, job);
    return { file, ...(line !== undefined && { line }), reason };
  }
}

/** A file's text, one character a byte; empty when it cannot be read. */
export function textOf(file: string): string {
  return ifAllowed(() => readFileSync(file, "latin1")) ?? "";
}
