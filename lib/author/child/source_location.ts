/** Source locations: where in the user's files an error comes from. */

import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { withoutColours } from "../../model/text/printable.ts";
import { permissionProblem } from "../../sys/access/permissions.ts";
import { isEmbedded } from "../../sys/runtime/self.ts";
import { sourceOf } from "./modules.ts";
import type { ModuleError } from "../protocol.ts";

/** A location in a file. Lines and columns count from 1. */
interface SourceLocation {
  file: string;
  line: number;
  column: number;
}

/** An error in the definition of a module's jobs, with its location. */
export class DefinitionError extends Error {
  constructor(readonly location: Omit<ModuleError, "reason">, reason: string) {
    super(reason);
  }
}

/** The directory that holds lib/. */
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** Stack frames in these directories are this program's own, not the user's. Source maps of a bundle give relative paths. */
const OWN_DIRECTORIES = ["lib/", "node_modules/"].flatMap((path) => [path, join(ROOT, path)]);

const FRAME = /^at (?:.*\()?((?:file:\/\/)?[^():]*\/[^():]*):(\d+):(\d+)\)?$/;

/** The location that a line of a stack trace names, if it is in a user's file. */
function frameLocation(frame: string): SourceLocation | undefined {
  const [, url, line, column] = FRAME.exec(frame.trim().replace(/^at async /, "at ")) ?? [];
  if (url === undefined) return undefined;
  const file = url.startsWith("file:") ? fileURLToPath(url) : url;
  if (isOwn(file)) return undefined;
  return { file, line: Number(line), column: Number(column) };
}

function isOwn(file: string): boolean {
  return isEmbedded(file) || file.includes("$rouse/") ||
    OWN_DIRECTORIES.some((directory) => file.startsWith(directory));
}

/** The lines of a stack trace that name users' files, innermost first. */
export function userFrames(stack: string): string[] {
  return stack.split("\n").filter((frame) => /^\s*at /.test(frame) && frameLocation(frame));
}

/** The innermost location of a stack trace that is in a user's file. */
export function userLocation(stack: string): SourceLocation | undefined {
  for (const frame of userFrames(stack)) return frameLocation(frame);
  return undefined;
}

/** The location of a pattern's first match in a file, from a line on. */
export function findLocation(file: string, pattern: RegExp, from = 1): SourceLocation | undefined {
  const lines = sourceOf(file).split("\n");
  for (let index = from - 1; index < lines.length; index++) {
    const column = lines[index]!.search(pattern);
    if (column >= 0) return { file, line: index + 1, column: column + 1 };
  }
  return undefined;
}

/** The location of a field, or of its shorthand, from a line on. */
export function fieldLocation(file: string, field: string, from: number): SourceLocation | undefined {
  return findLocation(file, new RegExp(`(?<![\\w$.])["']?${RegExp.escape(field)}["']?\\s*[:(,}]`), from);
}

/** The error for a module that does not parse. */
interface BuildMessage {
  message: string;
  position?: SourceLocation | null;
}

/** The error for an import that is not found. */
interface ResolveMessage {
  specifier: string;
  referrer: string;
}

/** The reason and the location for whatever importing a module has thrown, in either runtime. */
export function moduleError(thrown: unknown, module: string, imports: readonly string[]): ModuleError {
  if (thrown instanceof DefinitionError) return { ...thrown.location, reason: thrown.message };
  const error = thrown as Partial<Error & AggregateError & ResolveMessage & BuildMessage> | null;
  const syntax = (error?.errors?.[0] ?? error) as Partial<BuildMessage> | null;
  if (syntax?.position) {
    const { file, line, column } = syntax.position;
    return { file, line, column, reason: `cannot be parsed: ${syntax.message}` };
  }
  if (typeof error?.specifier === "string" && typeof error.referrer === "string") {
    const referrer = isOwn(error.referrer) ? module : error.referrer;
    const location = findLocation(referrer, new RegExp(`["']${RegExp.escape(error.specifier)}["']`));
    return { ...(location ?? { file: referrer }), reason: missingModule(error.specifier, referrer) };
  }
  const message = withoutColours(error instanceof Error ? error.message : "");
  const files = [module, ...imports];
  const [, unreadable] = /^EACCES reading "(.*)"$/.exec(message) ?? [];
  const closed = unreadable === undefined ? undefined : permissionProblem(unreadable);
  if (closed) return { file: module, reason: `cannot be evaluated: ${closed}` };
  return denoImportError(message) ?? missingFile(message, files) ??
    missingExport(error?.name, message, files) ??
    thrownError(thrown, module);
}

/** The error for an `import()` that nobody catches: what fails, and where the import or the imported text is wrong. */
export function importFailure(
  error: Error & Partial<ResolveMessage & BuildMessage>,
): { name: string; message: string; location?: SourceLocation } | undefined {
  const { message, position, specifier, referrer = "" } = error;
  if (position) return { name: "SyntaxError", message, location: position };
  if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") return undefined;
  // The sentence may be followed by a stack trace of its own.
  const sentence = message.split("\n")[0]!;
  const wanted = specifier ?? /^Import "(.*?)"/.exec(sentence)?.[1] ?? "";
  const name = error.name === "ResolveMessage" ? "Error" : error.name;
  const quoted = `["']${RegExp.escape(wanted)}["']`;
  const location = isOwn(referrer) ? undefined : findLocation(referrer, new RegExp(quoted));
  return { name, message: ownModule(wanted) ?? sentence, ...(location && { location }) };
}

/** The reason why a module of this program's own cannot be imported; undefined for any other. */
function ownModule(specifier: string): string | undefined {
  const [name, path] = /^(?:npm:\/?)?rouse(?:@[^/]*)?(?=$|[/:])(.*)$/.exec(specifier) ?? [];
  if (name === undefined || specifier === "rouse") return undefined;
  const what = path === "/testing" ? "is for tests of jobs" : "is no module";
  return `"${specifier}" ${what}; a job module imports from "rouse"`;
}

/** The reason why an import is not found, and the remedy. */
function missingModule(specifier: string, referrer: string): string {
  const own = ownModule(specifier);
  if (own !== undefined) return own;
  const what = `cannot find module "${specifier}"`;
  const closed = pathsOf(specifier, referrer).map((path) => permissionProblem(path, true)).find(Boolean);
  if (closed) return `${specifier === referrer ? "cannot be evaluated" : what}: ${closed}`;
  if (/^(?:\.{0,2}\/|file:)/.test(specifier)) return what;
  const [, scheme, name, version = "", rest = ""] = PACKAGE.exec(specifier) ?? [];
  if (scheme === "npm:") {
    const install = `npm install ${name}${version} beside it, and import "${name}${rest}"`;
    return `${what}: nothing is downloaded here; ${install}`;
  }
  if (/^(?:jsr|https?):/.test(specifier)) {
    return `${what}: nothing is downloaded here; keep a copy beside it, and import that by its path`;
  }
  return name ? `${what} in node_modules beside it or further up; npm install ${name}` : what;
}

/** The paths at which an import is looked for: for a package, in each `node_modules` directory further up. */
function pathsOf(specifier: string, referrer: string): string[] {
  if (specifier.startsWith("file:")) return [fileURLToPath(specifier)];
  if (/^\.{0,2}\//.test(specifier)) return [resolve(dirname(referrer), specifier)];
  const name = /^(?:@[^/:]+\/)?[^/@.:#][^/@:]*(?=\/|$)/.exec(specifier)?.[0];
  if (name === undefined) return [];
  const directory = dirname(referrer);
  return directory === referrer
    ? []
    : [join(directory, "node_modules", name), ...pathsOf(specifier, directory)];
}

/** A package's name, with an optional scheme, version and path. */
const PACKAGE = /^(npm:)?\/?((?:@[^/]+\/)?[^/@.:#][^/@:]*)(@[^/]+)?(\/.*)?$/;

function denoImportError(message: string): ModuleError | undefined {
  const [, url, line, column] = /\bat (file:\/\/\S+?):(\d+):(\d+)\s*$/.exec(message) ?? [];
  if (url === undefined) return undefined;
  const location = { file: fileURLToPath(url), line: Number(line), column: Number(column) };
  const [, from, wanted] =
    /^The requested module '(.*)' does not provide an export named '(.*)'/.exec(message) ?? [];
  if (from !== undefined) {
    return { ...location, reason: ownModule(from) ?? `"${from}" does not export ${wanted}` };
  }
  const [, missing] = /^Module not found "(.*)"/.exec(message) ?? /^Import "(.*?)"/.exec(message) ?? [];
  const reason = missing !== undefined
    ? ownModule(missing) ??
      `cannot find module "${missing.startsWith("file:") ? fileURLToPath(missing) : missing}"`
    : `cannot be parsed: ${
      message.split("\n")[0]!.replace(/^SyntaxError: /, "").replace(/ at file:.*$/, "")
    }`;
  return { ...location, reason };
}

/** The error for a URL, which the runtime takes for a file name, does not say where it is imported. So that is looked for. */
function missingFile(message: string, files: readonly string[]): ModuleError | undefined {
  const [, specifier] = /^ENOENT reading "(\w+:[^"]*)"$/.exec(message) ?? [];
  if (specifier === undefined) return undefined;
  const pattern = new RegExp(`["']${RegExp.escape(specifier)}["']`);
  const [location] = files.flatMap((file) => findLocation(file, pattern) ?? []);
  return { ...(location ?? { file: files[0]! }), reason: missingModule(specifier, files[0]!) };
}

/** The error for a missing export does not say where it is imported. So that is looked for. */
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
  const location = userLocation(thrown.stack ?? "");
  return { ...(location ?? { file: module }), reason: `throws ${thrown.name}: ${thrown.message}${hint}` };
}
