/**
 * The reader of a configuration's files: looks at each that is touched, has its format parse it or its module evaluated,
 * and enters the result into the registry. The last good definition of a file that is broken stays in force.
 */

import { isFault } from "../sys/call/fault.ts";
import { resolve } from "node:path";
import { COMPILED_IN as COMPILED_IN_PREFIX } from "../author/protocol.ts";
import { asSeenFrom, type Diagnostic, diagnosticOf } from "../formats/diagnostic.ts";
import type { JobFile, JobFormat } from "../formats/format.ts";
import { emptyJob } from "../model/job.ts";
import { Trust } from "../sys/access/trust.ts";
import { Dependencies, FilesAsOf, type SeenLinks } from "./dependencies.ts";
import type { ModuleOutcome } from "./evaluation/evaluator.ts";
import { INTERNAL_ERROR } from "./evaluation/outcome.ts";
import type { EvaluationQueue } from "./evaluation/queue.ts";
import { readListed, readSource, type RegularFile } from "./files.ts";
import type { JobRegistry } from "./job_registry.ts";
import {
  claimOf,
  DirectoryFile,
  isReadAlike,
  type KnownFile,
  type KnownFiles,
  newFile,
} from "./known_files.ts";
import { COMPILED_IN, type Precedence } from "./layered_index.ts";
import type { Reporter } from "./reporter.ts";

/** The options of {@link JobFiles}. */
interface JobFilesOptions {
  /** The configuration directories in their order. */
  directories: readonly string[];
  formats: readonly JobFormat[];
  /** How files are treated that somebody else can write; where it is absent nobody asks who can. */
  untrusted: "refused" | "warned of" | undefined;
  /** False where job modules are passed over. */
  areModulesRead: boolean;
  registry: JobRegistry;
  evaluations: EvaluationQueue;
  reporter: Reporter;
  /** Called with a file that is to be looked at again, because what it is a link to has changed. */
  onTouched(path: string): void;
  /** Receives exceptions of our own code. The file counts as broken. */
  onFault?(error: unknown): void;
}

/** A file that is to be looked at. */
export interface TouchedFile {
  /** The file as it would be known, where its directory has told of it. */
  file: KnownFile | undefined;
  /** True when it was a regular file as its directory was read. */
  isListed: boolean;
  /** True where errors are to be told again. */
  again: boolean;
}

/** The files that define and override jobs. */
export class JobFiles {
  readonly #known = new Map<string, KnownFile>();
  readonly #links: Dependencies;
  readonly #imports: Dependencies;
  /** The compiled-in modules that could not be evaluated, and why. */
  readonly #brokenCompiledIn = new Map<string, Diagnostic>();
  /** By the directory's number and the rank. */
  readonly #precedences: Precedence[][] = [];
  /** Whom files can be written by, as of the present slice of work. */
  #trust: Trust | undefined;
  /** Where links lead, likewise. */
  #seenLinks: SeenLinks = new Map();

  constructor(private readonly options: JobFilesOptions) {
    this.#links = new Dependencies((path) => options.onTouched(path));
    this.#imports = new Dependencies((module) => options.evaluations.add(module));
  }

  /** The files that are there, by their paths. */
  get known(): KnownFiles {
    return this.#known;
  }

  /** What is wrong with jobs that are compiled in. */
  compiledInProblems(): Diagnostic[] {
    return [...this.#brokenCompiledIn.values()];
  }

  /** Forgets what was seen of links and of who can write files: it may have changed since the last slice of work. */
  beginSlice(): void {
    this.#trust = undefined;
    this.#seenLinks = new Map();
  }

  /** Stops watching what files depend on. */
  close(): void {
    this.#links.close();
    this.#imports.close();
  }

  /** The file at a path below the directory of this number as it would be known; undefined where nobody reads it. */
  claim(directory: number, relative: string): KnownFile | undefined {
    try {
      return this.#claim(directory, relative);
    } catch (error) {
      this.options.onFault?.(error);
      return this.#known.get(`${this.options.directories[directory]}/${relative}`);
    }
  }

  #claim(directory: number, relative: string): KnownFile | undefined {
    const { directories, formats } = this.options;
    const claim = claimOf(formats, new DirectoryFile(directories[directory]!, relative));
    return claim && newFile(claim, this.#precedence(directory, claim.rank));
  }

  #claimAgain(path: string, { precedence: { directory } }: KnownFile): KnownFile | undefined {
    return this.#claim(directory, path.slice(this.options.directories[directory]!.length + 1));
  }

  /** All files of one rank share it. */
  #precedence(directory: number, rank: number): Precedence {
    const ranks = this.#precedences[directory] ??= [];
    return ranks[rank] ??= { directory, rank };
  }

  /** Looks at a file and notes what it says now. Where a fault of ours keeps it from that, the file counts as broken. */
  look(path: string, touched: TouchedFile): void {
    try {
      this.#look(path, touched);
    } catch (error) {
      this.options.onFault?.(error);
      const file = this.#known.get(path) ?? touched.file;
      if (!file) return;
      this.#known.set(path, file);
      this.#unreadable(path, file, INTERNAL_ERROR, true);
    }
  }

  #look(path: string, { file: told, isListed, again }: TouchedFile): void {
    const before = this.#known.get(path);
    // How it begins may make it a file of another format now, or of none.
    const now = before ? this.#claimAgain(path, before) : told;
    const file = before && (!now || isReadAlike(before, now)) ? before : now;
    if (!file) return;
    if (before && file !== before) this.#empty(path);
    const isModule = file.format === undefined;
    const state = isListed && !isModule ? readListed(path) : readSource(path, !isModule);
    this.#links.set(path, state.isLink ? [resolve(path)] : NO_FILES, this.#seenLinks);
    if (state.state === "absent" || state.state === "special") return this.#forget(path);
    if (state.state === "regular" && !now) return this.#forget(path);
    this.#known.set(path, file);
    if (state.state === "dangling") this.#dangle(path, file, state.reason);
    else if (state.state === "unreadable") this.#unreadable(path, file, state.reason, again);
    else if (!this.#isTrusted(path, file, state, again)) return;
    else if (isModule) this.#readModule(path, file, again);
    else this.#readText(path, file, state.text, again);
  }

  /** Whether a file may count, by who can write it. Tells where somebody else can. */
  #isTrusted(path: string, file: KnownFile, { isLink, status }: RegularFile, again: boolean): boolean {
    const { untrusted, reporter } = this.options;
    if (!untrusted) return true;
    const problem = (this.#trust ??= new Trust()).problem(
      resolve(path),
      isLink ? { wasThere: true } : { status },
    );
    if (problem === undefined) return true;
    if (untrusted === "refused") {
      this.#unreadable(path, file, `File is not read: ${problem}`, again);
      return false;
    }
    // A directory has many files, and is warned of once.
    reporter.tellOnce({ file: path, reason: `File is read although ${problem}`, isWarning: true }, problem);
    return true;
  }

  #forget(path: string): void {
    this.#known.delete(path);
    this.#empty(path);
  }

  #empty(path: string): void {
    this.options.evaluations.remove(path);
    this.#imports.set(path, NO_FILES);
    this.options.registry.remove(path);
  }

  /** A link to nothing is remembered for what it may lead to later. */
  #dangle(path: string, file: KnownFile, reason: string): void {
    file.text = undefined;
    this.#empty(path);
    file.problem = { file: path, reason };
    this.options.reporter.tell(file.problem);
  }

  #unreadable(path: string, file: KnownFile, reason: string, again: boolean): void {
    file.text = undefined;
    this.#break(path, file, { file: path, reason }, again);
  }

  #readText(path: string, file: KnownFile, text: string, again: boolean): void {
    if (file.text === text && !(file.problem && again)) return;
    file.text = text;
    const { format, kind, name, precedence } = file;
    try {
      if (kind === "definition") {
        this.options.registry.define(path, precedence, format!.parse({ path, name, text }));
      } else this.#readOverride(format!, { path, name, text }, precedence);
      file.problem = undefined;
    } catch (error) {
      if (isFault(error)) throw error;
      this.#break(path, file, diagnosticOf(path, error), true);
    }
  }

  #readOverride(format: JobFormat, file: JobFile, precedence: Precedence): void {
    const { path, name } = file;
    // Whether it can be parsed does not depend on what it is applied to.
    format.applyOverride(emptyJob(name, path), file);
    this.options.registry.override(path, precedence, name, (job) => format.applyOverride(job, file));
  }

  /** Takes the error with which an override was passed over: it may be in order, and ask for more than the job may have. */
  overridden(path: string, error: Error | undefined): void {
    const file = this.#known.get(path);
    if (!file) return;
    if (error && isFault(error)) this.options.onFault?.(error);
    const why = error && isFault(error) ? INTERNAL_ERROR : error?.message;
    file.problem = error && { file: path, reason: `File is passed over: ${why}` };
    if (file.problem) this.options.reporter.tell(file.problem);
  }

  #break(path: string, file: KnownFile, diagnostic: Diagnostic, tell: boolean): void {
    this.options.registry.break(path);
    const isNew = file.problem?.reason !== diagnostic.reason;
    file.problem = diagnostic;
    if (tell || isNew) this.options.reporter.tell(diagnostic);
  }

  #readModule(path: string, file: KnownFile, again: boolean): void {
    if (!this.options.areModulesRead) return;
    if (file.evaluated?.isCurrent() && !(file.problem && again)) return;
    this.options.evaluations.add(path);
  }

  /**
   * Takes the outcome of a module's evaluation. Returns what is to be told.
   * @param began When the evaluation began, in milliseconds since 1970.
   */
  evaluated(outcome: ModuleOutcome, began: number): Diagnostic | undefined {
    const { module, imports, jobs, runAsOwner } = outcome, { registry } = this.options;
    const compiledIn = module.startsWith(COMPILED_IN_PREFIX);
    const file = this.#known.get(module);
    if (!file && !compiledIn) return undefined;
    // It has been removed meanwhile. That is no mistake, and is told of by whoever watches its directory.
    if (outcome.error && !compiledIn && isGone(module)) return undefined;
    if (!compiledIn) this.#imports.set(module, imports);
    if (file) file.evaluated = new FilesAsOf(began, [module, ...imports]);
    if (jobs) {
      registry.define(module, file?.precedence ?? { directory: COMPILED_IN, rank: 0 }, jobs, runAsOwner);
      if (file) file.problem = undefined;
      this.#brokenCompiledIn.delete(module);
      return undefined;
    }
    const diagnostic = asSeenFrom(module, outcome.error);
    if (compiledIn) this.#brokenCompiledIn.set(module, diagnostic);
    registry.break(module);
    const wasReported = outcome.isTemporary && file?.problem?.reason === diagnostic.reason;
    if (file) file.problem = diagnostic;
    return wasReported ? undefined : diagnostic;
  }
}

const NO_FILES: readonly string[] = [];

function isGone(path: string): boolean {
  const { state } = readSource(path, false);
  return state === "absent" || state === "dangling";
}
