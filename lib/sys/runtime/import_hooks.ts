/** Hooks into how the runtime imports modules. Deno has few: what says so does nothing there. */

import Module, { createRequire } from "node:module";
import { isEmbedded } from "./self.ts";

/** The part of a plug-in's interface that is used here. */
interface PluginBuilder {
  module(name: string, load: () => { exports: unknown; loader: "object" }): void;
  onResolve(
    options: { filter: RegExp },
    resolve: (module: { path: string; importer: string }) => { path: string; namespace: "file" } | undefined,
  ): void;
  onLoad(options: { filter: RegExp }, load: (module: { path: string }) => LoadedModule): void;
}

/** The part of Bun that is used here. */
const { Bun } = globalThis as {
  Bun?: {
    plugin(plugin: { name: string; setup(builder: PluginBuilder): void }): void;
    resolveSync(specifier: string, directory: string): string;
  };
};

/** True where all functions of this module do something; elsewhere {@link provideModule} alone does. */
export const HAS_IMPORT_HOOKS = Bun !== undefined;

/** A module's text, and its kind by the ending of such files, e.g. `ts`. */
interface LoadedModule {
  contents: string;
  loader: string;
}

function plugIn(setup: (builder: PluginBuilder) => void): void {
  Bun?.plugin({ name: "rouse", setup });
}

/** Has `import … from NAME` give these exports, wherever the importing file lies. An import map that has the name goes first. */
export function provideModule(name: string, exports: Readonly<Record<string, unknown>>): void {
  plugIn((builder) => builder.module(name, () => ({ exports, loader: "object" })));
  if (!Bun && !isMapped(name)) provideByNodeHooks(name, exports);
}

function isMapped(name: string): boolean {
  try {
    return import.meta.resolve(name) !== "";
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return false;
  }
}

/** Does it by a synthetic module that takes the exports from a global (`registerHooks` of node:module). */
function provideByNodeHooks(name: string, exports: Readonly<Record<string, unknown>>): void {
  const url = `rouse:provided/${name}`;
  Object.assign(globalThis, { [Symbol.for(url)]: exports });
  const source = `const exports = globalThis[Symbol.for(${JSON.stringify(url)})];\n` +
    Object.keys(exports).map((key) => `export const ${key} = exports.${key};\n`).join("");
  Module.registerHooks({
    resolve: (specifier, context, next) =>
      specifier === name ? { url, format: "module", shortCircuit: true } : next(specifier, context),
    load: (loaded, context, next) =>
      loaded === url ? { format: "module", source, shortCircuit: true } : next(loaded, context),
  });
}

/**
 * Has a function say which file an import leads to; undefined for where it would lead anyway. It may throw. It is not
 * asked about `require`, nor about names of packages unless they match the filter.
 */
export function onResolve(
  filter: RegExp,
  resolve: (specifier: string, importer: string) => string | undefined,
): void {
  plugIn((builder) =>
    builder.onResolve({ filter }, ({ path: specifier, importer }) => {
      const path = resolve(specifier, importer);
      return path === undefined ? undefined : { path, namespace: "file" };
    })
  );
}

/** Has a function give the text of modules whose path matches. */
export function onLoad(filter: RegExp, load: (path: string) => LoadedModule): void {
  plugIn((builder) => builder.onLoad({ filter }, ({ path }) => load(path)));
}

type ResolveFilename = (specifier: string, parent?: { filename?: string }, ...others: unknown[]) => string;

/** Calls the listener with the file that each `require` has found, before it is loaded. It may throw. */
export function onRequire(listener: (found: string, specifier: string, importer: string) => void): void {
  if (!Bun) return;
  const loader = Module as unknown as { _resolveFilename: ResolveFilename };
  const resolveFilename = loader._resolveFilename;
  loader._resolveFilename = function (this: unknown, specifier, parent, ...others) {
    const found = resolveFilename.call(this, specifier, parent, ...others);
    if (found.startsWith("/") && !isEmbedded(found)) listener(found, specifier, parent?.filename ?? found);
    return found;
  };
}

/**
 * Where an import from a directory leads; undefined where there are no hooks. Functions of {@link onResolve} are asked.
 * @throws {Error} when it leads nowhere.
 */
export function resolveModule(specifier: string, directory: string): string | undefined {
  return Bun?.resolveSync(specifier, directory);
}

/** Forgets modules that have been imported, by their paths, so that they are imported anew. False where that cannot be. */
export function forgetImports(which: (path: string) => boolean): boolean {
  if (!Bun) return false;
  const { cache } = createRequire(import.meta.url);
  for (const path of Object.keys(cache)) {
    if (!isEmbedded(path) && which(path)) delete cache[path];
  }
  return true;
}
