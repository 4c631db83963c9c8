/** The compiler of the Deno engine: `deno compile`, with the jobs in place of jobs/mod.ts. */

import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { type JobModules, jobTable } from "../lib/cli/build/compile.ts";
import { errorReason } from "../lib/sys/call/errno.ts";

/** What is compiled, and where to. */
interface Compilation {
  /** The directory of main.ts and deno.json. */
  root: string;
  jobs: JobModules;
  /** The executable to write; replaced in one step. */
  output: string;
  /** Runs a command at the root. */
  run(command: string, args: string[]): string;
}

/**
 * Writes an executable for the Deno engine.
 * @throws {Error} when it cannot be compiled, as where Deno's base program cannot be had.
 */
export function compileWithDeno({ root, jobs, output, run }: Compilation): void {
  const directory = `${output}.new-${process.pid}`;
  const executable = join(directory, "rouse"), table = join(directory, "jobs.js");
  const map = join(directory, "import_map.json");
  checkBase(process.env[BASE_VARIABLE]);
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(table, jobTable(jobs, directory));
    writeFileSync(map, JSON.stringify({ imports: importsWith(root, table) }));
    // As a bundle: of packages as they are Deno 2.9 takes all along, and overflows its stack when it looks at them
    // (https://github.com/denoland/deno/issues/36746).
    const options = ["--quiet", "--no-check", "--allow-all", "--bundle", "--import-map", map];
    run(Deno.execPath(), ["compile", ...options, "--output", executable, "main.ts"]);
    renameSync(executable, output);
  } catch (error) {
    throw new Error(`Unable to compile with Deno: ${reasonOf(error as Error)}`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The variable that names a local copy of `denort`, the program that Deno compiles into. */
const BASE_VARIABLE = "DENORT_BIN";

/** @throws {Error} when the variable leads to no file, which Deno would tell without any name. */
function checkBase(file: string | undefined): void {
  if (file === undefined) return;
  try {
    if (!statSync(file).isFile()) throw new Error("Not a regular file");
  } catch (error) {
    throw new Error(`Unable to compile with Deno: ${BASE_VARIABLE} names ${file}: ${errorReason(error)}`);
  }
}

/** The imports of deno.json, with this table of jobs in place of none. */
function importsWith(root: string, table: string): Record<string, string> {
  const { imports } = JSON.parse(readFileSync(join(root, "deno.json"), "utf8")) as {
    imports: Record<string, string>;
  };
  const absolute = Object.entries(imports).map(([name, target]) => [
    name,
    target.startsWith(".") ? pathToFileURL(join(root, target)).href : target,
  ]);
  return { ...Object.fromEntries(absolute), "rouse:jobs": pathToFileURL(table).href };
}

function reasonOf(error: Error): string {
  const [report] = stripVTControlCharacters(error.message).split("Stack backtrace:");
  const reason = report!.trim().split("\n").at(-1)!.replace(/^\s*\d+: /, "");
  return report!.includes("base binary")
    ? `its base program denort cannot be had (${reason}); ${BASE_VARIABLE} may name a local one`
    : reason;
}
