/**
 * Compiles main.ts, all that it imports, and jobs into one executable.
 *
 *     deno task build [--engine bun|deno] [--arch x86-64|arm64] [--jobs DIR] [-o FILE]
 */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { bundle } from "./build/bundler.ts";
import { compileWithDeno } from "./build/compile_with_deno.ts";
import { declarations, declaredPackages } from "./build/declarations.ts";
import { type EngineProgram, findEngine } from "./build/engine.ts";
import { ARCHITECTURE_NAMES, withEngineFor } from "./build/foreign_engine.ts";
import { cycloneDx, noticesOf, packagesOf } from "./build/sbom.ts";
import { demandNoArguments, entryIn, runTask } from "./build/task.ts";
import { compile, findJobs } from "./lib/cli/build/compile.ts";
import type { EmbeddedFiles } from "./lib/cli/build/embedded.ts";
import type { Tool } from "./lib/model/command_line/tool.ts";
import { valueOf } from "./lib/model/command_line/options.ts";
import { UsageError } from "./lib/model/command_line/usage_error.ts";
import { VERSION } from "./lib/model/version.ts";
import { runTool, type Target } from "./lib/sys/runtime/compile.ts";

const ROOT = resolve(import.meta.dirname ?? ".");

/** The command that evaluates job modules. */
const EVALUATE = [Deno.execPath(), "run", "-q", "-A", resolve(ROOT, "main.ts"), "evaluate"];

/**
 * Runs a command in the root directory and gives its output.
 * @throws {Error} with its error output, when it fails.
 */
function run(command: string, args: string[]): string {
  return runTool([command, ...args], ROOT, process.env);
}

/**
 * The files that are embedded in the executable.
 * @param bun The program that bundles.
 * @param engine What the executable runs in.
 * @param main The entry point.
 */
function bundleProduct(bun: string, engine: EngineProgram, main: string): EmbeddedFiles {
  const sources = new Set<string>();
  const files = {
    // Not minified yet, so that stacks name lines that can be read.
    program: bundle(bun, {
      entrypoints: [main],
      // What short commands load. Each is a bundle of its own, so objects of a class must not pass from one to another.
      alone: [
        "lib/cli/initctl/initctl.ts",
        "lib/cli/initctl/init/configuration.ts",
        "lib/cli/initctl/init/restart_init.ts",
        "lib/cli/initctl/init/sessions.ts",
        "lib/cli/initctl/screens/screens.ts",
        "lib/cli/initctl/reading/progress.ts",
        "lib/cli/initctl/reading/reading.ts",
        "lib/cli/initctl/reading/reasons.ts",
        "lib/cli/initctl/remote.ts",
        "lib/model/text/closest.ts",
        "lib/cli/initctl/explain/explain.ts",
        "lib/cli/pager.ts",
        "lib/cli/openrc/helpers/helper.ts",
        "lib/cli/openrc/rc_service.ts",
        "lib/cli/openrc/run/openrc_run.ts",
        "lib/cli/openrc/start_stop_daemon/openrc.ts",
        "lib/cli/openrc/start_stop_daemon/dpkg.ts",
      ],
      target: "bun",
      external: ["rouse", "rouse:jobs"],
    }, sources),
    package: bundle(bun, {
      entrypoints: ["lib/author/mod.ts", "lib/testing/mod.ts"],
      target: "node",
      root: "lib",
    }, sources),
    declarations: declarations(),
  };
  for (const directory of Object.values(declaredPackages())) sources.add(join(directory, "package.json"));
  const contents = { version: VERSION, engine, packages: packagesOf(sources) };
  const own = readFileSync(resolve(ROOT, "LICENSE"), "utf8");
  return { ...files, sbom: cycloneDx(contents), licences: noticesOf(contents, own) };
}

/** What is built. */
interface Order {
  output: string;
  /** The entry point: main.ts, or a test's. */
  main: string;
  /** The directory of jobs that are compiled in. */
  directory: string | undefined;
  /** One of {@link ARCHITECTURE_NAMES}; this machine's where there is none. */
  arch: string | undefined;
}

/** How to compile, by the engine's name. */
const ENGINES: Record<string, (order: Order) => Promise<void>> = {
  async bun({ output, main, directory, arch }) {
    const own = findEngine(ROOT), compiler = own.path;
    const jobs = directory === undefined ? {} : await findJobs(directory, EVALUATE);
    const base = dirname(directory ?? ROOT);
    const compileFor = (engine: EngineProgram, target?: Target) =>
      compile({ compiler, embedded: bundleProduct(compiler, engine, main), jobs, base, output, target });
    if (arch === undefined) compileFor(own);
    else await withEngineFor(ROOT, arch, run, compileFor);
  },
  async deno({ output, directory, arch }) {
    if (arch !== undefined) throw new UsageError("--arch is for the engine bun alone");
    const jobs = directory === undefined ? {} : await findJobs(directory, EVALUATE);
    compileWithDeno({ root: ROOT, jobs, output, run });
  },
};

const BUILD: Tool = {
  name: "build",
  summary: "Compile main.ts, all that it imports, and jobs into one executable.",
  help: "Exit status: 0, 1 when nothing can be built, 2 for wrong arguments.",
  options: [
    { long: "engine", argument: "ENGINE", help: `${Object.keys(ENGINES).join(" or ")}; bun by default` },
    {
      long: "arch",
      argument: "NAME",
      help: `Linux on ${ARCHITECTURE_NAMES.join(" or ")}, with glibc; this machine by default`,
    },
    { long: "jobs", argument: "DIR", help: "directory of jobs that are compiled in" },
    { long: "main", argument: "FILE", help: "entry point of a test's executable; main.ts by default" },
    { short: "o", long: "output", argument: "FILE", help: "executable to write; dist/rouse by default" },
  ],
  async run(parsed) {
    demandNoArguments(parsed);
    const engine = entryIn(ENGINES, valueOf(parsed, "engine") ?? "bun", "engine");
    const jobs = valueOf(parsed, "jobs"), arch = valueOf(parsed, "arch");
    if (arch !== undefined && !ARCHITECTURE_NAMES.includes(arch)) {
      throw new UsageError(`unknown architecture: ${arch}; it is one of ${ARCHITECTURE_NAMES.join(", ")}`);
    }
    if (!["bun", "@types/node"].every((name) => existsSync(resolve(ROOT, "node_modules", name)))) {
      run(Deno.execPath(), ["install", "--frozen", "--quiet"]);
    }
    const output = resolve(ROOT, valueOf(parsed, "output") ?? "dist/rouse");
    const main = valueOf(parsed, "main") ?? "main.ts";
    await engine({ output, main, directory: jobs && resolve(ROOT, jobs), arch });
    return 0;
  },
};

if (import.meta.main) await runTask(BUILD);
