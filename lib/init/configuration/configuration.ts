/**
 * The running configuration: reads the configuration directories, keeps what they define up to date while
 * init runs, and tells of every job that has a new definition or none any more.
 *
 * Events only say which file to look at; what counts is always what is on disk then. Files are looked at
 * in slices, so that many of them hold up nothing else, and all that one look found is told at once.
 */

import * as fs from "node:fs";
import { dirname, resolve } from "node:path";
import { ParseError } from "../../../compat/upstart/error.ts";
import { applyOverride, parseConf } from "../../../compat/upstart/parse.ts";
import { COMPILED_IN as COMPILED_IN_PREFIX } from "../../author/protocol.ts";
import { emptyJob, type JobDefinition } from "../../model/job.ts";
import { Catalogue, type Change, COMPILED_IN, type Place } from "./catalogue.ts";
import { Dependencies, FilesAsOf } from "./dependencies.ts";
import type { Evaluate, ModuleOutcome } from "./evaluation.ts";
import {
  classify,
  errorReason,
  type FileKind,
  type Found,
  nameProblem,
  readListed,
  readSource,
  trustProblem,
} from "./files.ts";
import type { Report } from "./report.ts";
import { Tree } from "./tree.ts";

/** What a {@link Configuration} is made of. */
export interface ConfigurationOptions {
  /** The configuration directories, the one that goes first in front. Used as written, also in messages. */
  directories: readonly string[];
  /** Names of compiled-in jobs, which any directory may replace or override. */
  compiledIn?: readonly string[];
  /** Evaluates job modules; where it is absent they are passed over. */
  evaluate?: Evaluate;
  /** Called with the definitions that are new, changed or gone (undefined). */
  onChanges(changes: Change[]): void;
  /** Called with everything that is wrong, once when it is found and again at each reload. */
  onReport(report: Report): void;
}

/** A file that may define a job. */
interface KnownFile {
  kind: FileKind;
  name: string;
  place: Place;
  /** What it held when it was read last; undefined for modules and what could not be read. */
  text: string | undefined;
  /** The module and what it imports, as they were evaluated last. */
  evaluated: FilesAsOf | undefined;
  /** What is wrong with it. */
  problem: Report | undefined;
}

/** A file to look at. */
interface Touched {
  /** The file as it would be known, where its tree has told of it. */
  file: KnownFile | undefined;
  /** True when it was a regular file as its directory was read. */
  isListed: boolean;
  /** True where errors are to be told again. */
  again: boolean;
}

/** How long files are looked at before other work gets its turn, in milliseconds. */
const SLICE = 5;

/** Within a directory, modules go before classic files of the same name. */
const RANK: Record<FileKind, number> = { module: 0, conf: 1, override: 0 };

/** The running configuration. */
export class Configuration {
  readonly #catalogue = new Catalogue();
  readonly #trees: Tree[];
  readonly #links = new Dependencies((path) => this.#touch(path));
  readonly #imports = new Dependencies((module) => this.#evaluateLater(module));
  /** The files that are there. */
  readonly #files = new Map<string, KnownFile>();
  readonly #touched = new Map<string, Touched>();
  readonly #modules = new Set<string>();
  #evaluating = false;
  #scheduled = false;
  #closed = false;
  #waiting: Array<() => void> = [];

  constructor(private readonly options: ConfigurationOptions) {
    this.#trees = options.directories.map((root, directory) => this.#tree(root, directory));
  }

  /**
   * Reads everything. Classic files have been read and told of when it returns; the promise resolves when the
   * modules have been evaluated too.
   */
  load(): Promise<void> {
    for (const tree of this.#trees) tree.scan();
    for (const name of this.options.compiledIn ?? []) this.#modules.add(COMPILED_IN_PREFIX + name);
    this.#work(Infinity);
    return this.#settled();
  }

  /** Reads everything again and tells of errors again; resolves when all that it found is in force. */
  reload(): Promise<void> {
    for (const tree of this.#trees) tree.scan();
    for (const path of this.#files.keys()) this.#touch(path);
    for (const touched of this.#touched.values()) touched.again = true;
    this.#schedule();
    return this.#settled();
  }

  /** What is wrong with a file whose last good definition of a job is in force. */
  problem(job: string): Report | undefined {
    const broken = this.#catalogue.brokenFiles(job).map((file) => this.#files.get(file)?.problem);
    return broken.find((report) => report !== undefined);
  }

  /** Stops watching; nothing is told any more. */
  close(): void {
    this.#closed = true;
    for (const tree of this.#trees) tree.close();
    this.#links.close();
    this.#imports.close();
    this.#touched.clear();
    this.#modules.clear();
    this.#finish();
  }

  #tree(root: string, directory: number): Tree {
    const place = (kind: FileKind): Place => ({ directory, rank: RANK[kind] });
    const places = { module: place("module"), conf: place("conf"), override: place("override") };
    const tree: Tree = new Tree(root, {
      onTouched: (relative, isListed) => {
        const found = classify(relative);
        if (!found) return;
        const { kind, name } = found;
        const file = {
          kind,
          name,
          place: places[kind],
          text: undefined,
          evaluated: undefined,
          problem: undefined,
        };
        this.#touch(tree.path(relative), file, isListed);
      },
      onDirectoryGone: (relative) => this.#touchBelow(tree.path(relative)),
      onRootGone: () => this.options.onReport({ file: root, reason: "Configuration directory deleted" }),
      onRootBack: () => this.#rescan(tree),
      onOverflow: () => this.#rescan(tree),
      onProblem: (file, error) => this.options.onReport({ file, reason: errorReason(error) }),
    });
    return tree;
  }

  #rescan(tree: Tree): void {
    tree.scan();
    this.#touchBelow(tree.root);
  }

  #touchBelow(directory: string): void {
    for (const path of this.#files.keys()) if (path.startsWith(`${directory}/`)) this.#touch(path);
  }

  #touch(path: string, file?: KnownFile, isListed = false): void {
    const touched = this.#touched.get(path);
    if (!touched) this.#touched.set(path, { file, isListed, again: false });
    else if (file) {
      touched.file = file;
      touched.isListed = isListed;
    }
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#closed) this.#work(SLICE);
    });
  }

  /** Looks at touched files for some milliseconds, then tells what is new if none are left. */
  #work(milliseconds: number): void {
    const end = performance.now() + milliseconds;
    for (const [path, touched] of this.#touched) {
      this.#touched.delete(path);
      this.#look(path, touched);
      if (performance.now() > end) break;
    }
    if (this.#touched.size > 0) return this.#schedule();
    this.#publish();
    this.#evaluateNext();
  }

  #publish(): void {
    const changes = this.#catalogue.changes();
    if (changes.length > 0) this.options.onChanges(changes);
  }

  #look(path: string, { file: told, isListed, again }: Touched): void {
    const known = this.#files.get(path);
    const file = known ?? told;
    if (!file) return;
    const { kind } = file;
    const found = isListed && kind !== "module" ? readListed(path) : readSource(path, kind !== "module");
    this.#links.set(path, found.isLink ? targets(path, found) : NO_FILES);
    if (found.state === "absent" || found.state === "special") return this.#forget(path);
    if (!known && !this.#add(path, file)) return;
    if (found.state === "dangling") this.#dangle(path, file, found.reason);
    else if (found.state === "unreadable") this.#unreadable(path, file, found.reason, again);
    else if (kind === "module") this.#readModule(path, file, found.status, again);
    else this.#readText(path, file, found.text, again);
  }

  /** False for a file that can be none of ours. */
  #add(path: string, file: KnownFile): boolean {
    const reason = nameProblem(file.name);
    if (reason) this.options.onReport({ file: path, reason });
    else this.#files.set(path, file);
    return reason === undefined;
  }

  #forget(path: string): void {
    this.#files.delete(path);
    this.#empty(path);
  }

  #empty(path: string): void {
    this.#modules.delete(path);
    this.#imports.set(path, []);
    this.#catalogue.remove(path);
  }

  /** A link to nothing is remembered for what it may lead to later. */
  #dangle(path: string, file: KnownFile, reason: string): void {
    file.text = undefined;
    this.#empty(path);
    this.options.onReport({ file: path, reason });
  }

  #unreadable(path: string, file: KnownFile, reason: string, again: boolean): void {
    file.text = undefined;
    this.#break(path, file, { file: path, reason }, again);
  }

  #readText(path: string, file: KnownFile, text: string, again: boolean): void {
    if (file.text === text && !(file.problem && again)) return;
    file.text = text;
    try {
      if (file.kind === "conf") this.#catalogue.define(path, file.place, [parseConf(text, path, file.name)]);
      else this.#override(path, file, text);
      file.problem = undefined;
    } catch (error) {
      this.#break(path, file, parseReport(path, error), true);
    }
  }

  #override(path: string, file: KnownFile, text: string): void {
    // Whether it can be understood does not depend on what it is applied to.
    applyOverride(emptyJob(file.name, path), text, path);
    const override = (definition: JobDefinition) => applyOverride(definition, text, path);
    this.#catalogue.override(path, file.place, file.name, override);
  }

  #break(path: string, file: KnownFile, report: Report, tell: boolean): void {
    this.#catalogue.break(path);
    if (tell || !file.problem) this.options.onReport(report);
    file.problem = report;
  }

  #readModule(path: string, file: KnownFile, status: fs.Stats, again: boolean): void {
    if (!this.options.evaluate) return;
    const problem = trustProblem(status);
    if (problem) return this.#break(path, file, { file: path, reason: problem }, again);
    if (file.evaluated?.isCurrent() && !(file.problem && again)) return;
    this.#evaluateLater(path);
  }

  #evaluateLater(module: string): void {
    this.#modules.add(module);
    this.#schedule();
  }

  #evaluateNext(): void {
    if (this.#evaluating || this.#closed) return;
    if (this.#modules.size === 0 || !this.options.evaluate) return this.#finish();
    const modules = [...this.#modules];
    this.#modules.clear();
    this.#evaluating = true;
    const began = Date.now();
    const done = this.options.evaluate(modules, (outcome) => this.#evaluated(outcome, began));
    const next = () => {
      this.#evaluating = false;
      this.#schedule();
    };
    done.then(next, next);
  }

  #evaluated({ module, imports, jobs, report }: ModuleOutcome, began: number): void {
    if (this.#closed) return;
    const compiledIn = module.startsWith(COMPILED_IN_PREFIX);
    const file = this.#files.get(module);
    if (!file && !compiledIn) return;
    if (!compiledIn) this.#imports.set(module, imports);
    if (file) file.evaluated = new FilesAsOf(began, [module, ...imports]);
    if (jobs) {
      this.#catalogue.define(module, file?.place ?? { directory: COMPILED_IN, rank: 0 }, jobs);
      if (file) file.problem = undefined;
    } else {
      this.#catalogue.break(module);
      this.options.onReport(report);
      if (file) file.problem = report;
    }
    this.#schedule();
  }

  /** Resolves when there is nothing left to look at or to evaluate. */
  #settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#schedule();
    });
  }

  #finish(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

const NO_FILES: readonly string[] = [];

/** The file that a link leads to, or would lead to: changes of it happen elsewhere. */
function targets(link: string, found: Found): string[] {
  try {
    if (found.state === "regular") return [fs.realpathSync(link)];
    return [resolve(fs.realpathSync(dirname(link)), fs.readlinkSync(link))];
  } catch {
    return []; // It is gone meanwhile, or a loop of links: there is nothing to watch.
  }
}

function parseReport(file: string, error: unknown): Report {
  if (!(error instanceof ParseError)) return { file, reason: (error as Error).message };
  return {
    file: error.file,
    ...(error.line === undefined ? {} : { line: error.line }),
    reason: error.reason,
  };
}
