/**
 * The bundler. build.ts has Bun run this, because its command line takes no plug-ins. Prints the files that are in the bundle:
 *
 *     bun build/bundle.ts OPTIONS    as JSON, for Bun.build
 */

import { readFileSync } from "node:fs";
import { basename, dirname, relative, resolve } from "node:path";
import process from "node:process";

/** The part of Bun that is used here. */
interface Bundler {
  build(options: Record<string, unknown>): Promise<{ metafile: { inputs: Record<string, unknown> } }>;
}

/** The options: those of Bun.build, and one of our own. */
interface Options {
  target: string;
  entrypoints: string[];
  external?: string[];
  /** Further entry points. Each is bundled by itself, with no chunk shared with others, so that one file is loaded. */
  alone?: string[];
}

/** The text of a module, and its language. */
interface Loaded {
  contents: string;
  loader: "js" | "ts";
}

/** The part of the bundler's interface that plug-ins use. */
interface Build {
  onLoad(which: { filter: RegExp }, load: (file: { path: string }) => Loaded): void;
  onResolve(
    which: { filter: RegExp },
    resolve: (module: { path: string; importer: string }) => { path: string; external: true } | undefined,
  ): void;
}

/** Imports of Node's modules that Bun has as globals, too. Importing them takes a twentieth of a command's time. */
const GLOBAL = /^import (process from "node:process"|\{ Buffer \} from "node:buffer");$/gm;

/** A line of a shell's that is empty, or a comment. Shells read their texts anew each time. */
const COMMENT_LINE = /^[ \t]*(?:#.*)?\n/gm;

/** The configuration file; only its version is bundled. */
const CONFIG = /\/deno\.json$/;

/** A plug-in that replaces what takes a command long to load. */
const light = {
  name: "light",
  setup(build: Build): void {
    build.onLoad({ filter: CONFIG }, ({ path }) => {
      const { version } = JSON.parse(readFileSync(path, "utf8"));
      return { contents: `export default { version: ${JSON.stringify(version)} };`, loader: "js" };
    });
    build.onLoad({ filter: /\.sh$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8").replace(COMMENT_LINE, "");
      return { contents: `export default ${JSON.stringify(text)};`, loader: "js" };
    });
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      return { contents: readFileSync(path, "utf8").replace(GLOBAL, ""), loader: "ts" };
    });
  },
};

/** A plug-in that leaves modules out where others import them, because they are bundled alone. */
const apart = (modules: string[]) => ({
  name: "apart",
  setup(build: Build): void {
    build.onResolve({ filter: /\.ts$/ }, ({ path, importer }) => {
      const module = relative(".", resolve(dirname(importer), path));
      return modules.includes(module)
        ? { path: `./${basename(module, ".ts")}.js`, external: true }
        : undefined;
    });
  },
});

const { Bun } = globalThis as unknown as { Bun: Bundler };
const { target, entrypoints, alone = [], ...options }: Options = JSON.parse(process.argv[2]!);
const files = new Set<string>();
for (const entries of [entrypoints, ...alone.map((entry) => [entry])]) {
  const plugins = [
    // Nothing is replaced in bundles for other runtimes.
    ...target === "bun" ? [light] : [],
    apart(alone.filter((module) => !entries.includes(module))),
  ];
  const bundle = { format: "esm", splitting: true, target, entrypoints: entries, plugins, metafile: true };
  const { metafile } = await Bun.build({ ...bundle, ...options });
  for (const file of Object.keys(metafile.inputs)) files.add(file);
}
console.log(JSON.stringify([...files]));
