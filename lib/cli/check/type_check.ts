/** The type check of job modules, by the compiler that is there: `deno` or `tsc`. */

import { spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, relative, resolve } from "node:path";
import process from "node:process";
import { stripVTControlCharacters } from "node:util";
import type { ModuleError } from "../../author/protocol.ts";
import { compilerOptions, denoConfiguration, editorFiles, json } from "../authoring/editor_files.ts";
import { writeFiles } from "../authoring/types.ts";

/** Something that does not compile. The reason is the compiler's, with its number in front: `TS2561: Object literal may …`. */
type TypeProblem = Required<ModuleError>;

/** The result of a type check. */
type TypeCheck =
  /** The compiler that looked at the modules, and what it found. */
  | { compiler: string; problems: TypeProblem[] }
  /** Why nobody could look at them: a sentence. */
  | { unavailable: string };

/** How long a compiler may take, in milliseconds. */
const PATIENCE = 120_000;

/** A compiler: its arguments for modules, given the directory of the editor files, and how it tells problems. */
interface Compiler {
  args(files: readonly string[], directory: string): string[];
  problem: RegExp;
}

const COMPILERS: Record<string, Compiler> = {
  deno: {
    args(files, directory) {
      const configuration = join(directory, "check.json");
      writeFileSync(configuration, json(denoConfiguration(".")));
      return ["check", "--quiet", "--no-lock", "--config", configuration, ...files];
    },
    // The message comes first, the source line and the place after it.
    problem:
      /^(?<code>TS\d+) \[ERROR\]: (?<reason>[^]*?)\n\s+at file:\/\/(?<file>\S+?):(?<line>\d+):(?<column>\d+)$/gm,
  },
  tsc: {
    args(files, directory) {
      const configuration = join(directory, "check.json");
      writeFileSync(configuration, json({ compilerOptions: compilerOptions("."), files }));
      return ["--project", configuration, "--pretty", "false"];
    },
    problem:
      /^(?<file>\S.*?)\((?<line>\d+),(?<column>\d+)\): error (?<code>TS\d+): (?<reason>.*(?:\n\s.*)*)/gm,
  },
};

/**
 * Checks the types of modules, those of all that they import included. Declarations (`*.d.ts`) may be among
 * the files. The first compiler in PATH is taken; none is downloaded.
 */
export async function typeCheck(files: readonly string[]): Promise<TypeCheck> {
  const found = Object.keys(COMPILERS).map((name) => [name, findProgram(name)] as const).find(([, path]) =>
    path
  );
  if (!found) return { unavailable: "neither deno nor tsc is in PATH" };
  const [name, path] = found;
  const { args, problem } = COMPILERS[name]!;
  // Compilers tell real paths.
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "rouse-")));
  try {
    writeFiles(directory, editorFiles());
    const absolute = files.map((file) => realpathSync(file));
    const given = new Map(absolute.map((real, index) => [real, files[index]!]));
    const { status, output } = await run([path!, ...args(absolute, directory)], directory);
    const problems = Array.from(
      output.matchAll(problem),
      ({ groups }) => readProblem(groups!, directory, given),
    );
    if (status !== 0 && problems.length === 0) {
      return {
        unavailable: `${name} failed: ${output.trim().split("\n").at(-1) || `exit status ${status}`}`,
      };
    }
    return { compiler: name, problems };
  } catch (error) {
    return { unavailable: (error as Error).message };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function readProblem(
  { code, file, line, column, reason }: Record<string, string>,
  directory: string,
  given: ReadonlyMap<string, string>,
): TypeProblem {
  const path = resolve(directory, file!.startsWith("/") ? decodeURI(file!) : file!);
  return {
    file: given.get(path) ?? (relative(directory, path).startsWith("..") ? path : file!),
    line: Number(line),
    column: Number(column),
    // Deno shows the source under the message, with a line of ~ below it.
    reason: `${code}: ${reason!.replace(/\n[^\n]*\n\s*[~^]+$/, "").replace(/\s*\n\s*/g, " ")}`,
  };
}

function findProgram(name: string): string | undefined {
  const directories = (process.env["PATH"] ?? "").split(delimiter).filter((directory) => directory !== "");
  return directories.map((directory) => join(directory, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function run([program, ...args]: string[], directory: string): Promise<{ status: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program!, args, {
      cwd: directory,
      env: { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: PATIENCE,
      killSignal: "SIGKILL",
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => output += text);
    }
    child.on("error", reject).on("close", (status, signal) => {
      if (signal) reject(new Error(`${program} did not end within ${PATIENCE / 1000} s`));
      else resolve({ status: status ?? 1, output: stripVTControlCharacters(output) });
    });
  });
}
