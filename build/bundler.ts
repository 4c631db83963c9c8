/** The bundler's callers' side: Bun's own program, and bundles that it makes in a process of its own. */

import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import type { FilesByName } from "../lib/cli/build/embedded.ts";
import { runTool } from "../lib/sys/runtime/compile.ts";

const ROOT = resolve(import.meta.dirname!, "..");

/**
 * The path of Bun's own program for this machine: the `bun` package has one for each platform.
 * @throws {Error} when none of them is installed and runs.
 */
export function findBun(): string {
  const packages = [
    `bun-${process.platform}-${process.arch}`,
    `bun-${process.platform}-${process.arch}-musl`,
  ];
  const require = createRequire(realpathSync(resolve(ROOT, "node_modules/bun/package.json")));
  for (const name of packages) {
    try {
      const path = require.resolve(`@oven/${name}/bin/bun`);
      runTool([path, "--version"], ROOT, process.env);
      return path;
    } catch {
      // Not installed, or for the other C library.
    }
  }
  throw new Error(`Unable to find the Bun engine: none of ${packages.join(", ")} is installed and runs here`);
}

/**
 * Bundles modules in a process of Bun's, and gives the files of the bundle by their names.
 * @param options See build/bundle.ts
 * @throws {Error} with the errors of the bundler.
 */
export function bundle(bun: string, options: Record<string, unknown>): FilesByName {
  const outdir = mkdtempSync(join(tmpdir(), "rouse-"));
  try {
    runTool(
      [bun, resolve(ROOT, "build/bundle.ts"), JSON.stringify({ ...options, outdir })],
      ROOT,
      process.env,
    );
    const names = readdirSync(outdir, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".js")).sort();
    return Object.fromEntries(names.map((name) => [name, readFileSync(join(outdir, name), "utf8")]));
  } finally {
    rmSync(outdir, { recursive: true });
  }
}
