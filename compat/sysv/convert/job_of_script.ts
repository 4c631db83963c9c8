/** An init script as a job: of a known shape, one that runs the daemon itself; of any other, one that calls the script. */

import { noComments } from "../../../lib/formats/comments.ts";
import { emptyJob } from "../../../lib/model/job.ts";
import { parseHeader } from "../header.ts";
import { callsOf } from "../script_job.ts";
import { ShellError } from "../shell/lexer.ts";
import type { ConversionSurroundings, ConvertedScript, ScriptFile } from "./converted_script.ts";
import { readInitScript } from "./flow.ts";
import { applyHeader } from "./header_fields.ts";
import { KnownJob } from "./known_job.ts";
import { shapeOf, UnknownShape } from "./known_shape.ts";

/** Converts a script. Nothing of it is run. */
export function jobOfScript(file: ScriptFile, surroundings: ConversionSurroundings): ConvertedScript {
  const definition = emptyJob(file.name, file.path);
  const converted: ConvertedScript = { definition, comments: noComments(), lost: [] };
  applyHeader(converted, parseHeader(file.text), file, surroundings);
  try {
    const script = readInitScript(file.text);
    new KnownJob(script, shapeOf(script, file.name), converted).apply();
  } catch (error) {
    if (!(error instanceof UnknownShape || error instanceof ShellError)) throw error;
    callScript(converted, file.path, error.message);
  }
  return converted;
}

/** A script of no known shape is called itself. */
function callScript({ definition, comments, lost }: ConvertedScript, path: string, reason: string): void {
  comments.head.push(` ${path} is called, for it is of no known shape:`, ` ${reason}.`);
  Object.assign(definition, callsOf(path));
  lost.push(`of no known shape, so the job calls the script: ${reason}`);
}
