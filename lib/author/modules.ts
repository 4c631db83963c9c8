/** Importing job modules, and knowing what they import. */

import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { COMPILED_IN_JOBS } from "rouse:jobs";
import * as authoring from "./mod.ts";
import { COMPILED_IN } from "./protocol.ts";

/** A module's exports. */
export type Exports = Record<string, unknown>;

/** The part of Bun's plug-in interface that is used here. */
interface Build {
  module(name: string, load: () => { exports: unknown; loader: "object" }): void;
  onResolve(
    options: { filter: RegExp },
    resolve: (module: { path: string; importer: string }) => { path: string; namespace: "file" } | undefined,
  ): void;
  onLoad(
    options: { filter: RegExp },
    load: (module: { path: string }) => { contents: string; loader: string },
  ): void;
}

function plugIn(setup: (build: Build) => void): void {
  const { Bun: bun } = globalThis as {
    Bun?: { plugin(plugin: { name: string; setup(build: Build): void }): void };
  };
  bun?.plugin({ name: "rouse", setup });
}

/**
 * Makes `import … from "rouse"` give this very executable's authoring module, wherever the importing file
 * lies. In Deno, the import map of deno.json does that.
 */
export function provideAuthoringModule(): void {
  plugIn((build) => build.module("rouse", () => ({ exports: authoring, loader: "object" })));
}

/** Files that a module's text can be given in place of. */
const SOURCE_FILE = /\.([cm]?[jt]sx?|json)$/;

/** More than modules of jobs have. */
const MOST_SOURCES = 1 << 20;

/**
 * The texts of a module and of all that it imports, for {@link useSources}. Undefined where they are too long to
 * be kept.
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

/** Texts that stand for files, whatever these hold by now. */
let sources: Readonly<Record<string, string>> = {};

/** Has modules imported from texts that were kept. Deno has no such thing: there, files count. */
export function useSources(kept: Readonly<Record<string, string>>): void {
  sources = kept;
  const paths = Object.keys(kept).map((path) => RegExp.escape(path));
  plugIn((build) => {
    build.onResolve({ filter: /^(?:\.{0,2}\/|file:)/ }, ({ path, importer }) => {
      const file = realPath(localPath(path, importer));
      return Object.hasOwn(kept, file) ? { path: file, namespace: "file" } : undefined;
    });
    build.onLoad({ filter: new RegExp(`^(?:${paths.join("|")})$`) }, ({ path }) => ({
      contents: kept[path]!,
      loader: SOURCE_FILE.exec(path)![1]!.replace(/^[cm]/, ""),
    }));
  });
}

/** Imports a job module by its absolute path, or a compiled-in one by its name behind `compiled-in:`. */
export async function importModule(module: string): Promise<Exports> {
  if (!module.startsWith(COMPILED_IN)) return await import(pathToFileURL(module).href);
  const name = module.slice(COMPILED_IN.length);
  const load = Object.hasOwn(COMPILED_IN_JOBS, name) ? COMPILED_IN_JOBS[name] : undefined;
  if (!load) throw new Error(`no job ${name} is compiled in`);
  return await load();
}

/** The compiled-in modules, as {@link importModule} takes them. */
export function compiledInModules(): string[] {
  return Object.keys(COMPILED_IN_JOBS).map((name) => COMPILED_IN + name);
}

const IMPORT = /\b(?:from|import)\s*\(?\s*(["'])((?:\.{1,2}\/|\/|file:)[^"'\n]+)\1/g;

/**
 * The local modules that a module imports, directly or not, as absolute paths. They are looked for in the
 * text, so that those of a module that cannot be imported are found too; one too many does no harm.
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

const known = new Map<string, string[]>();

function directImports(file: string): string[] {
  let paths = known.get(file);
  if (!paths) {
    const specifiers = Array.from(sourceOf(file).matchAll(IMPORT), (match) => match[2]!);
    // Where a link leads to the module, Bun imports from where that really lies, and Deno from beside the link.
    const importers = new Set([file, realPath(file)]);
    paths = [...importers].flatMap((importer) =>
      specifiers.map((specifier) => localPath(specifier, importer))
    );
    known.set(file, paths);
  }
  return paths;
}

function localPath(specifier: string, importer: string): string {
  const path = specifier.startsWith("file:")
    ? fileURLToPath(specifier)
    : resolve(dirname(importer), specifier);
  return [path, `${path}.ts`, `${path}/index.ts`].find(isFile) ?? path;
}

/** The path without links; as it is, when there is nothing. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isFile(path: string): boolean {
  return Object.hasOwn(sources, path) || existsSync(path) && statSync(path).isFile();
}

/** A module's text; empty when it cannot be read. */
export function sourceOf(file: string): string {
  if (Object.hasOwn(sources, file)) return sources[file]!;
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
