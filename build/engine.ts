/**
 * The Bun engine: its program is looked for among the packages that are installed, and is used only if it is the very one that
 * the registry's checksum in deno.lock vouches for. The checksums of the programs are in engines.json: pin_engines.ts makes it.
 */

import { createHash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { runTool } from "../lib/sys/runtime/compile.ts";
import ENGINES from "./engines.json" with { type: "json" };

/** An engine. */
export interface EngineProgram {
  /** The npm package that it is of. */
  name: string;
  version: string;
  /** The path of its program. */
  path: string;
  sha256: string;
}

/** Where a package of an engine has its program. */
export const PROGRAM = "bin/bun";

/** How Bun's packages call a machine's architecture. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "x64", arm64: "aarch64" };

/** The packages for a machine: which of them is for its C library shows when it is run. */
export function enginePackages(platform = process.platform, arch: string = process.arch): string[] {
  const name = `@oven/bun-${platform}-${ARCHITECTURES[arch] ?? arch}`;
  return [name, `${name}-musl`];
}

/**
 * The engine for this machine. No program is run that is another than it should be.
 * @param root The directory of node_modules
 * @throws {Error} when one is altered, or none is installed and runs.
 */
export function findEngine(root: string): EngineProgram {
  const names = enginePackages();
  const require = createRequire(realpathSync(join(root, "node_modules/bun/package.json")));
  for (const name of names) {
    let path: string;
    try {
      path = require.resolve(`${name}/${PROGRAM}`);
    } catch {
      continue; // Not installed.
    }
    const engine = openEngine(name, path);
    try {
      runTool([path, "--version"], root, process.env);
      return engine;
    } catch {
      // For the other C library.
    }
  }
  throw new Error(`Unable to find the Bun engine: none of ${names.join(", ")} is installed and runs here`);
}

/**
 * The engine that a program of a package is.
 * @throws {Error} when it is another program.
 */
export function openEngine(name: string, path: string): EngineProgram {
  return { name, version: ENGINES.version, path, sha256: verifyEngine(name, path) };
}

/**
 * Makes sure that a program is the one of its package, and gives its checksum.
 * @throws {Error} when it is not, or nothing is known of that package.
 */
export function verifyEngine(name: string, path: string): string {
  const checksums: Readonly<Record<string, string | undefined>> = ENGINES.sha256;
  const wanted = checksums[name];
  if (wanted === undefined) {
    throw new Error(`Unable to use the Bun engine ${name}: build/engines.json has no checksum of it`);
  }
  const sha256 = createHash("sha256").update(readFileSync(path)).digest("hex");
  if (sha256 === wanted) return sha256;
  throw new Error(
    `Unable to use the Bun engine ${name}: ${path} is not the program of version ${ENGINES.version}. Its SHA-256 is ` +
      `${sha256}, and should be ${wanted} (build/engines.json). Remove node_modules and what the package manager has ` +
      "cached, and install again; after a change of the version run `deno task pin-engines`",
  );
}
