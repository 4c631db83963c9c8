/**
 * The running configuration: reads the configuration directories, keeps what they define up to date while
 * init runs, and tells of every job that has a new definition or none any more.
 *
 * Events only say which file to look at; its state on disk counts then. Files are looked at
 * in slices, so that many of them hold up nothing else, and all that one look found is told at once.
 */

import { COMPILED_IN as COMPILED_IN_PREFIX } from "../author/protocol.ts";
import type { DefinitionChange } from "../engine/effects.ts";
import type { Diagnostic } from "../formats/diagnostic.ts";
import type { JobFormat } from "../formats/format.ts";
import type { JobDefinition } from "../model/job.ts";
import { errorReason } from "../sys/call/errno.ts";
import type { Evaluate } from "./evaluation/evaluator.ts";
import { EvaluationQueue } from "./evaluation/queue.ts";
import { FORMATS } from "./formats.ts";
import { JobFiles, type TouchedFile } from "./job_files.ts";
import { JobRegistry } from "./job_registry.ts";
import { type ConfigurationSource, type KnownFile, nameProblem, sourcesOf } from "./known_files.ts";
import { COMPILED_IN } from "./layered_index.ts";
import {
  type BrokenJob,
  brokenJobsOf,
  type ConfigurationContents,
  type ConfigurationProblem,
  missedFor,
  missingDirectories,
  problemsOf,
  problemsOfJob,
  unknownDefinitions,
} from "./problems.ts";
import { Reporter } from "./reporter.ts";
import { RunscriptSource } from "./openrc/runscript_source.ts";
import type { Places } from "./sysv/scripts.ts";
import { ScriptSource } from "./sysv/script_source.ts";
import { WatchedDirectory } from "./watched_directory.ts";
import { WithheldJob } from "./withheld_job.ts";

/** The options of a {@link Configuration}. */
export interface ConfigurationOptions {
  /** The configuration directories, the one that goes first in front. Used as written, also in messages. */
  directories: readonly string[];
  /** Those of the directories that somebody has named, and so expects to be there. */
  expected?: readonly string[];
  /** The formats of job files. Default: all that there are. */
  formats?: readonly JobFormat[];
  /** Names of compiled-in jobs, which any directory may replace or override. */
  compiledIn?: readonly string[];
  /** Evaluates job modules; where it is absent they are passed over. */
  evaluate?: Evaluate;
  /** The delay before a module is evaluated again after a shortage of resources, in ms. Default 10,000. */
  retryDelay?: number;
  /** How files are treated that somebody else can write. Where it is absent, only the evaluation of modules asks who can. */
  untrusted?: "refused" | "warned of";
  /** A job that exists without a file. While one of its files has a problem, its definition is withheld. */
  withheld?: JobDefinition;
  /** Where init scripts are that are jobs. Absent: there are none. */
  scripts?: Places;
  /** Has OpenRC's scripts, which are jobs, read by a child. Absent: there are none. */
  runscripts?: Evaluate;
  /** Called with the definitions that are new, changed or gone (undefined). */
  onChanges(changes: DefinitionChange[]): void;
  /** Called with everything that is wrong, once when it is found and again at each reload. */
  onDiagnostic(diagnostic: Diagnostic): void;
  /** Receives exceptions of our own code. What they concern counts as broken, or goes on without. */
  onFault?(where: string, error: unknown): void;
}

/** How long files are looked at before other work gets its turn, in milliseconds. */
const SLICE = 5;

/** How often the time that reading a directory takes is left to other work, where changes are lost again and again. */
const RESTS = 10;

/** The running configuration. */
export class Configuration {
  readonly #formats: readonly JobFormat[];
  readonly #reporter: Reporter;
  readonly #evaluations: EvaluationQueue;
  readonly #registry: JobRegistry;
  readonly #files: JobFiles;
  readonly #directories: WatchedDirectory[];
  /** The files that are to be looked at, by their paths. */
  readonly #touched = new Map<string, TouchedFile>();
  /** Directories that are gone, or were read anew: their files are to be looked at. */
  readonly #gone = new Set<string>();
  /** The directories whose changes were lost, until they are read anew. */
  readonly #overflowed = new Map<WatchedDirectory, ReturnType<typeof setTimeout>>();
  /** How long is waited until such a directory is read, in ms. */
  #rest = 0;
  readonly #withheldJob: WithheldJob | undefined;
  readonly #scripts: ScriptSource | undefined;
  readonly #runscripts: RunscriptSource | undefined;
  #scheduled = false;
  #closed = false;
  #waiting: Array<() => void> = [];

  constructor(private readonly options: ConfigurationOptions) {
    const { directories, formats = FORMATS, evaluate, retryDelay, untrusted, withheld, onDiagnostic } =
      options;
    this.#formats = formats;
    this.#reporter = new Reporter(onDiagnostic);
    this.#registry = new JobRegistry((file, error) => this.#files.overridden(file, error));
    this.#evaluations = new EvaluationQueue({
      evaluate,
      retryDelay,
      onWork: () => this.#schedule(),
      onOutcome: (outcome, began) => this.#files.evaluated(outcome, began),
      onDiagnostic,
      onFault: (error) => options.onFault?.("the evaluation of modules", error),
    });
    this.#files = new JobFiles({
      directories,
      formats,
      untrusted,
      areModulesRead: evaluate !== undefined,
      registry: this.#registry,
      evaluations: this.#evaluations,
      reporter: this.#reporter,
      onTouched: (path) => this.#touch(path),
      onFault: (error) => options.onFault?.("the reading of job files", error),
    });
    this.#directories = directories.map((root, number) => this.#watch(root, number));
    this.#scripts = options.scripts && new ScriptSource({
      places: options.scripts,
      untrusted,
      registry: this.#registry,
      precedence: { directory: directories.length, rank: 0 },
      onDiagnostic,
      onWork: () => this.#schedule(),
    });
    this.#runscripts = options.runscripts && new RunscriptSource({
      evaluate: options.runscripts,
      registry: this.#registry,
      precedence: { directory: directories.length, rank: 0 },
      onDiagnostic,
      onWork: () => this.#schedule(),
      onFault: (error) => options.onFault?.("the reading of runscripts", error),
    });
    if (!withheld) return;
    this.#registry.define(withheld.source, { directory: COMPILED_IN, rank: 0 }, [withheld]);
    this.#withheldJob = new WithheldJob(withheld, () => this.problemsOfJob(withheld.name).length === 0);
  }

  /**
   * Reads everything. Files of formats have been read and told of when it returns; the promise resolves when the
   * modules have been evaluated too.
   *
   * @param inSlices True: everything is read later, and other work gets its turn in between.
   */
  load(inSlices = false): Promise<void> {
    // A directory that disappears later is reported by its watcher.
    for (const missing of missingDirectories(this.options.expected)) this.#reporter.tellOnce(missing);
    for (const directory of this.#directories) directory.scan();
    this.#scripts?.begin();
    this.#runscripts?.begin();
    for (const name of this.options.compiledIn ?? []) this.#evaluations.add(COMPILED_IN_PREFIX + name);
    if (!inSlices) this.#work(Infinity);
    return this.#settled();
  }

  /** Reads everything again and tells of errors again; resolves when all that it found is in force. */
  reload(): Promise<void> {
    this.#reporter.reset();
    for (const directory of this.#directories) directory.scan();
    for (const path of this.#files.known.keys()) this.#touch(path);
    for (const touched of this.#touched.values()) touched.again = true;
    this.#scripts?.reload();
    this.#runscripts?.begin();
    this.#schedule();
    return this.#settled();
  }

  /**
   * Tells that jobs are gone which no file defines, except those whose own file has a problem now: for a configuration that
   * was read anew while the jobs of an earlier one are in force. Directed jobs are no file's.
   */
  forgetMissing(jobs: Iterable<{ definition: JobDefinition }>): void {
    const gone = Array.from(jobs, ({ definition }) => definition).filter(({ name, source, directed }) =>
      !directed && this.#registry.definition(name) === undefined && !this.#files.known.get(source)?.problem
    );
    if (gone.length > 0) this.options.onChanges(gone.map(({ name }) => ({ name, definition: undefined })));
  }

  /** What is wrong with a file whose last good definition of a job is in force. */
  problem(job: string): Diagnostic | undefined {
    const broken = this.#registry.brokenFiles(job).map((file) => this.#files.known.get(file)?.problem);
    return broken.find((problem) => problem !== undefined) ?? missedFor(job, this.#contents);
  }

  /** The file that overrides what the job's own file says. */
  overrideOf(job: string): string | undefined {
    return this.#registry.overrideOf(job);
  }

  /** All that is wrong with files and directories, and whether something is missing for it. */
  problems(): ConfigurationProblem[] {
    const scripts = [...this.#scripts?.problems() ?? [], ...this.#runscripts?.problems() ?? []];
    return [
      ...problemsOf(this.#contents),
      ...scripts.map((diagnostic) => ({ diagnostic, isMissed: !diagnostic.isWarning })),
    ];
  }

  /** The jobs that are missing because of the problem of a file. */
  brokenJobs(): BrokenJob[] {
    return brokenJobsOf(this.#contents);
  }

  /** Problems because of which the job's files are not fully known, even where an earlier definition is in force. */
  problemsOfJob(job: string): Diagnostic[] {
    return [
      ...problemsOfJob(job, this.#contents),
      ...unknownDefinitions(job, this.#contents),
      ...this.#files.compiledInProblems(),
    ];
  }

  /** The directories, and the files in each that define or override jobs. */
  sources(): ConfigurationSource[] {
    return sourcesOf(this.options.directories, this.#files.known);
  }

  /** Kills what evaluates modules, and evaluates none any more: init is to stop, and its jobs are what they are. */
  endEvaluations(): void {
    this.#evaluations.close();
    this.#runscripts?.end();
  }

  /** Stops watching, and kills what evaluates modules; nothing is told any more. */
  close(): void {
    this.#closed = true;
    for (const directory of this.#directories) directory.close();
    this.#files.close();
    this.#scripts?.close();
    this.#runscripts?.close();
    this.#touched.clear();
    this.#gone.clear();
    for (const timer of this.#overflowed.values()) clearTimeout(timer);
    this.#overflowed.clear();
    this.#evaluations.close();
    this.#finish();
  }

  get #contents(): ConfigurationContents {
    return {
      formats: this.#formats,
      files: this.#files.known,
      directories: this.#directories,
      expected: this.options.expected,
      registry: this.#registry,
    };
  }

  #watch(root: string, number: number): WatchedDirectory {
    const directory: WatchedDirectory = new WatchedDirectory(root, {
      followsLink: (relative) => {
        const file = this.#files.claim(number, relative);
        return file?.format !== undefined && file.kind === "definition";
      },
      onTouched: (relative, isListed) =>
        this.#touchFile(directory.path(relative), this.#files.claim(number, relative), isListed),
      onDirectoryGone: (relative) => {
        this.#gone.add(directory.path(relative));
        this.#schedule();
      },
      onRootGone: () => this.#reporter.tell({ file: root, reason: "Configuration directory deleted" }),
      onRootBack: () => this.#rescan(directory),
      onOverflow: () => this.#rescanSoon(directory),
      onProblem: (file, error) => this.#reporter.tellOnce({ file, reason: errorReason(error) }),
    });
    return directory;
  }

  #rescan(directory: WatchedDirectory): void {
    directory.scan();
    this.#gone.add(directory.root);
    this.#schedule();
  }

  /** Reads a directory anew whose changes were lost. Where they come faster than that can be done, it rests in between. */
  #rescanSoon(directory: WatchedDirectory): void {
    if (this.#overflowed.has(directory)) return;
    const timer = setTimeout(() => {
      this.#overflowed.delete(directory);
      const began = performance.now();
      try {
        this.#rescan(directory);
      } catch (error) {
        this.options.onFault?.("the reading of a configuration directory", error);
      }
      this.#rest = RESTS * (performance.now() - began);
    }, this.#rest);
    this.#overflowed.set(directory, timer);
  }

  /** Touches all files that were below directories which are gone. */
  #touchGone(): void {
    if (this.#gone.size === 0) return;
    for (const path of this.#files.known.keys()) {
      for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
        if (this.#gone.has(path.slice(0, end))) this.#touch(path);
      }
    }
    this.#gone.clear();
  }

  /** A directory has told of a file. Nobody reads it, or not any more, where it is not claimed. */
  #touchFile(path: string, file: KnownFile | undefined, isListed: boolean): void {
    const problem = file && nameProblem(file.name);
    if (problem !== undefined) this.#reporter.tellOnce({ file: path, reason: problem });
    else if (file || this.#files.known.has(path)) this.#touch(path, file, isListed);
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
    this.#files.beginSlice();
    this.#touchGone();
    for (const [path, touched] of this.#touched) {
      this.#touched.delete(path);
      this.#files.look(path, touched);
      if (performance.now() > end) break;
    }
    if (this.#touched.size > 0 || !(this.#scripts?.work(end) ?? true)) return this.#schedule();
    this.#publish();
    if (!this.#closed && !this.#evaluations.next() && !this.#runscripts?.isReading) this.#finish();
  }

  /** A fault in it must not keep the rest from being read. */
  #publish(): void {
    try {
      const changes = this.#registry.changes();
      const told = this.#withheldJob ? this.#withheldJob.filter(changes) : changes;
      if (told.length > 0) this.options.onChanges(told);
    } catch (error) {
      this.options.onFault?.("the change of definitions", error);
    }
  }

  /** Resolves when there is nothing left to look at or to evaluate. */
  #settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#schedule();
    });
  }

  #finish(): void {
    if (!this.#closed) {
      this.#withheldJob?.release();
      this.#publish();
      this.#scripts?.settle();
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
