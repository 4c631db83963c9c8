/**
 * The declarations of what job modules and their tests import, made from the sources when the executable is
 * built: those of `rouse` and `rouse/testing`, and of zx and Node.js, which they refer to.
 */

import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";
import type { FilesByName } from "../lib/cli/build/embedded.ts";

const ROOT = resolve(import.meta.dirname ?? "build", "..");
const PACKAGES = join(ROOT, "node_modules");

/** The modules whose declarations are made, below lib/ and without their endings. */
const ENTRIES = ["author/mod", "testing/mod"];

/** The packages whose declarations are compiled in. A package's dependencies lie beside it. */
export function declaredPackages(): { zx: string; node: string; undici: string } {
  const [zx, node] = ["zx", "@types/node"].map((name) => realpathSync(join(PACKAGES, name)));
  return { zx: zx!, node: node!, undici: realpathSync(join(node!, "../../undici-types")) };
}

/**
 * The declarations by their paths: those of `rouse` lie as in lib/, those of packages in `zx/` and `node_modules/`.
 * @throws {Error} with the compiler's first error.
 */
export function declarations(): FilesByName {
  const { zx, node, undici } = declaredPackages();
  return {
    ...ownDeclarations(),
    ...packageFiles(zx, "zx", "build/core.d.ts"),
    ...packageFiles(node, "node_modules/@types/node"),
    ...packageFiles(undici, "node_modules/undici-types"),
  };
}

function ownDeclarations(): FilesByName {
  const program = ts.createProgram(ENTRIES.map((entry) => join(ROOT, "lib", `${entry}.ts`)), {
    allowImportingTsExtensions: true,
    declaration: true,
    emitDeclarationOnly: true,
    lib: ["lib.esnext.d.ts"],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    // `deno check` has done that.
    noCheck: true,
    outDir: "/",
    paths: { "rouse": [join(ROOT, "lib/author/mod.ts")] },
    rootDir: join(ROOT, "lib"),
    strict: true,
    target: ts.ScriptTarget.ESNext,
    types: ["node"],
  });
  const emitted: FilesByName = {};
  const { diagnostics } = program.emit(undefined, (path, text) => {
    const file = path.slice(1);
    const zx = relative(dirname(file), "zx/build/core.d.ts");
    emitted[file] = text.replaceAll(/(?<=from )["']zx\/core["']/g, `"${zx}"`);
  });
  if (diagnostics.length > 0) {
    throw new Error(ts.flattenDiagnosticMessageText(diagnostics[0]!.messageText, "\n"));
  }
  return reached(ENTRIES.map((entry) => `${entry}.d.ts`), (file) => emitted[file]);
}

/** A package's declarations (only those that the entry needs, if there is one), licence and package.json. */
function packageFiles(directory: string, name: string, entry?: string): FilesByName {
  const read = (file: string) => readFileSync(join(directory, file), "utf8");
  const all = readdirSync(directory, { recursive: true, encoding: "utf8" }).sort();
  const files = entry === undefined
    ? Object.fromEntries(all.filter((file) => /\.d\.[cm]?ts$/.test(file)).map((file) => [file, read(file)]))
    : reached([entry], (file) => existsSync(join(directory, file)) ? read(file) : undefined);
  for (const file of ["LICENSE", "package.json"]) if (all.includes(file)) files[file] = read(file);
  return Object.fromEntries(Object.entries(files).map(([file, text]) => [`${name}/${file}`, text]));
}

/** The specifier of a local module in a declaration. */
const LOCAL = /(?<=\b(?:from |import\()["'])(\.{1,2}\/[^"']+?)(?:\.js|(?:\.d)?\.ts)(?=["'])/g;

/**
 * The declarations that the entries import, directly or not, with specifiers that any compiler resolves. References to
 * packages are removed: those that are needed are included anyway.
 */
function reached(entries: string[], read: (file: string) => string | undefined): FilesByName {
  const files: FilesByName = {};
  const pending = [...entries];
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    const text = read(file);
    if (text === undefined || Object.hasOwn(files, file)) continue;
    const importer = file;
    files[file] = text.replaceAll(/^\/\/\/ <reference types=.*\n/gm, "").replaceAll(
      LOCAL,
      (_, specifier: string) => {
        pending.push(join(dirname(importer), `${specifier}.d.ts`));
        return `${specifier}.d.ts`;
      },
    );
  }
  return files;
}
