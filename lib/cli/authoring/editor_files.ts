/** The files by which editors and compilers know the package `rouse`. */

import { VERSION } from "../../model/version.ts";
import { embeddedFiles, type FilesByName } from "../build/embedded.ts";

/** Where the files lie, in the directory of the jobs. Nothing in a hidden directory is a job. */
export const EDITOR_DIRECTORY = ".rouse";

/** How job modules are compiled, whoever does it. */
const COMPILER_OPTIONS = {
  target: "esnext",
  lib: ["esnext"],
  module: "esnext",
  moduleResolution: "bundler",
  moduleDetection: "force",
  allowImportingTsExtensions: true,
  noEmit: true,
  skipLibCheck: true,
  strict: true,
};

/** The modules of the package, without their endings. */
const MODULES: Readonly<Record<string, string>> = { "rouse": "author/mod", "rouse/testing": "testing/mod" };

function modules(write: (path: string) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(MODULES).map(([name, path]) => [name, write(path)]));
}

/**
 * The files of {@link EDITOR_DIRECTORY}. It is a package of npm's, too.
 * @throws {Error} where the sources are run.
 */
export function editorFiles(): FilesByName {
  const { package: code, declarations } = embeddedFiles();
  const files: FilesByName = { ...code, ...declarations };
  // Deno looks for declarations nowhere else.
  for (const path of Object.values(MODULES)) {
    files[`${path}.js`] = `// @ts-self-types="./${path.slice(path.lastIndexOf("/") + 1)}.d.ts"\n${
      code[`${path}.js`]
    }`;
  }
  files["package.json"] = json({
    name: "rouse",
    version: VERSION,
    type: "module",
    exports: Object.fromEntries(
      Object.entries(MODULES).map(([name, path]) => [
        name.replace(/^rouse/, "."),
        { types: `./${path}.d.ts`, default: `./${path}.js` },
      ]),
    ),
  });
  files["tsconfig.json"] = json({ compilerOptions: compilerOptions("."), include: ["../**/*.ts"] });
  // Deno looks for tests beside its configuration.
  files["deno.json"] = json({ ...denoConfiguration("."), test: { include: ["../"] } });
  return files;
}

/** `compilerOptions` of a tsconfig.json for jobs. @param directory the editor files', as it shall stand there */
export function compilerOptions(directory: string): Record<string, unknown> {
  return {
    ...COMPILER_OPTIONS,
    typeRoots: [`${directory}/node_modules/@types`],
    types: ["node"],
    paths: {
      // Compilers find the declarations there, and runtimes the code.
      ...modules((path) => [`${directory}/${path}`]),
      "undici-types": [`${directory}/node_modules/undici-types/index.d.ts`],
    },
  };
}

/** A deno.json for jobs and their tests. @param directory the editor files', as it shall stand there */
export function denoConfiguration(directory: string): Record<string, unknown> {
  return {
    // Else that of a tsconfig.json nearby counts.
    compilerOptions: { lib: ["deno.window"] },
    // Packages are taken from `node_modules` near the job, and declarations of Node's own from that beside this file.
    nodeModulesDir: "manual",
    imports: modules((path) => `${directory}/${path}.js`),
  };
}

/** A value as it is written into configuration files. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
