/** The compiler: makes an executable of the embedded files and jobs. */

import {
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { FORMATS } from "../../config/formats.ts";
import { claimOf, DirectoryFile } from "../../config/known_files.ts";
import { sentenceOf } from "../../formats/error.ts";
import type { JobFile, JobFormat } from "../../formats/format.ts";
import { formatModule } from "../../formats/typescript/mod.ts";
import { evaluator } from "../../config/evaluation/evaluator.ts";
import { isJobModule, jobName } from "../../author/protocol.ts";
import type { JobDefinition } from "../../model/job.ts";
import { compileProgram, type Target } from "../../sys/runtime/compile.ts";
import { EMBEDDED_FILE, type EmbeddedFiles } from "./embedded.ts";

/** Modules to compile in by their names: a path, or the text of a module that only imports `rouse`. */
export type JobModules = Record<string, { path: string } | { text: string }>;

/** The time limit for evaluating a module, in milliseconds. */
const TIMEOUT = 60_000;

/**
 * The job modules of a directory, by the name after `compiled-in:`. Files of formats are converted to modules. A module takes
 * precedence over other files of the same name, and these do so in the order of the formats.
 * @param evaluate the command that runs the program `evaluate`.
 * @throws {Error} when the directory cannot be read or holds no jobs, and with all errors in its files.
 */
export async function findJobs(
  directory: string,
  evaluate: readonly string[],
  formats: readonly JobFormat[] = FORMATS,
): Promise<JobModules> {
  const root = realpathSync(directory);
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
  const faults: string[] = [];
  const found: JobModules = {};
  const modules = files.filter(isJobModule).map((file) => join(root, file));
  await evaluator({ command: evaluate, directories: [root], patience: TIMEOUT })(modules, (outcome) => {
    const { module, jobs, error } = outcome;
    if (error) {
      const { file, line, reason } = error;
      faults.push(line === undefined ? `${file}: ${reason}` : `${file}:${line}: ${reason}`);
    } else if (jobs.length > 0) found[jobName(module, [root])] = { path: module };
  });
  const claims = files.flatMap((relative) => {
    const file = new DirectoryFile(root, relative), claim = claimOf(formats, file);
    return claim?.format ? [{ ...claim, format: claim.format, path: file.path }] : [];
  }).sort((one, other) => one.rank - other.rank);
  for (const { path, format, kind, name } of claims) {
    if (kind === "override") faults.push(`${path}: an override is not compiled in; change the job itself`);
    else if (!found[name]) {
      for (const job of jobsOf(format, { path, name }, faults)) {
        found[job.name] ??= { text: formatModule(job).text };
      }
    }
  }
  if (faults.length > 0) throw new Error(faults.join("\n"));
  if (Object.keys(found).length === 0) throw new Error(`${directory} holds no jobs`);
  return found;
}

function jobsOf(format: JobFormat, file: Omit<JobFile, "text">, faults: string[]): JobDefinition[] {
  try {
    return format.parse({ ...file, text: readFileSync(file.path, "latin1") });
  } catch (error) {
    faults.push(sentenceOf(error));
    return [];
  }
}

/** The input and the output of {@link compile}. */
interface Compilation {
  /** The runtime's own program, or an executable made with it. */
  compiler: string;
  embedded: EmbeddedFiles;
  /** Jobs to compile in, with absolute paths. */
  jobs: JobModules;
  /** The directory that paths in stack traces of compiled-in jobs are relative to. */
  base: string;
  /** The executable to write. It is replaced in one step. */
  output: string;
  /** Where it is to run; this machine where there is none. */
  target?: Target | undefined;
}

/**
 * Writes an executable.
 * @throws {Error} with the bundler's message, when it fails.
 */
export function compile({ compiler, embedded, jobs, base, output, target }: Compilation): void {
  // Beside the output, so that the executable can be renamed. The bundler leaves its source maps in this directory.
  const directory = `${output}.new-${process.pid}`;
  // By this directory's name the bundle's own stack frames differ from users' (lib/author/child/source_location.ts).
  const program = join(directory, "$rouse");
  try {
    mkdirSync(program, { recursive: true });
    for (const [name, text] of Object.entries(embedded.program)) writeFileSync(join(program, name), text);
    writeFileSync(join(program, EMBEDDED_FILE), JSON.stringify(embedded));
    writeFileSync(join(program, "jobs.js"), jobTable(jobs, program));
    writeFileSync(
      join(program, "tsconfig.json"),
      `{"compilerOptions":{"paths":{"rouse:jobs":["./jobs.js"]}}}`,
    );
    compileProgram({
      compiler,
      entry: join(program, "main.js"),
      files: [join(program, EMBEDDED_FILE)],
      // Compiled-in jobs get the authoring module in the same way as those on disk.
      external: ["rouse"],
      // Without jobs nothing depends on where it is built: twice the same gives the same executable.
      base: Object.keys(jobs).length > 0 ? base : directory,
      output: join(directory, "rouse"),
      target,
    });
    renameSync(join(directory, "rouse"), output);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The text of the module that replaces jobs/mod.ts. Modules that are given as texts are written to the directory. */
export function jobTable(jobs: JobModules, directory: string): string {
  const entries = Object.entries(jobs).sort(([one], [other]) => one < other ? -1 : 1).map(
    ([name, module], index) => {
      const path = "path" in module ? module.path : join(directory, `converted-${index}.ts`);
      if ("text" in module) writeFileSync(path, module.text);
      return `  ${JSON.stringify(name)}: () => import(${JSON.stringify(path)}),\n`;
    },
  );
  return `export const COMPILED_IN_JOBS = {\n${entries.join("")}};\n`;
}
