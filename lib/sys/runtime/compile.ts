/** Compiling a program into an executable, by the runtime as a compiler. */

import { spawnSync } from "node:child_process";
import { addPrologue, removeTakeoverNames } from "./elf.ts";
import { AS_RUNTIME } from "./variables.ts";

/** How long compiling may take, in ms: seconds, but for a processor that has much else to do. */
const PATIENCE = 300_000;

/** Where an executable is to run, if not where it is compiled. */
export interface Target {
  /** The compiler's name of it, such as `bun-linux-aarch64`. */
  name: string;
  /** The path of the runtime's own program for it, of the compiler's version. */
  engine: string;
}

/** A program to be compiled. All paths are absolute. */
interface ProgramSource {
  /** The runtime's own program, or an executable made with it. */
  compiler: string;
  /** The module that the program begins with. */
  entry: string;
  /** Files to embed: see `embeddedPath`. The endings of their names must be none that the compiler knows as modules. */
  files: readonly string[];
  /** Modules that are not compiled in, by what they are imported as. */
  external: readonly string[];
  /** The directory that paths in stack traces are relative to. */
  base: string;
  /** The executable to write; source maps are left beside it. */
  output: string;
  /** This machine where there is none. */
  target?: Target | undefined;
}

/** How the runtime compiles. */
const OPTIONS = [
  "--compile",
  "--bytecode",
  "--minify",
  // Programs that run for long end that: jit.ts.
  "--compile-jit-policy=100",
  // A chunk for each program: only that of the one that runs is loaded.
  "--format=esm",
  "--splitting",
  "--sourcemap=linked",
  // Else files in the working directory would decide what the executable does.
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  // Packages that job modules import say there where their code lies.
  "--compile-autoload-package-json",
  "--asset-naming=[name].[ext]",
  "--config=/dev/null",
];

/**
 * Writes an executable of the program, which begins with the prologue and obeys no variable that would take it over.
 * @throws {Error} with what the compiler said, when it cannot.
 */
export function compileProgram(source: ProgramSource): void {
  const { compiler, entry, files, external, base, output, target } = source;
  const modules = external.map((module) => `--external=${module}`);
  const other = target ? [`--target=${target.name}`, `--compile-executable-path=${target.engine}`] : [];
  const words = [compiler, "build", ...OPTIONS, ...other, ...modules, entry, ...files, "--outfile", output];
  runTool(words, base, AS_RUNTIME);
  removeTakeoverNames(output);
  addPrologue(output);
}

/**
 * Runs a command of the toolchain in a directory, with these variables alone, and gives what it wrote.
 * @throws {Error} with what it complained of, when it fails or takes longer than a minute.
 */
export function runTool(
  words: readonly string[],
  directory: string,
  environment: Record<string, string | undefined>,
): string {
  const [command, ...rest] = words;
  const { error, status, signal, stdout, stderr } = spawnSync(command!, rest, {
    cwd: directory,
    env: environment,
    encoding: "utf8",
    timeout: PATIENCE,
    maxBuffer: Infinity,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(stderr.trim() || `exit ${signal ?? status}`);
  return stdout;
}
