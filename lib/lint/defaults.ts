/** Notes on Rouse's defaults: what a job that has them does otherwise than with those of Upstart. */

import { type FieldName, type FieldRow, FIELDS, PROCESS_FIELDS } from "../model/fields.ts";
import { hasDefault, type JobDefinition, type ProcessName } from "../model/job.ts";
import type { Diagnostic } from "../formats/diagnostic.ts";
import type { SourceLines } from "./source_lines.ts";

/** A field, or a process. */
type Subject = FieldName | ProcessName;

/** What Rouse's default means for a job, and what Upstart's does. */
interface Difference {
  of: Subject;
  /** Undefined for a job that it does not concern. */
  rouse(job: JobDefinition): string | undefined;
  upstart: string;
}

const DIFFERENCES: readonly Difference[] = [
  {
    of: "killMode",
    rouse: ({ processes }) => processes.main && "what the main process leaves behind goes with it",
    upstart: "stays",
  },
  {
    of: "startTimeout",
    rouse: ({ processes, expect, ready, pidFile }) =>
      processes["pre-start"] || processes["post-start"] || expect !== "none" || ready || pidFile !== undefined
        ? "a start fails that takes more than 90 seconds"
        : undefined,
    upstart: "may take for ever",
  },
  {
    of: "respawnDelay",
    rouse: ({ respawn }) =>
      respawn ? "a respawn waits for 100 ms, the next ones up to 30 seconds" : undefined,
    upstart: "comes at once",
  },
  {
    of: "respawnLimit",
    rouse: ({ respawn, endsInit }) =>
      !respawn ? undefined : endsInit ? "10 respawns in 5 minutes" : "there is none",
    upstart: "10 respawns in 5 seconds",
  },
  {
    of: "pre-start",
    rouse: ({ respawn }) => `a stop aborts it${respawn ? ", and when it fails the job is respawned" : ""}`,
    upstart: "a stop waits for it, and when it fails the job is stopped",
  },
  {
    of: "post-start",
    rouse: () => "a stop, or the end of the main process, aborts it, and when it fails the start fails",
    upstart: "both wait for it, and how it ends does not matter",
  },
  {
    of: "pre-stop",
    rouse: () => "the end of the main process aborts it, and the time limit of a start",
    upstart: "is waited for",
  },
  {
    of: "post-stop",
    rouse: () => "the time limit of a start aborts it, and fails the stop",
    upstart: "is waited for",
  },
];

/** Notes on a job: one that it has Rouse's defaults, and one for each that concerns it. None on a job with Upstart's. */
export async function noteDefaults(job: JobDefinition, lines: SourceLines): Promise<Diagnostic[]> {
  if (job.semantics !== "rouse") return [];
  const { name, source: file } = job;
  const notes = DIFFERENCES.map(async ({ of, rouse, upstart }): Promise<Diagnostic[]> => {
    const now = isExempt(of, job) ? undefined : rouse(job);
    if (now === undefined) return [];
    const line = await lines.fieldLine(file, of, name);
    const stanza = isProcess(of) ? of : (FIELDS[of] as FieldRow).stanza;
    const reason = `${stanza}: ${now} (Upstart's: ${upstart})`;
    return [{ file, ...(line !== undefined && { line }), reason }];
  });
  const switching = lines.formatOf(file) ? "`semantics upstart'" : '`semantics: "upstart"\'';
  const own = { file, reason: `${name} has Rouse's defaults; ${switching} gives it Upstart's` };
  return [own, ...(await Promise.all(notes)).flat()];
}

function isProcess(subject: Subject): subject is ProcessName {
  return Object.hasOwn(PROCESS_FIELDS, subject);
}

/** True where the defaults do not count: the job says it itself, or has no such process. */
function isExempt(subject: Subject, job: JobDefinition): boolean {
  return isProcess(subject) ? !job.processes[subject] : !hasDefault(subject, job);
}
