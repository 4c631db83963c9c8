/** The module loader: imports job modules, tells what they import, and provides the module `rouse`. */

import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { COMPILED_IN_JOBS } from "rouse:jobs";
import { SHIPPED_JOBS } from "../../../jobs/shipped.ts";
import {
  forgetImports,
  HAS_IMPORT_HOOKS,
  onLoad,
  onRequire,
  onResolve,
  provideModule,
  resolveModule,
} from "../../sys/runtime/import_hooks.ts";
import * as authoring from "../mod.ts";
import { COMPILED_IN } from "../protocol.ts";

/** A module's exports. */
export type Exports = Record<string, unknown>;

/** Specifiers that are paths. The import hooks are only called for these and for the names of packages. */
const PATH = /^(?:\.{0,2}\/|file:)/;

/**
 * Makes `import … from "rouse"` give the authoring module of this executable, whatever the importing file is. Where the
 * sources run in Deno, the import map of deno.json does that.
 */
export function provideAuthoringModule(): void {
  // All modules share the exports, so none may change them.
  if (HAS_IMPORT_HOOKS) Object.values(authoring).forEach(Object.freeze);
  provideModule("rouse", authoring);
}

/** Files whose text can be given by {@link useSources}. */
export const SOURCE_FILE = /\.([cm]?[jt]sx?|json)$/;

/** The most characters of sources that are kept: more than job modules have. */
const MOST_SOURCES = 1 << 20;

/**
 * The texts of a module and of its local imports by their paths, for {@link useSources}. Undefined for a compiled-in
 * module, and when they are longer than {@link MOST_SOURCES}: then the hook child reads the files as they are by then.
 */
export function moduleSources(module: string): Record<string, string> | undefined {
  if (module.startsWith(COMPILED_IN)) return undefined;
  const files = [module, ...localImports(module)].filter((file) =>
    SOURCE_FILE.test(file) && existsSync(file)
  );
  const entries = files.map((file) => [realPath(file), sourceOf(file)] as const);
  const length = entries.reduce((sum, [, text]) => sum + text.length, 0);
  return length > MOST_SOURCES ? undefined : Object.fromEntries(entries);
}

/** Texts that are used instead of the files' present ones, by path. */
let sources: Readonly<Record<string, string>> = {};

/**
 * Has modules imported from the texts that were evaluated, whatever their files hold by now. Has no effect in a runtime
 * without import hooks.
 */
export function useSources(kept: Readonly<Record<string, string>>): void {
  sources = kept;
  const paths = Object.keys(kept).map((path) => RegExp.escape(path));
  onResolve(PATH, (specifier, importer) => {
    const file = realPath(localPath(specifier, importer));
    return Object.hasOwn(kept, file) ? file : undefined;
  });
  onLoad(new RegExp(`^(?:${paths.join("|")})$`), (path) => ({
    contents: kept[path]!,
    loader: SOURCE_FILE.exec(path)![1]!.replace(/^[cm]/, ""),
  }));
}

/**
 * Calls the listener with each path that is about to be imported, and with each file that a `require` has found. The
 * import fails when the listener throws, or returns false because there is no file. Has no effect in a runtime without
 * import hooks.
 */
export function onImport(listener: (specifier: string, importer: string) => boolean): void {
  onResolve(PATH, (specifier, importer) => {
    if (!resolving && !listener(specifier, importer)) throw new ModuleNotFound(specifier, importer);
    return undefined;
  });
  // The hook is not called for other names, and `require` resolves by other conditions than `import`.
  onRequire((found, specifier, importer) => {
    if (!resolving && !listener(found, importer)) throw new ModuleNotFound(specifier, importer);
  });
}

/** The error for an import that leads to no file, in the runtime's words. */
class ModuleNotFound extends Error {
  readonly code = "ERR_MODULE_NOT_FOUND";

  constructor(readonly specifier: string, readonly referrer: string) {
    super(`Cannot find module '${specifier}' imported from ${referrer}`);
  }
}

/** True while {@link resolveImport} resolves: the import hooks are called then, too. */
let resolving = false;

/** The files that an `import` and a `require`, which may differ, lead to. Empty when there are none. */
export function resolveImport(specifier: string, importer: string): string[] {
  if (!HAS_IMPORT_HOOKS) {
    const path = PATH.test(specifier) ? localPath(specifier, importer) : undefined;
    return path !== undefined && existsSync(path) ? [path] : [];
  }
  if (resolving) return [];
  resolving = true;
  try {
    const path = specifier.startsWith("file:") ? fileURLToPath(specifier) : specifier;
    const found = [
      attempt(() => resolveModule(path, dirname(importer))),
      attempt(() => createRequire(importer).resolve(path)),
    ];
    return [
      ...new Set(found.flatMap((path) => path?.startsWith("/") ? withoutQuery(path).filter(isFile) : [])),
    ];
  } catch {
    return [];
  } finally {
    resolving = false;
  }
}

function attempt<Value>(run: () => Value): Value | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

/** The paths that a path with a query may stand for: a question mark may also be part of a name. */
export function withoutQuery(path: string): string[] {
  return Array.from(path.matchAll(/\?|$/g), ({ index }) => path.slice(0, index));
}

/**
 * Removes imported modules from the runtime's cache, so that they are imported anew: all, or those outside of packages.
 * Returns false where the runtime does not allow that.
 */
export function forgetModules(which: "all" | "local"): boolean {
  texts.clear();
  return forgetImports((path) => which === "all" || !path.includes("/node_modules/"));
}

/** True for a file whose text {@link useSources} has given. */
export function hasGivenSource(file: string): boolean {
  return Object.hasOwn(sources, realPath(file));
}

/** Imports a job module by its absolute path, or a compiled-in one by `compiled-in:` and its name. */
export async function importModule(module: string): Promise<Exports> {
  if (!module.startsWith(COMPILED_IN)) return await import(pathToFileURL(module).href);
  const name = module.slice(COMPILED_IN.length);
  const table = [COMPILED_IN_JOBS, SHIPPED_JOBS].find((jobs) => Object.hasOwn(jobs, name));
  const load = table?.[name];
  if (!load) throw new Error(`no job ${name} is compiled in`);
  return await load();
}

/** The compiled-in modules, in the form that {@link importModule} takes. */
export function compiledInModules(): string[] {
  return Object.keys({ ...SHIPPED_JOBS, ...COMPILED_IN_JOBS }).map((name) => COMPILED_IN + name);
}

const IMPORT = /\b(?:from|import)\s*\(?\s*(["'])((?:\.{1,2}\/|\/|file:)[^"'\n]+)\1/g;

/**
 * The local modules that a module imports, directly or not, as absolute paths. They are found in its text, so those of a
 * module that cannot be imported are found, too. A path that is found in a comment does no harm.
 */
export function localImports(module: string): string[] {
  const found = new Set<string>();
  const visit = (file: string): void => {
    for (const path of directImports(file)) {
      if (path === module || found.has(path)) continue;
      found.add(path);
      visit(path);
    }
  };
  if (!module.startsWith(COMPILED_IN)) visit(module);
  return [...found];
}

/** The direct imports of files that have been read, by path. */
const importsOfFiles = new Map<string, string[]>();

function directImports(file: string): string[] {
  let paths = importsOfFiles.get(file);
  if (!paths) {
    const specifiers = Array.from(sourceOf(file).matchAll(IMPORT), (match) => match[2]!);
    // Where a link leads to the module, some runtimes resolve imports from the real directory, others from the link's.
    const importers = new Set([file, realPath(file)]);
    paths = [...importers].flatMap((importer) =>
      specifiers.map((specifier) => localPath(specifier, importer))
    );
    importsOfFiles.set(file, paths);
  }
  return paths;
}

function localPath(specifier: string, importer: string): string {
  const path = specifier.startsWith("file:")
    ? fileURLToPath(specifier)
    : resolve(dirname(importer), specifier);
  return [path, `${path}.ts`, `${path}/index.ts`, ...withoutQuery(path)].find(isFile) ?? path;
}

/** The path with all links resolved, or unchanged when it does not exist. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isFile(path: string): boolean {
  return Object.hasOwn(sources, path) || existsSync(path) && statSync(path).isFile();
}

/** Texts that have been read, by path, until their modules are forgotten. */
const texts = new Map<string, string>();

/** A module's text. Empty when it cannot be read. */
export function sourceOf(file: string): string {
  if (Object.hasOwn(sources, file)) return sources[file]!;
  let text = texts.get(file);
  if (text === undefined) texts.set(file, text = read(file));
  return text;
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
