/** `rouse types`: writes the declarations by which editors complete job modules. */

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { EDITOR_DIRECTORY, editorFiles, json } from "./editor_files.ts";
import type { FilesByName } from "../build/embedded.ts";
import { onlyArgument, type Tool } from "../../model/command_line/tool.ts";
import { complain, runTool } from "../tool.ts";

/** All that a directory's own tsconfig.json has to say. */
const TSCONFIG = { extends: `./${EDITOR_DIRECTORY}/tsconfig.json` };

export const TOOL: Tool = {
  name: "types",
  arguments: "DIR",
  summary: "Prepare a directory of jobs for editors and compilers.",
  help:
    `Writes the declarations of the module "rouse" to DIR/${EDITOR_DIRECTORY}, and a tsconfig.json that leads to ` +
    "them, so that editors complete and check jobs in TypeScript. Nothing has to be installed. " +
    "A tsconfig.json of your own is left as it is.\n\n" +
    `Deno takes \`--config DIR/${EDITOR_DIRECTORY}/deno.json'.\n\n` +
    "Exit status: 0, 1 when something could not be written or set up, 2 for wrong arguments.",
  examples: ["rouse types /etc/init"],
  options: [],
  run: (parsed) => prepare(onlyArgument(parsed, "directory")),
};

/** The program `types`. Gives its exit status. */
export function main(args: string[]): Promise<number> {
  return runTool(TOOL, args);
}

function prepare(directory: string): number {
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Error(`Unable to write declarations: ${directory} is no directory`);
  }
  const target = join(directory, EDITOR_DIRECTORY);
  const files = editorFiles();
  if (!isSame(target, files)) {
    replace(target, files);
    process.stdout.write(`${target}: declarations written\n`);
  }
  const isConfigured = configure(join(directory, "tsconfig.json"));
  tellOfCommonJs(directory);
  return isConfigured ? 0 : 1;
}

/** Tells where a package.json has Node.js take the jobs, and their tests, for what they are not. */
function tellOfCommonJs(directory: string): void {
  for (let above = resolve(directory);; above = dirname(above)) {
    const path = join(above, "package.json");
    if (existsSync(path)) {
      if (!/"type"\s*:\s*"commonjs"/.test(readFileSync(path, "utf8"))) return;
      const own = join(resolve(directory), "package.json");
      const cure = path === own ? 'write "type": "module" there' : `write { "type": "module" } to ${own}`;
      return complain(
        `${path} says "type": "commonjs", with which Node.js does not take jobs and their tests; ${cure}`,
      );
    }
    if (above === "/") return;
  }
}

/** Writes a tsconfig.json where there is none; false when there is one that knows nothing of the declarations. */
function configure(path: string): boolean {
  if (!existsSync(path)) {
    writeFileSync(path, json(TSCONFIG));
    process.stdout.write(`${path}: written\n`);
    return true;
  }
  if (readFileSync(path, "utf8").includes(`${EDITOR_DIRECTORY}/tsconfig.json`)) return true;
  const addition = JSON.stringify(TSCONFIG).slice(1, -1);
  complain(`${path} is your own and left as it is; for editors to know jobs, add ${addition}`);
  return false;
}

/** True when a directory holds these files and no others. */
function isSame(directory: string, files: FilesByName): boolean {
  if (!existsSync(directory)) return false;
  const found = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile()
  );
  return found.length === Object.keys(files).length &&
    Object.entries(files).every(([name, text]) => {
      const path = join(directory, name);
      return existsSync(path) && readFileSync(path, "utf8") === text;
    });
}

/** Replaces the files of an earlier version, which is complete until then. */
function replace(directory: string, files: FilesByName): void {
  if (existsSync(directory) && !isOurs(directory)) {
    throw new Error(`Unable to write declarations: ${directory} is not of rouse types; move it away first`);
  }
  const temporary = `${directory}.new-${process.pid}`;
  try {
    writeFiles(temporary, files);
    rmSync(directory, { recursive: true, force: true });
    renameSync(temporary, directory);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function isOurs(directory: string): boolean {
  const path = join(directory, "package.json");
  return existsSync(path) && /"name":\s*"rouse"/.test(readFileSync(path, "utf8"));
}

/** Writes files below a directory, which is made with all that are above it. */
export function writeFiles(directory: string, files: FilesByName): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
