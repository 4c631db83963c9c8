/**
 * The import guard: refuses modules and packages that anybody but root and this process's own user can change, and whatever
 * imports them. The result of a check stays valid: nobody else can change a directory on the way to the file either.
 */

import { type Dirent, existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Trust } from "../../sys/access/trust.ts";
import { BUILT_IN_SCHEMES } from "../../sys/runtime/traits.ts";
import { hasGivenSource, onImport, realPath, resolveImport, sourceOf, withoutQuery } from "./modules.ts";
import { DefinitionError, findLocation } from "./source_location.ts";
import { COMPILED_IN } from "../protocol.ts";
import { guardWorkers, guardWorkerThreads } from "./workers.ts";

const IMPORT = new RegExp(
  String
    .raw`\b(?:from|import|require)\s*\(?\s*(["'])(?!(?:rouse|(?:${BUILT_IN_SCHEMES}):[^"']*)["'])([^"'\n]+)\1`,
  "g",
);

/** An import of a computed name. */
const COMPUTED = /\b(?:import|require)\s*\(\s*[^"'\s)]/;

/** The built-in module that has workers. */
const WORKERS = /\bworker_threads\b/;

/** Checks everything that is imported once it has been constructed. */
export class ImportGuard {
  readonly #trust = new Trust();
  /** Files that have been checked, or are being checked. */
  readonly #checked = new Set<string>();
  /** Directories that have been checked with all that is in them, or are being checked. */
  readonly #checkedDirectories = new Set<string>();

  constructor() {
    // Imports that the text does not show are checked when they happen.
    onImport((specifier, importer) => this.#checkImport(specifier, importer));
    guardWorkers(this.#workerFile);
  }

  /**
   * Checks a module and all that it imports.
   * @throws {DefinitionError} when somebody else can change one of the files. The message says who, and the remedy.
   */
  check(module: string): void {
    if (!module.startsWith(COMPILED_IN)) this.#checkFile(module, module);
  }

  #checkFile(path: string, importer: string): void {
    if (this.#checked.has(path)) return;
    // A text that init gives was checked when the module was evaluated.
    if (!hasGivenSource(path)) this.#refuse(this.#trust.problem(path, { wasThere: true }), path, importer);
    // Marked before its imports are checked, because modules may import each other.
    this.#checked.add(path);
    try {
      this.#checkText(isPackaged(path) ? "" : sourceOf(path), path);
    } catch (error) {
      this.#checked.clear();
      throw error;
    }
  }

  #checkText(text: string, path: string): void {
    if (WORKERS.test(text)) guardWorkerThreads(this.#workerFile);
    if (COMPUTED.test(text)) {
      this.#checkDirectories([dirname(path), ...packageDirectories(path)], path, "import");
      this.#checkNames(path);
    }
    for (const [, , specifier] of text.matchAll(IMPORT)) this.#checkImport(specifier!, path);
  }

  /** Returns false when an import leads to no file. */
  #checkImport(specifier: string, importer: string): boolean {
    // Symbolic links on the way are checked, too, and so is a package.json that says where a name leads.
    const paths = specifier.startsWith("#") ? descriptionsOf(importer) : pathsOf(specifier, importer);
    for (const path of paths) this.#refuse(this.#trust.problem(path), specifier, importer);
    const imported = resolveImport(specifier, importer);
    for (const path of imported) {
      if (isPackaged(path)) this.#checkPackages(path, importer, specifier);
      else this.#checkFile(path, importer);
    }
    return imported.length > 0;
  }

  #checkPackages(path: string, importer: string, specifier: string): void {
    guardWorkerThreads(this.#workerFile);
    this.#checkDirectories(packageDirectories(importer), importer, specifier);
    this.#checkDirectories(packageDirectories(path), importer, specifier);
  }

  /** A computed name may be one that a package.json defines: checks all files that it may stand for. */
  #checkNames(importer: string): void {
    for (const description of descriptionsOf(importer)) {
      this.#refuse(this.#trust.problem(description), description, importer);
      for (const [, target = ""] of sourceOf(description).matchAll(/"(\.\.?\/[^"]*)"/g)) {
        const path = resolve(dirname(description), target);
        if (path.includes("*")) {
          this.#checkDirectories([dirname(path.slice(0, path.indexOf("*")) + "*")], importer, path);
        } else this.#checkImport(path, description);
      }
    }
  }

  /**
   * Checks the file that a worker is to run, and gives its path. A worker has a loader of its own: imports that its text
   * does not show are not checked.
   */
  readonly #workerFile = (file: string): string => {
    if (this.#checkImport(file, file)) return resolveImport(file, file)[0]!;
    throw new Error(`cannot start a worker: there is no file ${file}; name it by its absolute path`);
  };

  #checkDirectories(directories: string[], importer: string, specifier: string): void {
    for (const directory of directories) {
      const problem = this.#problemBelow(directory);
      if (problem) this.#checkedDirectories.clear();
      this.#refuse(problem, specifier, importer);
    }
  }

  /** Packages may load any of their files, so all files below a directory are checked, and the targets of links. */
  #problemBelow(directory: string): string | undefined {
    if (this.#checkedDirectories.has(directory)) return undefined;
    this.#checkedDirectories.add(directory);
    const problem = this.#trust.problem(directory);
    if (problem) return problem;
    for (const entry of entriesOf(directory)) {
      const path = join(directory, entry.name);
      const found = this.#trust.problem(path) ??
        (entry.isFile() ? undefined : this.#problemBelow(entry.isDirectory() ? path : realPath(path)));
      if (found) return found;
    }
    return undefined;
  }

  #refuse(problem: string | undefined, imported: string, importer: string): void {
    if (!problem) return;
    // What has been refused is refused again, and so is what imports it.
    this.#checked.clear();
    const name = imported.slice(imported.lastIndexOf("/") + 1).replace(/\.\w+$/, "");
    const location = imported === importer
      ? undefined
      : findLocation(importer, new RegExp(`["'][^"'\\n]*${RegExp.escape(name)}`));
    throw new DefinitionError(location ?? { file: importer }, `cannot be evaluated: ${problem}`);
  }
}

/** The paths that an import may stand for. Links are not followed. */
function pathsOf(specifier: string, importer: string): string[] {
  if (!/^(?:\.{0,2}\/|file:)/.test(specifier)) return [];
  const path = specifier.startsWith("file:")
    ? fileURLToPath(specifier)
    : resolve(dirname(importer), specifier);
  return withoutQuery(path).flatMap((path) => [path, ...ENDINGS.map((ending) => path + ending)]);
}

/** Endings that an import may leave out or replace, and files that stand for a directory. */
const ENDINGS = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json"]
  .flatMap((ending) => [ending, `/index${ending}`]).concat("/package.json");

function isPackaged(path: string): boolean {
  return path.includes("/node_modules/");
}

/** The directories in which a file's packages are looked for. */
function packageDirectories(file: string): string[] {
  return [...new Set(above(file, "node_modules").map(realPath))];
}

/** The package.json files that define names beginning with `#`. */
function descriptionsOf(file: string): string[] {
  return above(file, "package.json");
}

/** The files or directories of a name that exist in the directories above a file. */
function above(file: string, name: string): string[] {
  const found = new Set<string>();
  for (const path of [file, realPath(file)]) {
    for (let directory = dirname(path);; directory = dirname(directory)) {
      if (existsSync(join(directory, name))) found.add(join(directory, name));
      if (directory === "/" || directory === ".") break;
    }
  }
  return [...found];
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return []; // What cannot be read cannot be imported. Or it is a file that a link leads to, which has been checked.
  }
}
