/** Importing job modules, and knowing what they import. */

import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { COMPILED_IN_JOBS } from "rouse:jobs";
import * as authoring from "./mod.ts";
import { COMPILED_IN } from "./protocol.ts";

/** A module's exports. */
export type Exports = Record<string, unknown>;

/** The part of Bun's plug-in interface that is used here. */
interface Bun {
  plugin(plugin: {
    name: string;
    setup(build: { module(name: string, load: () => { exports: unknown; loader: "object" }): void }): void;
  }): void;
}

/**
 * Makes `import … from "rouse"` give this very executable's authoring module, wherever the importing file
 * lies. In Deno, the import map of deno.json does that.
 */
export function provideAuthoringModule(): void {
  const { Bun: bun } = globalThis as { Bun?: Bun };
  bun?.plugin({
    name: "rouse",
    setup: (build) => build.module("rouse", () => ({ exports: authoring, loader: "object" })),
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
    paths = specifiers.map((specifier) => localPath(specifier, file));
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

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

/** A module's text; empty when it cannot be read. */
export function sourceOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
