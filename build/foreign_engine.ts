/** Engines of other machines than this one: executables for these begin as their programs. */

import { copyFileSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Target } from "../lib/sys/runtime/compile.ts";
import { enginePackages, type EngineProgram, findEngine, openEngine, PROGRAM } from "./engine.ts";

/** Runs a command in the root directory of the sources and gives its output; throws with its error output when it fails. */
type Run = (command: string, args: string[]) => string;

/** Node's names of architectures by the words of `--arch`. */
const ARCHITECTURES: Readonly<Record<string, string>> = { "x86-64": "x64", arm64: "arm64" };

/** The words of `--arch`. */
export const ARCHITECTURE_NAMES: readonly string[] = Object.keys(ARCHITECTURES);

/**
 * Calls a function with the engine of Linux on an architecture, with glibc, and without a target where that is this machine's
 * own. Another one is installed as deno.lock names it, and is gone when the function is over.
 * @param root The directory of deno.json and deno.lock
 * @param name One of {@link ARCHITECTURE_NAMES}
 * @throws {Error} when the engine cannot be had, or is altered.
 */
export async function withEngineFor(
  root: string,
  name: string,
  run: Run,
  use: (engine: EngineProgram, target?: Target) => void | Promise<void>,
): Promise<void> {
  const arch = ARCHITECTURES[name]!;
  if (process.platform === "linux" && process.arch === arch) return await use(findEngine(root));
  const directory = mkdtempSync(join(tmpdir(), "rouse-"));
  try {
    for (const file of ["deno.json", "deno.lock"]) copyFileSync(join(root, file), join(directory, file));
    const install = ["install", "--frozen", "--quiet", "--os", "linux", "--arch", arch];
    run(Deno.execPath(), [...install, "--config", join(directory, "deno.json")]);
    const require = createRequire(realpathSync(join(directory, "node_modules/bun/package.json")));
    const [withGlibc = ""] = enginePackages("linux", arch);
    const engine = openEngine(withGlibc, require.resolve(`${withGlibc}/${PROGRAM}`));
    await use(engine, { name: withGlibc.slice("@oven/".length), engine: engine.path });
  } catch (error) {
    throw new Error(`Unable to compile for ${name}: ${(error as Error).message}`);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
