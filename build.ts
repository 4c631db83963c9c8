/**
 * Compiles main.ts and all that it imports into one executable.
 *
 *     deno task build [--engine bun|deno] [-o FILE]
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, realpathSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { parseArgs, stripVTControlCharacters } from "node:util";

const ROOT = import.meta.dirname ?? ".";

/** Runs a command at the root; gives what it wrote, and throws that as an error when it fails. */
function run(command: string, args: string[]): string {
  const result = spawnSync(command, args, { cwd: ROOT, encoding: "utf8" });
  if (result.error) throw result.error;
  if (result.status !== 0) throw new Error(result.stderr.trim() || `exit status ${result.status}`);
  return result.stdout;
}

/** The Bun executable of the `bun` package's platform package that runs on this machine. */
function findBun(): string {
  const packages = [
    `bun-${process.platform}-${process.arch}`,
    `bun-${process.platform}-${process.arch}-musl`,
  ];
  const require = createRequire(realpathSync(resolve(ROOT, "node_modules/bun/package.json")));
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

/** One way to compile: the temporary output is named by the caller. */
const ENGINES: Record<string, (output: string) => void> = {
  bun(output) {
    run(findBun(), [
      "build",
      "--compile",
      "--minify",
      "--bytecode",
      // A chunk for each program: only that of the one that runs is loaded.
      "--format=esm",
      "--splitting",
      "--no-compile-autoload-dotenv",
      "--no-compile-autoload-bunfig",
      // Compiled-in jobs get the authoring module as those on disk do.
      "--external",
      "rouse",
      "main.ts",
      "--outfile",
      output,
    ]);
  },
  deno(output) {
    try {
      run(Deno.execPath(), ["compile", "--quiet", "--no-check", "-A", "--output", output, "main.ts"]);
    } catch (error) {
      const [report] = stripVTControlCharacters((error as Error).message).split("Stack backtrace:");
      const reason = report!.trim().split("\n").at(-1)!.replace(/^\s*\d+: /, "");
      if (!report!.includes("base binary")) throw new Error(`Unable to compile with Deno: ${reason}`);
      throw new Error(
        `Unable to compile with Deno: its base program denort cannot be had (${reason}); ` +
          `DENORT_BIN may name a local one`,
      );
    }
  },
};

function main(): number {
  let options;
  try {
    options = parseArgs({
      options: {
        engine: { type: "string", default: "bun" },
        output: { type: "string", short: "o", default: "dist/rouse" },
      },
    }).values;
  } catch (error) {
    console.error(`build: ${(error as Error).message}`);
    return 2;
  }
  const engine = Object.hasOwn(ENGINES, options.engine) ? ENGINES[options.engine] : undefined;
  if (!engine) {
    console.error(
      `build: unknown engine: ${options.engine}; it is one of ${Object.keys(ENGINES).join(", ")}`,
    );
    return 2;
  }
  const output = resolve(ROOT, options.output);
  const temporary = `${output}.new-${process.pid}`;
  try {
    if (!existsSync(resolve(ROOT, "node_modules/bun"))) {
      run(Deno.execPath(), ["install", "--frozen", "--quiet"]);
    }
    mkdirSync(dirname(output), { recursive: true });
    engine(temporary);
    renameSync(temporary, output);
    return 0;
  } catch (error) {
    console.error(`build: ${(error as Error).message}`);
    return 1;
  } finally {
    rmSync(temporary, { force: true });
  }
}

process.exitCode = main();
