/** Bun's own programs, from the `bun` package: the one that compiles here, and those that executables for others begin as. */

import { copyFileSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import type { Target } from "../lib/sys/runtime/compile.ts";

/** Runs a command in the root directory of the sources and gives its output; throws with its error output when it fails. */
type Run = (command: string, args: string[]) => string;

/** Architectures by the word of `--arch`: Node's name, and that in the names of Bun's packages and targets. */
const ARCHITECTURES: Readonly<Record<string, { node: string; bun: string }>> = {
  "x86-64": { node: "x64", bun: "x64" },
  arm64: { node: "arm64", bun: "aarch64" },
};

/** The words of `--arch`. */
export const ARCHITECTURE_NAMES: readonly string[] = Object.keys(ARCHITECTURES);

/**
 * The path of Bun's own program for this machine: the `bun` package has one for each platform.
 * @param root The directory of deno.json
 * @throws {Error} when none of them is installed and runs.
 */
export function findBun(root: string, run: Run): string {
  const packages = [
    `bun-${process.platform}-${process.arch}`,
    `bun-${process.platform}-${process.arch}-musl`,
  ];
  const require = createRequire(realpathSync(resolve(root, "node_modules/bun/package.json")));
  for (const name of packages) {
    try {
      const path = require.resolve(`@oven/${name}/bin/bun`);
      run(path, ["--version"]);
      return path;
    } catch {
      // Not installed, or for the other C library.
    }
  }
  throw new Error(`Unable to find the Bun engine: none of ${packages.join(", ")} is installed and runs here`);
}

/**
 * Calls a function with the engine of Linux on an architecture, with glibc. Nothing is passed where that is this machine's.
 * The engine is the one that deno.lock names, whose checksum Deno compares. It is gone when the function is over.
 * @param root The directory of deno.json and deno.lock
 * @param name One of {@link ARCHITECTURE_NAMES}
 * @throws {Error} when the engine cannot be had.
 */
export async function withEngineFor(
  root: string,
  name: string,
  run: Run,
  use: (target?: Target) => void | Promise<void>,
): Promise<void> {
  const { node, bun } = ARCHITECTURES[name]!;
  if (process.platform === "linux" && process.arch === node) return await use();
  const directory = mkdtempSync(join(tmpdir(), "rouse-"));
  try {
    for (const file of ["deno.json", "deno.lock"]) copyFileSync(join(root, file), join(directory, file));
    const install = ["install", "--frozen", "--quiet", "--os", "linux", "--arch", node];
    run(Deno.execPath(), [...install, "--config", join(directory, "deno.json")]);
    const require = createRequire(realpathSync(join(directory, "node_modules/bun/package.json")));
    const engine = require.resolve(`@oven/bun-linux-${bun}/bin/bun`);
    await use({ name: `bun-linux-${bun}`, engine });
  } catch (error) {
    throw new Error(`Unable to compile for ${name}: ${(error as Error).message}`);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
