/** The image of init's program: the product's own sources, bundled as one text that can be run any number of times. */

import { resolve } from "node:path";
import { bundle } from "../../build/bundler.ts";
import { findEngine } from "../../build/engine.ts";
import type * as program from "./program.ts";
import type { Runtime } from "./runtime/runtime.ts";

/** What the program offers. */
export type Program = typeof program;

/** Runs the text with its surroundings: modules by a function, globals by their names. */
type Factory = (
  require: (name: string) => unknown,
  exports: object,
  module: object,
  globals: unknown[],
) => void;

/** The globals of a runtime that the text sees as such, in their order. */
const GLOBALS = [
  "globalThis",
  "Bun",
  "Deno",
  "process",
  "Buffer",
  "Date",
  "Math",
  "performance",
  "crypto",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "clearTimeout",
  "clearInterval",
  "clearImmediate",
] as const;

let factory: Factory | undefined;

function makeFactory(): Factory {
  const files = bundle(findEngine(resolve(import.meta.dirname!, "../..")).path, {
    target: "node",
    entrypoints: ["tests/simulate/program.ts"],
    format: "cjs",
    splitting: false,
    external: ["rouse", "rouse:jobs"],
  });
  const text = files["program.js"]!;
  return new Function(
    "require",
    "exports",
    "module",
    "globals",
    `const [${GLOBALS}] = globals;\n${text}`,
  ) as Factory;
}

/** Loads the program anew, as execve(2) does: nothing is left of what it had in memory before. */
export function loadProgram(runtime: Runtime): Program {
  factory ??= makeFactory();
  const module = { exports: {} }, globals = runtime.globals();
  const require = (name: string) => name === "rouse:jobs" ? { COMPILED_IN_JOBS: {} } : runtime.require(name);
  factory(require, module.exports, module, GLOBALS.map((name) => globals[name]));
  return module.exports as Program;
}
