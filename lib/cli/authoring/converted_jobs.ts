/** The conversion of one file: the jobs that it defines, in another format. */

import { readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { jobName } from "../../author/protocol.ts";
import { moduleComments, noComments } from "../../formats/comments.ts";
import type { FileComments, FormatClaim, JobFormat } from "../../formats/format.ts";
import { type EventNames, formatModule, type Siblings, unknownEvents } from "../../formats/typescript/mod.ts";
import type { JobDefinition } from "../../model/job.ts";
import { isJobName } from "../../model/validate.ts";
import { evaluateModule } from "./evaluate_module.ts";

/** A file that is converted: its name without the ending, its text one character a byte but for modules. */
export interface Converted {
  name: string;
  text: string;
  /** What it does not say as the original does. */
  lost: string[];
}

const MANUAL_WITHOUT_EFFECT = "manual: it has no effect before a `start on', and is left out";

/** A file of a format, which defines or overrides jobs. */
export interface ClaimedFile extends FormatClaim {
  format: JobFormat;
  path: string;
}

/** A job of a file that has been read. */
export interface FileJob extends Pick<Converted, "name" | "lost"> {
  path: string;
  definition: JobDefinition;
  file: FileComments;
}

/** The jobs of a file. Where there are several, nobody knows which of them a comment is about. */
export async function readJobs({ format, path, name }: ClaimedFile): Promise<FileJob[]> {
  const text = readFileSync(path, "latin1"), jobName = isJobName(name) ? name : "job";
  const definitions = format.parse({ path, name: jobName, text });
  const { readComments } = await format.tools();
  const file = definitions.length > 1 ? { comments: noComments() } : readComments(text, path);
  return definitions.map((definition) => {
    const isNamedByFile = definition.name === jobName;
    return { path, name: isNamedByFile ? name : definition.name, definition, file, lost: [] };
  });
}

/** Notes the events that the module `rouse` does not know. */
export function noteEvents({ definition, file }: FileJob, events: EventNames): void {
  for (const on of [file.manual ?? definition.startOn, definition.stopOn]) unknownEvents(on, events);
}

/** @param siblings The jobs converted with it; events are declared with them then, else in the module */
export function toModule({ name, definition, file }: FileJob, siblings?: Siblings): Converted {
  const { comments, manual } = file;
  const { text, lost } = formatModule(definition, {
    comments,
    ...(manual && { manual }),
    ...(siblings && { siblings }),
    declareEvents: siblings === undefined,
  });
  return { name, text, lost: file.hasManualWithoutEffect ? [MANUAL_WITHOUT_EFFECT, ...lost] : lost };
}

/** A job that has been read as a file of a format. */
export async function toFormat({ name, definition, file }: FileJob, format: JobFormat): Promise<Converted> {
  const { write } = await format.tools();
  return { name, ...write(definition, file.comments) };
}

/** The jobs of a module as files of a format. A module may define several jobs, each of which becomes a file of its own. */
export async function fromModule(path: string, directory: string, format: JobFormat): Promise<Converted[]> {
  const definitions = await evaluateModule(path, directory);
  const [only, ...others] = definitions;
  const comments = only && others.length === 0 ? moduleComments(readFileSync(path, "utf8")) : undefined;
  const { write } = await format.tools();
  return definitions.map((definition) => {
    const isNamedByFile = definition.name === jobName(resolve(path), [resolve(directory)]);
    const name = isNamedByFile ? relative(directory, path).replace(/\.ts$/, "") : definition.name;
    return { name, ...write(definition, comments) };
  });
}
