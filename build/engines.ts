/**
 * Bun's own programs, from the `bun` package: the one that compiles here, and those that executables for others begin as. Each is
 * used only if it is the very one that the registry's checksum in deno.lock vouches for. The checksums of the programs are in
 * engines.json: pin_engines.ts makes it.
 */

import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Target } from "../lib/sys/runtime/compile.ts";
import ENGINES from "./engines.json" with { type: "json" };

/** The program of an engine. */
export interface BunProgram {
  /** The npm package that it is of. */
  name: string;
  version: string;
  /** The path of its program. */
  path: string;
  sha256: string;
}

/** Where a package of an engine has its program. */
export const PROGRAM = "bin/bun";

/** Runs a command in the root directory of the sources and gives its output; throws with its error output when it fails. */
type Run = (command: string, args: string[]) => string;

/** Architectures by the word of `--arch`: Node's name, and that in the names of Bun's packages and targets. */
const ARCHITECTURES: Readonly<Record<string, { node: string; bun: string }>> = {
  "x86-64": { node: "x64", bun: "x64" },
  arm64: { node: "arm64", bun: "aarch64" },
};

/** The words of `--arch`. */
export const ARCHITECTURE_NAMES: readonly string[] = Object.keys(ARCHITECTURES);

/** The packages for a machine: which of them is for its C library shows when it is run. */
export function enginePackages(platform = process.platform, arch: string = process.arch): string[] {
  const { bun = arch } = Object.values(ARCHITECTURES).find(({ node }) => node === arch) ?? {};
  const name = `@oven/bun-${platform}-${bun}`;
  return [name, `${name}-musl`];
}

/**
 * The engine for this machine. No program is run that is another than it should be.
 * @param root The directory of node_modules
 * @throws {Error} when one is altered, or none is installed and runs.
 */
export function findEngine(root: string, run: Run): BunProgram {
  const names = enginePackages();
  const require = createRequire(realpathSync(join(root, "node_modules/bun/package.json")));
  for (const name of names) {
    let path: string;
    try {
      path = require.resolve(`${name}/${PROGRAM}`);
    } catch {
      continue; // Not installed.
    }
    const engine = { name, version: ENGINES.version, path, sha256: verifyEngine(name, path) };
    try {
      run(path, ["--version"]);
      return engine;
    } catch {
      // For the other C library.
    }
  }
  throw new Error(`Unable to find the Bun engine: none of ${names.join(", ")} is installed and runs here`);
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

/**
 * Calls a function with the engine of Linux on an architecture, with glibc. Nothing is passed where that is this machine's.
 * The engine is gone when the function is over.
 * @param root The directory of deno.json and deno.lock
 * @param name One of {@link ARCHITECTURE_NAMES}
 * @throws {Error} when the engine cannot be had.
 */
export async function withEngineFor(
  root: string,
  name: string,
  run: Run,
  use: (other?: { target: Target; engine: BunProgram }) => void | Promise<void>,
): Promise<void> {
  const { node, bun } = ARCHITECTURES[name]!;
  if (process.platform === "linux" && process.arch === node) return await use();
  const directory = mkdtempSync(join(tmpdir(), "rouse-"));
  try {
    for (const file of ["deno.json", "deno.lock"]) copyFileSync(join(root, file), join(directory, file));
    const install = ["install", "--frozen", "--quiet", "--os", "linux", "--arch", node];
    run(Deno.execPath(), [...install, "--config", join(directory, "deno.json")]);
    const require = createRequire(realpathSync(join(directory, "node_modules/bun/package.json")));
    const [package_ = ""] = enginePackages("linux", node), path = require.resolve(`${package_}/${PROGRAM}`);
    const engine = { name: package_, version: ENGINES.version, path, sha256: verifyEngine(package_, path) };
    await use({ target: { name: `bun-linux-${bun}`, engine: path }, engine });
  } catch (error) {
    throw new Error(`Unable to compile for ${name}: ${(error as Error).message}`);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
