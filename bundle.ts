/**
 * Bundles modules. build.ts has Bun run this, whose command line takes no plugins:
 *
 *     bun bundle.ts OPTIONS    as JSON, for Bun.build
 */

import { readFileSync } from "node:fs";
import { basename, dirname, relative, resolve } from "node:path";
import process from "node:process";
import { CODEC, rewriteCodec } from "./bundle_codec.ts";

/** The part of Bun that is used here. */
interface Bundler {
  build(options: Record<string, unknown>): Promise<unknown>;
}

/** What is to be bundled: options of Bun.build, and one of our own. */
interface Options {
  target: string;
  entrypoints: string[];
  external?: string[];
  /** Modules that are entry points as well, each by itself: no other chunk is loaded for what it shares with others. */
  alone?: string[];
}

/** A file, as its text and what that is. */
interface Loaded {
  contents: string;
  loader: "js" | "ts";
}

/** The part of the bundler that a plugin uses. */
interface Build {
  onLoad(which: { filter: RegExp }, load: (file: { path: string }) => Loaded | Promise<Loaded>): void;
  onResolve(
    which: { filter: RegExp },
    resolve: (module: { path: string; importer: string }) => { path: string; external: true } | undefined,
  ): void;
}

/** Node's modules of which Bun has the whole as a global: to import them costs a command a twentieth of its time. */
const GLOBAL = /^import (process from "node:process"|\{ Buffer \} from "node:buffer");$/gm;

/** A module of which executables hold what it exports, as data. */
const PREPARED = /\/lib\/control\/prepared\.ts$/;

const light = {
  name: "light",
  setup(build: Build): void {
    build.onLoad({ filter: PREPARED }, async ({ path }) => {
      const exports: [name: string, value: unknown][] = Object.entries(await import(path));
      const lines = exports.map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`);
      return { contents: lines.join("\n"), loader: "js" };
    });
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      return { contents: readFileSync(path, "utf8").replace(GLOBAL, ""), loader: "ts" };
    });
    build.onLoad({ filter: CODEC }, ({ path }) => {
      return { contents: rewriteCodec(path, readFileSync(path, "utf8")), loader: "js" };
    });
  },
};

/** Leaves out modules that are bundled alone, where others import them. */
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
for (const entries of [entrypoints, ...alone.map((entry) => [entry])]) {
  const plugins = [
    // For other runtimes nothing is replaced.
    ...target === "bun" ? [light] : [],
    apart(alone.filter((module) => !entries.includes(module))),
  ];
  await Bun.build({ format: "esm", splitting: true, target, entrypoints: entries, plugins, ...options });
}
