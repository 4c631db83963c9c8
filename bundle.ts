/**
 * Bundles modules. build.ts has Bun run this, whose command line takes no plugins:
 *
 *     bun bundle.ts OPTIONS    as JSON, for Bun.build
 */

import { readFileSync } from "node:fs";
import process from "node:process";

/** The part of Bun that is used here. */
interface Bundler {
  build(options: Record<string, unknown>): Promise<unknown>;
}

/** A file, as its text and what that is. */
interface Loaded {
  contents: string;
  loader: "js" | "ts";
}

/** The part of the bundler that a plugin uses. */
interface Build {
  onLoad(which: { filter: RegExp }, load: (file: { path: string }) => Loaded): void;
}

/** Node's modules of which Bun has the whole as a global: to import them costs a command a twentieth of its time. */
const GLOBAL = /^import (process from "node:process"|\{ Buffer \} from "node:buffer");$/gm;

/**
 * What stands for those of Node's modules that dbus-native's codec names and hardly uses: to load them takes a
 * command longer than to ask init and to tell the answer. They themselves are loaded when they are needed.
 */
const LIGHT = {
  assert: `((value, ...rest) => value || require("node:assert")(value, ...rest))`,
  util: `({
    inspect: Object.assign((...values) => require("node:util").inspect(...values), {
      custom: Symbol.for("nodejs.util.inspect.custom"),
    }),
  })`,
};

/** The modules that name them. */
const NAMING = /\/dbus-native\/lib\/(marshall|values)\.js$/;

const light = {
  name: "light",
  setup(build: Build): void {
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      return { contents: readFileSync(path, "utf8").replace(GLOBAL, ""), loader: "ts" };
    });
    build.onLoad({ filter: NAMING }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const contents = text.replace(
        /require\('(assert|util)'\)/,
        (_, name: keyof typeof LIGHT) => LIGHT[name],
      );
      if (contents === text) throw new Error(`${path} names none of ${Object.keys(LIGHT).join(", ")}`);
      return { contents, loader: "js" };
    });
  },
};

const { Bun } = globalThis as unknown as { Bun: Bundler };
const { target, ...options } = JSON.parse(process.argv[2]!);
// For other runtimes nothing is replaced.
const plugins = target === "bun" ? [light] : [];
await Bun.build({ format: "esm", splitting: true, target, plugins, ...options });
