/** Diagnostics: what is wrong with a job file or a configuration directory, and where. */

import type { ModuleError } from "../author/protocol.ts";
import { printable } from "../model/text/printable.ts";
import { ParseError } from "./error.ts";

/** One thing that is wrong. */
export interface Diagnostic extends ModuleError {
  /** True where the file counts nevertheless. */
  isWarning?: boolean;
  /** The rest of the sentence. Init leaves it out, so that its messages stay those of Upstart. */
  detail?: string;
  /** Other files that cannot be used because of it: those that import this one. */
  concerns?: readonly string[];
}

/** So many of the files that are concerned are named. */
const MOST_CONCERNED = 5;

/**
 * A diagnostic without its detail, as init prints it behind `init:`, e.g. `/etc/init/web.conf:3: Unknown stanza`.
 * Safe to print.
 */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  return printable(formatError(diagnostic) + formatConcerns(diagnostic));
}

/** A diagnostic with its detail, safe to print. */
export function formatInFull(diagnostic: Diagnostic): string {
  return formatDiagnostic(diagnostic) + printable(diagnostic.detail ?? "");
}

function formatError({ file, line, column, reason }: Diagnostic): string {
  const location = [file, line, line === undefined ? undefined : column].filter((part) => part !== undefined);
  return `${location.join(":")}: ${reason}`;
}

function formatConcerns({ concerns = [] }: Diagnostic): string {
  if (concerns.length === 0) return "";
  const more = concerns.length - MOST_CONCERNED;
  const files = concerns.slice(0, MOST_CONCERNED).join(", ");
  return ` (imported by ${files}${more > 0 ? ` and ${more} more` : ""})`;
}

/** An error as a diagnostic of the file that was to be read. */
export function diagnosticOf(file: string, error: unknown): Diagnostic {
  if (!(error instanceof ParseError)) return { file, reason: (error as Error).message };
  return {
    file: error.file,
    ...(error.line === undefined ? {} : { line: error.line }),
    reason: error.reason,
    ...(error.detail !== "" && { detail: error.detail }),
  };
}

/** A diagnostic that keeps this file from being used: it may be about another file, which this one imports. */
export function asSeenFrom(file: string, diagnostic: Diagnostic): Diagnostic {
  return diagnostic.file === file ? diagnostic : { ...diagnostic, concerns: [file] };
}

/** Diagnostics with those of the same error in one, which names all files that it concerns. */
export function foldDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const same = Map.groupBy(diagnostics, formatError);
  return Array.from(same.values(), (group) => {
    const concerns = [...new Set(group.flatMap(({ concerns = [] }) => concerns))].sort();
    return concerns.length === 0 ? group[0]! : { ...group[0]!, concerns };
  });
}
