/** Bundles, which Bun's bundler makes in a process of its own. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import type { FilesByName } from "../lib/cli/build/embedded.ts";
import { runTool } from "../lib/sys/runtime/compile.ts";

const ROOT = resolve(import.meta.dirname!, "..");

/**
 * Bundles modules in a process of Bun's, and gives the files of the bundle by their names.
 * @param options See build/bundle.ts
 * @param sources Receives the paths of the files that are in it
 * @throws {Error} with the errors of the bundler.
 */
export function bundle(
  bun: string,
  options: Record<string, unknown>,
  sources = new Set<string>(),
): FilesByName {
  const outdir = mkdtempSync(join(tmpdir(), "rouse-"));
  try {
    const words = [bun, resolve(ROOT, "build/bundle.ts"), JSON.stringify({ ...options, outdir })];
    for (const file of JSON.parse(runTool(words, ROOT, process.env)) as string[]) {
      sources.add(resolve(ROOT, file));
    }
    const names = readdirSync(outdir, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".js")).sort();
    return Object.fromEntries(names.map((name) => [name, readFileSync(join(outdir, name), "utf8")]));
  } finally {
    rmSync(outdir, { recursive: true });
  }
}
