/** The parser of job files: `.conf` and `.override` files become definitions. */

import { emptyJob, type JobDefinition, type Semantics, withDefaultsOf } from "../../lib/model/job.ts";
import { Lexer } from "./lexer.ts";
import { readStanzas } from "./stanzas.ts";

/**
 * The job that a `.conf` file defines.
 *
 * @param text the file's bytes, one character each (`buffer.toString("latin1")`). The definition's strings
 * are decoded from them: UTF-8 becomes the characters that it means, and a byte that is no UTF-8 one of the
 * lone surrogates U+DC80 to U+DCFF, which `encodeBytes` of lib/model turns back. Strings end at a zero byte.
 * @param file the path that messages name, kept as the definition's source
 * @param name the job's name
 * @throws {ParseError} for the file's first error; nothing else is thrown.
 */
export function parseConf(text: string, file: string, name: string): JobDefinition {
  return read(text, file, "upstart", (semantics) => emptyJob(name, file, { semantics }));
}

/**
 * The definition that results when an `.override` file's stanzas follow those of the `.conf`: values are
 * replaced, lists become longer. The definition given is never changed. Where the override asks for other semantics, what
 * had the default of the old ones has that of the new ones.
 *
 * @param text the override's bytes, as for {@link parseConf}
 * @throws {ParseError} for the file's first error. Nothing of the override is in force then.
 */
export function applyOverride(definition: JobDefinition, text: string, file: string): JobDefinition {
  return read(text, file, definition.semantics, (semantics) => withDefaultsOf(definition, { semantics }));
}

/** Stanzas read on top of defaults. `semantics` may stand behind others: the text is read once more when it is known. */
function read(
  text: string,
  file: string,
  semantics: Semantics,
  begin: (semantics: Semantics) => JobDefinition,
): JobDefinition {
  const job = begin(semantics);
  readStanzas(new Lexer(text, file), job);
  return job.semantics === semantics ? job : read(text, file, job.semantics, begin);
}
