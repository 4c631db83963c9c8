/** Classic job files read into definitions. */

import { emptyJob, type JobDefinition } from "../../lib/model/job.ts";
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
  const job = emptyJob(name, file);
  readStanzas(new Lexer(text, file), job);
  return job;
}

/**
 * The definition that results when an `.override` file's stanzas follow those of the `.conf`: values are
 * replaced, lists become longer. The definition given is never changed.
 *
 * @param text the override's bytes, as for {@link parseConf}
 * @throws {ParseError} for the file's first error. Nothing of the override is in force then.
 */
export function applyOverride(definition: JobDefinition, text: string, file: string): JobDefinition {
  const job: JobDefinition = {
    ...definition,
    emits: [...definition.emits],
    env: [...definition.env],
    export: [...definition.export],
    normalExit: [...definition.normalExit],
    limit: { ...definition.limit },
    cgroups: [...definition.cgroups],
    processes: { ...definition.processes },
  };
  readStanzas(new Lexer(text, file), job);
  return job;
}
