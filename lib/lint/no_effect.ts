/** The linter of stanzas and parts of commands that have no effect, or another one than it seems. */

import { type Backoff, hasDefault, type JobDefinition, PROCESS_NAMES } from "../model/job.ts";
import { SHUTDOWN_LIMITS } from "../model/shutdown_limits.ts";
import { FIELDS } from "../model/fields.ts";
import { ParseError } from "../formats/error.ts";
import type { Diagnostic } from "../formats/diagnostic.ts";
import { oddChecks } from "./checks.ts";
import { type SourceLines, textOf } from "./source_lines.ts";

/** Finds stanzas of a job that have no effect. */
export async function lintWithoutEffect(job: JobDefinition, lines: SourceLines): Promise<Diagnostic[]> {
  const findings = [
    ...commandsWithoutEffect(job),
    ...respawnWithoutEffect(job),
    ...oddChecks(job),
    ...logsWithoutEffect(job),
    ...patienceWithoutEffect(job),
  ];
  const told = findings.map(({ field, reason }) => lines.diagnostic(job.source, field, job.name, reason));
  return [...await overruled(job, lines), ...await Promise.all(told)];
}

/** A field that has no effect, or not the one that is meant, and why. */
export interface FieldFinding {
  field: string;
  reason: string;
}

/** A command for the shell is run as `exec COMMAND`: the shell becomes its first program. */
function commandsWithoutEffect({ processes }: JobDefinition): FieldFinding[] {
  return PROCESS_NAMES.flatMap((process): FieldFinding[] => {
    const program = processes[process];
    const operator = program?.kind === "exec" ? firstOperator(program.command) : undefined;
    if (operator === undefined) return [];
    const words = process === "main" ? "exec" : `${process} exec`;
    const reason = operator === "&"
      ? "`&' has the command run in the background, and the process that init follows ends at once"
      : `what follows \`${operator}' never runs: the shell becomes the first command`;
    return [{ field: `${process}.exec`, reason: `${words}: ${reason}; write a script` }];
  });
}

/** A token of the shell: quoted text, an escaped character, a redirection, a substitution, a word. */
const TOKEN =
  /\\[^]|'[^']*'|"(?:\\[^]|[^"\\])*"|`(?:\\[^]|[^`\\])*`|\$?\((?:[^()]|\([^()]*\))*\)|\$\{[^}]*\}|(?<=^|\s)#.*|[<>]&|&>>?|>\||&&|\|\||[&;|]|[^]/g;

/** The first operator that joins commands; a pipe's commands all run, and so does what follows them. */
function firstOperator(command: string): string | undefined {
  const tokens = command.trim().match(TOKEN) ?? [];
  const index = tokens.findIndex((token) => ["&&", "||", ";", "&", "|"].includes(token));
  const operator = tokens[index];
  if (operator === undefined || operator === "|") return undefined;
  const isLast = tokens.slice(index + 1).join("").trim() === "";
  return operator === ";" && isLast ? undefined : operator;
}

/** What the file's later stanzas take the effect of. */
async function overruled(
  { name, source, startOn }: JobDefinition,
  lines: SourceLines,
): Promise<Diagnostic[]> {
  const format = lines.formatOf(source);
  if (!format) return [];
  const { readComments } = await format.tools();
  try {
    const { hasManualWithoutEffect, overruled = [] } = readComments(textOf(source), source);
    const told = overruled.map(({ stanza, line, by }) => {
      const which = by.stanza === stanza ? "that" : `\`${by.stanza}'`;
      return {
        file: source,
        line,
        reason: `${stanza}: it has no effect: ${which} of line ${by.line} counts`,
      };
    });
    if (!startOn || !hasManualWithoutEffect) return told;
    return [...told, await lines.diagnostic(source, "manual", name, MANUAL)];
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return []; // It has changed meanwhile, or is no longer there.
  }
}

const MANUAL = "manual: it has no effect before a `start on'; write it behind that";

/** What is said of respawns and cannot count. */
function respawnWithoutEffect(job: JobDefinition): FieldFinding[] {
  const { respawn, respawnLimit: limit, respawnDelay, onGiveUp } = job;
  if (!respawn) {
    return RESPAWN_FIELDS.filter((field) => !hasDefault(field, job)).map((field) => ({
      field,
      reason: `${FIELDS[field].stanza}: it has no effect without \`respawn'; add that`,
    }));
  }
  if (limit === "unlimited" && onGiveUp !== "stop") {
    const reason = "give up: it has no effect where respawns have no limit; add `respawn limit'";
    return [{ field: "onGiveUp", reason }];
  }
  if (limit === "unlimited" || !respawnDelay) return [];
  const fastest = shortestTime(limit.count, respawnDelay);
  if (fastest < limit.interval) return [];
  const reason =
    `respawn limit: it is never reached: so many respawns are delayed by ${
      Math.floor(fastest)
    } seconds at least; ` +
    "give more time, or no delay";
  return [{ field: "respawnLimit", reason }];
}

/** What is said of a log that there is none of. */
function logsWithoutEffect(job: JobDefinition): FieldFinding[] {
  const { console = "log", logTo, logRotate } = job;
  const isRead = console === "log" || console === "pipe";
  const odd = LOG_FIELDS.filter((field) => job[field] !== undefined && !isRead).map((field) => ({
    field,
    reason: `${
      FIELDS[field].stanza
    }: it has no effect with \`console ${console}', whose output init does not read`,
  }));
  if (!isRead || !logTo || logTo.includes("file") || logRotate === undefined || logRotate === "none") {
    return odd;
  }
  return [{ field: "logRotate", reason: "log rotate: there is no file to rotate; add `file' to `log to'" }];
}

/** A time to end that no shutdown gives, as far as can be seen without its options. */
function patienceWithoutEffect({ killTimeout }: JobDefinition): FieldFinding[] {
  const { machine, container } = SHUTDOWN_LIMITS;
  if (killTimeout <= machine) return [];
  const reason =
    `kill timeout: a shutdown cuts it short: it kills what is left after ${machine} seconds on a machine, ` +
    `and ${container} in a container; start init with --shutdown-timeout ${killTimeout} where the job needs the time`;
  return [{ field: "killTimeout", reason }];
}

const LOG_FIELDS = ["logRotate", "logLimit", "logTo"] as const;

const RESPAWN_FIELDS = ["respawnLimit", "respawnDelay", "onGiveUp"] as const;

/** So many delays are added up one by one; those behind them are no shorter. */
const MOST_DELAYS = 1000;

/** The shortest time, in seconds, in which so many respawns are done, of a job that ends as soon as it has begun. */
function shortestTime(count: number, { delay, factor, max, jitter }: Backoff): number {
  let time = 0, next = delay, done = 0;
  for (; done < Math.min(count, MOST_DELAYS); done++) {
    time += next;
    next = Math.min(max, next * factor);
  }
  return (time + (count - done) * next) * (1 - jitter);
}
