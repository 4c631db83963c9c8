/**
 * Bundles modules. build.ts has Bun run this, whose command line takes no plugins:
 *
 *     bun bundle.ts OPTIONS    as JSON, for Bun.build
 */

import { readFileSync } from "node:fs";
import { basename, dirname, relative, resolve } from "node:path";
import process from "node:process";

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

/** A text to be replaced, and what by. */
type Replacement = [pattern: RegExp, replacement: string];

/** A call of `forEach` whose function does not return, as a loop. */
const LOOP: Replacement = [
  /^( *)(\S+)\.forEach\((\w+) => (\{$[^]*?^\1\})\);$/m,
  "$1for (const $3 of $2) $4",
];

/**
 * What is written otherwise in dbus-native's codec; it means the same. Node's modules that it names and hardly uses are
 * loaded when they are needed: to load them takes a command longer than to ask init and to tell the answer. And
 * executables hold everything compiled but functions that are constructed, not called, and what the engine itself has
 * in JavaScript, such as `forEach`: to compile that takes a command a twelfth of its time.
 */
const REWRITTEN: Record<string, Replacement[]> = {
  "dbus-buffer": [[/^function DBusBuffer(\(.*\) \{$[^]*?^\})/m, "class DBusBuffer { constructor$1 }"]],
  "marshall": [
    [/require\('assert'\)/, `(value, ...rest) => value || require("node:assert")(value, ...rest)`],
    [/Buffer\.isBuffer\((\w+)\)/g, "($1 instanceof Buffer)"],
  ],
  "message": [LOOP],
  "signature": [
    LOOP,
    // Nobody changes them here, and what is frozen takes long to make and to read.
    [/deepFreeze\((parseSignature\(signature\))\)/, "$1"],
  ],
  "values": [[
    /require\('util'\)/,
    `{
      inspect: Object.assign((...values) => require("node:util").inspect(...values), {
        custom: Symbol.for("nodejs.util.inspect.custom"),
      }),
    }`,
  ]],
};

/** What makes the codec's CommonJS modules of today's kind, whose functions are made when they are called. */
const MODERN: Replacement[] = [
  [/^const (\w+) = require\('(\.\/marshallers)'\);$/m, 'import * as $1 from "$2.js";'],
  [/^const (\w+) = require\('(\.\/\S+)\.json'\);$/m, 'import $1 from "$2.json";'],
  [/^const (\w+) = require\('(\.\/\S+)'\);$/gm, 'import $1 from "$2.js";'],
  [/^const (\{.*\}) = require\('(\.\/\S+)'\);$/gm, 'import $1 from "$2.js";'],
  [/^module\.exports = (\{[\s\w,/]*\});$/m, "export $1;"],
  [/^module\.exports = /m, "export default "],
  [/^(?:module\.)?exports\.(\w+) = (\w+);$/gm, "export { $2 as $1 };"],
  [/^module\.exports\.(\w+) = function (\w+)/gm, "export { $2 as $1 };\nfunction $2"],
  [/^module\.exports\.(\w+) = /gm, "export const $1 = "],
];

/** A module of which executables hold what it exports, as data. */
const PREPARED = /\/lib\/control\/prepared\.ts$/;

/** The modules of that codec. */
const CODEC = /\/dbus-native\/lib\/[\w-]+\.js$/;

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
      let contents = readFileSync(path, "utf8");
      for (const [pattern, replacement] of REWRITTEN[basename(path, ".js")] ?? []) {
        const text = contents;
        contents = text.replace(pattern, replacement);
        if (contents === text) throw new Error(`${path} does not hold ${pattern}`);
      }
      for (const [pattern, replacement] of MODERN) contents = contents.replace(pattern, replacement);
      if (/^[^/]*(require\('|\bexports\b)/m.test(contents)) throw new Error(`${path} is of an unknown kind`);
      return { contents, loader: "js" };
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
