/**
 * Compiles main.ts, all that it imports, and jobs into one executable.
 *
 *     deno task build [--engine bun|deno] [--jobs DIR] [-o FILE]
 */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { parseArgs, stripVTControlCharacters } from "node:util";
import { declarations } from "./declarations.ts";
import { compile, findJobs, run as runIn } from "./lib/cli/compile.ts";
import type { FilesByName, Parts } from "./lib/cli/parts.ts";

const ROOT = resolve(import.meta.dirname ?? ".");

/** Runs a command at the root; gives what it wrote, and throws what it complained of. */
function run(command: string, args: string[]): string {
  return runIn([command, ...args], ROOT, process.env);
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

/** Bundles modules by the options of Bun's bundler; gives the files by their names. */
function bundle(bun: string, options: Record<string, unknown>): FilesByName {
  const outdir = mkdtempSync(join(tmpdir(), "rouse-"));
  try {
    run(bun, [resolve(ROOT, "bundle.ts"), JSON.stringify({ ...options, outdir })]);
    const names = readdirSync(outdir, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".js")).sort();
    return Object.fromEntries(names.map((name) => [name, readFileSync(join(outdir, name), "utf8")]));
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

/** What the executable keeps inside of itself. */
function bundleParts(bun: string): Parts {
  return {
    // Not minified yet, so that stacks name lines that can be read.
    program: bundle(bun, {
      entrypoints: ["main.ts"],
      // What commands load that are over in a moment; classes must not go from one of these to another.
      alone: ["lib/cli/initctl.ts", "lib/cli/configuration.ts", "lib/cli/sessions.ts"],
      target: "bun",
      external: ["rouse", "rouse:jobs"],
    }),
    package: bundle(bun, {
      entrypoints: ["lib/author/mod.ts", "lib/testing/mod.ts"],
      target: "node",
      root: "lib",
    }),
    declarations: declarations(),
  };
}

/** Ways to compile, by the engine's name; given the output and the directory of the jobs, if there are any. */
const ENGINES: Record<string, (output: string, jobs?: string) => void> = {
  bun(output, directory) {
    const bun = findBun();
    const evaluate = [Deno.execPath(), "run", "-q", "-A", resolve(ROOT, "main.ts"), "evaluate"];
    const jobs = directory === undefined ? {} : findJobs(directory, evaluate);
    compile({ bun, parts: bundleParts(bun), jobs, base: dirname(directory ?? ROOT), output });
  },
  deno(output, jobs) {
    if (jobs !== undefined) {
      throw new Error("Unable to compile jobs in with Deno; --engine bun can");
    }
    const temporary = `${output}.new-${process.pid}`;
    try {
      mkdirSync(dirname(output), { recursive: true });
      run(Deno.execPath(), ["compile", "--quiet", "--no-check", "-A", "--output", temporary, "main.ts"]);
      renameSync(temporary, output);
    } catch (error) {
      const [report] = stripVTControlCharacters((error as Error).message).split("Stack backtrace:");
      const reason = report!.trim().split("\n").at(-1)!.replace(/^\s*\d+: /, "");
      if (!report!.includes("base binary")) throw new Error(`Unable to compile with Deno: ${reason}`);
      throw new Error(
        `Unable to compile with Deno: its base program denort cannot be had (${reason}); ` +
          `DENORT_BIN may name a local one`,
      );
    } finally {
      rmSync(temporary, { force: true });
    }
  },
};

function main(): number {
  let options;
  try {
    options = parseArgs({
      options: {
        engine: { type: "string", default: "bun" },
        jobs: { type: "string" },
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
  const jobs = options.jobs ?? (readdirSync(resolve(ROOT, "jobs")).length > 1 ? "jobs" : undefined);
  try {
    if (!["bun", "@types/node"].every((name) => existsSync(resolve(ROOT, "node_modules", name)))) {
      run(Deno.execPath(), ["install", "--frozen", "--quiet"]);
    }
    engine(resolve(ROOT, options.output), jobs && resolve(ROOT, jobs));
    return 0;
  } catch (error) {
    console.error(`build: ${(error as Error).message}`);
    return 1;
  }
}

process.exitCode = main();
