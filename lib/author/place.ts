/** Where in the user's files an error comes from. */

import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { sourceOf } from "./modules.ts";
import type { ModuleError } from "./protocol.ts";

/** A place in a file; lines and columns count from 1. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

/** What is wrong with a module's jobs, and where. */
export class DefinitionError extends Error {
  constructor(readonly place: Omit<ModuleError, "reason">, reason: string) {
    super(reason);
  }
}

/** Frames in here are this program's own, not the user's. Source maps of a bundle give relative paths. */
const OWN_DIRECTORIES = [
  "/$bunfs/",
  ...["lib/", "node_modules/"].flatMap((path) => [path, new URL(`../../${path}`, import.meta.url).pathname]),
];

const FRAME = /^at (?:.*\()?((?:file:\/\/)?[^():]*\/[^():]*):(\d+):(\d+)\)?$/;

/** The place that a line of a stack names, if that is in a user's file. */
function framePlace(frame: string): Place | undefined {
  const [, url, line, column] = FRAME.exec(frame.trim().replace(/^at async /, "at ")) ?? [];
  if (url === undefined) return undefined;
  const file = url.startsWith("file:") ? fileURLToPath(url) : url;
  if (OWN_DIRECTORIES.some((directory) => file.startsWith(directory)) || file.includes("$rouse/")) {
    return undefined;
  }
  return { file, line: Number(line), column: Number(column) };
}

/** The lines of a stack that lie in users' files, innermost first. */
export function userFrames(stack: string): string[] {
  return stack.split("\n").filter((frame) => /^\s*at /.test(frame) && framePlace(frame));
}

/** The innermost place of a stack that lies in a user's file. */
export function userPlace(stack: string): Place | undefined {
  for (const frame of userFrames(stack)) return framePlace(frame);
  return undefined;
}

/** The place where the pattern first matches in a file, from a line on. */
export function placeOf(file: string, pattern: RegExp, from = 1): Place | undefined {
  const lines = sourceOf(file).split("\n");
  for (let index = from - 1; index < lines.length; index++) {
    const column = lines[index]!.search(pattern);
    if (column >= 0) return { file, line: index + 1, column: column + 1 };
  }
  return undefined;
}

/** The place of a field with this name, or a shorthand for it, from a line on. */
export function fieldPlace(file: string, field: string, from: number): Place | undefined {
  return placeOf(file, new RegExp(`(?<![\\w$.])["']?${RegExp.escape(field)}["']?\\s*[:(,}]`), from);
}

/** What Bun throws for modules that do not parse. */
interface BuildMessage {
  message: string;
  position?: Place | null;
}

/** What Bun throws for imports that lead nowhere. */
interface ResolveMessage {
  specifier: string;
  referrer: string;
}

/** Says where and why importing a module failed, whatever was thrown, in either runtime. */
export function moduleError(thrown: unknown, module: string, imports: readonly string[]): ModuleError {
  if (thrown instanceof DefinitionError) return { ...thrown.place, reason: thrown.message };
  const error = thrown as Partial<Error & AggregateError & ResolveMessage & BuildMessage> | null;
  const syntax = (error?.errors?.[0] ?? error) as Partial<BuildMessage> | null;
  if (syntax?.position) {
    const { file, line, column } = syntax.position;
    return { file, line, column, reason: `cannot be parsed: ${syntax.message}` };
  }
  if (typeof error?.specifier === "string" && typeof error.referrer === "string") {
    const place = placeOf(error.referrer, new RegExp(`["']${RegExp.escape(error.specifier)}["']`));
    return { ...(place ?? { file: error.referrer }), reason: `cannot find module "${error.specifier}"` };
  }
  // deno-lint-ignore no-control-regex
  const message = (error instanceof Error ? error.message : "").replace(/\x1b\[[\d;]*m/g, "");
  return denoImportError(message) ?? missingExport(error?.name, message, [module, ...imports]) ??
    thrownError(thrown, module);
}

function denoImportError(message: string): ModuleError | undefined {
  const [, url, line, column] = /\bat (file:\/\/\S+?):(\d+):(\d+)\s*$/.exec(message) ?? [];
  if (url === undefined) return undefined;
  const place = { file: fileURLToPath(url), line: Number(line), column: Number(column) };
  const [, from, wanted] =
    /^The requested module '(.*)' does not provide an export named '(.*)'/.exec(message) ?? [];
  if (from !== undefined) return { ...place, reason: `"${from}" does not export ${wanted}` };
  const [, missing] = /^Module not found "(.*)"/.exec(message) ?? /^Import "(.*?)"/.exec(message) ?? [];
  const reason = missing !== undefined
    ? `cannot find module "${missing.startsWith("file:") ? fileURLToPath(missing) : missing}"`
    : `cannot be parsed: ${
      message.split("\n")[0]!.replace(/^SyntaxError: /, "").replace(/ at file:.*$/, "")
    }`;
  return { ...place, reason };
}

/** Bun does not say where an export that is not there is imported. */
function missingExport(
  name: string | undefined,
  message: string,
  files: readonly string[],
): ModuleError | undefined {
  const [, wanted, from] = /^Export named '(.*)' not found in module '(.*)'/.exec(message) ?? [];
  if (name !== "SyntaxError" || wanted === undefined || from === undefined) return undefined;
  const reason = `"${from}" does not export ${wanted}`;
  const base = RegExp.escape(from.slice(from.lastIndexOf("/") + 1));
  const pattern = new RegExp(
    `\\bimport\\b[^;]*?\\b${RegExp.escape(wanted)}\\b[^;]*?from\\s*["'][^"']*${base}["']`,
  );
  for (const file of files) {
    const source = sourceOf(file);
    const statement = pattern.exec(source);
    if (!statement) continue;
    const offset = statement.index + statement[0].search(new RegExp(`\\b${RegExp.escape(wanted)}\\b`));
    const before = source.slice(0, offset).split("\n");
    return { file, line: before.length, column: before.at(-1)!.length + 1, reason };
  }
  return { file: files[0]!, reason };
}

function thrownError(thrown: unknown, module: string): ModuleError {
  if (!(thrown instanceof Error)) {
    return { file: module, reason: `throws ${inspect(thrown)}, which is no Error` };
  }
  const hint = /before initialization/.test(thrown.message)
    ? "; where modules import each other, refer to jobs by functions: started(() => other)"
    : "";
  const place = userPlace(thrown.stack ?? "");
  return { ...(place ?? { file: module }), reason: `throws ${thrown.name}: ${thrown.message}${hint}` };
}
