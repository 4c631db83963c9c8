/** Init scripts as a source of jobs: read when init starts, and again when something has changed that they depend on. */

import { LEVELS, type Steps } from "../../../compat/sysv/mod.ts";
import { type Diagnostic, formatDiagnostic } from "../../formats/diagnostic.ts";
import { ifAllowed } from "../../sys/call/refused.ts";
import { watchDirectory } from "../../sys/io/inotify.ts";
import { Dependencies } from "../dependencies.ts";
import type { JobRegistry } from "../job_registry.ts";
import type { Precedence } from "../layered_index.ts";
import { levelDirectories, type ScanOptions, type ScanResult, ScriptScanner } from "./script_scan.ts";

/** The options of {@link ScriptSource}. */
export interface ScriptSourceOptions extends ScanOptions {
  registry: JobRegistry;
  /** Behind all configuration directories: a job file goes before a script of its name. */
  precedence: Precedence;
  /** Tells what is wrong. */
  onDiagnostic(diagnostic: Diagnostic): void;
  /** Called when {@link ScriptSource.work} has something to do. */
  onWork(): void;
}

/** After a change init waits for more of them, in ms: a program may make dozens of links. */
const QUIET_TIME = 50;

/** So many warnings about a file are told. */
const MAX_WARNINGS = 20;

/** The jobs of init scripts. */
export class ScriptSource {
  readonly #scanner: ScriptScanner;
  readonly #watches = new Map<string, { close(): void }>();
  /** Directories that may come, go, or be swapped for others, and insserv.conf. */
  readonly #paths = new Dependencies(() => this.#changed());
  /** The jobs as they were defined last, by the paths of their scripts. */
  readonly #defined = new Map<string, { name: string; text: string }>();
  #scan: Steps<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What is wrong with the scripts themselves. */
  #problems: Diagnostic[] = [];
  /** What is wrong with them beside the jobs of files, when all have been read. */
  #besideJobs: Diagnostic[] = [];
  #missing: ScanResult["missing"] = [];
  #told = new Set<string>();
  #isClosed = false;

  constructor(private readonly options: ScriptSourceOptions) {
    this.#scanner = new ScriptScanner(options);
  }

  /** Has everything read, from the beginning. */
  begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#watch();
    this.#scan = this.#read();
    this.options.onWork();
  }

  /** The same, and has everything told again that is wrong. */
  reload(): void {
    this.#told.clear();
    this.begin();
  }

  /** Works until a time (performance.now). True when there is nothing left to do. */
  work(until: number): boolean {
    while (this.#scan) {
      if (this.#scan.next().done) this.#scan = undefined;
      if (performance.now() > until) break;
    }
    return this.#scan === undefined;
  }

  /** What is wrong. */
  problems(): readonly Diagnostic[] {
    return [...this.#problems, ...this.#besideJobs];
  }

  /**
   * All jobs have been read, those of files too: tells of scripts in whose place a job file counts, and of names that scripts
   * require and that no job has or provides.
   */
  settle(): void {
    this.#besideJobs = bounded([...this.#shadowed(), ...this.#unprovided()]);
    this.#tell(this.#besideJobs);
    // Only now is it known what is wrong no more.
    this.#told = new Set(this.problems().map(formatDiagnostic));
  }

  #unprovided(): Diagnostic[] {
    if (this.#missing.length === 0) return [];
    const provided = this.options.registry.provided();
    return this.#missing.filter(({ name }) => !provided.has(name)).map(({ script, name, file, line }) => ({
      file,
      line,
      reason: `Required-Start: no init script or job provides ${name}; ${script} is started without`,
      isWarning: true,
    }));
  }

  close(): void {
    this.#isClosed = true;
    this.#scan = undefined;
    clearTimeout(this.#timer);
    for (const watch of this.#watches.values()) watch.close();
    this.#watches.clear();
    this.#paths.close();
  }

  /** Something has changed: all is read again soon. What is being read now is read to its end first. */
  #changed(): void {
    if (this.#isClosed || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#scan) this.#changed();
      else this.begin();
    }, QUIET_TIME);
  }

  /** Watches all directories anew: one may have come, or another one may be in its place. */
  #watch(): void {
    const { places } = this.options;
    const levels = LEVELS.flatMap((level) => levelDirectories(places, level));
    const directories = [places.scripts, `${places.config}.d`, places.overrides, ...levels];
    this.#paths.set("places", [places.config, ...directories]);
    for (const path of directories) {
      const before = this.#watches.get(path);
      const watch = ifAllowed(() => watchDirectory(path, () => this.#changed()));
      before?.close();
      if (watch) this.#watches.set(path, watch);
      else this.#watches.delete(path);
    }
  }

  *#read(): Steps<void> {
    const result = yield* this.#scanner.scan();
    if ("reason" in result) {
      // What was read before stays.
      this.#problems = [result];
      return this.#tell(this.#problems);
    }
    const { registry, precedence } = this.options;
    const gone = new Set(this.#defined.keys());
    for (const job of result.jobs) {
      yield;
      gone.delete(job.source);
      const text = JSON.stringify(job);
      if (this.#defined.get(job.source)?.text === text) continue;
      this.#defined.set(job.source, { name: job.name, text });
      registry.define(job.source, precedence, [job]);
    }
    for (const path of gone) {
      this.#defined.delete(path);
      registry.remove(path);
    }
    this.#problems = bounded(result.problems);
    this.#missing = result.missing;
    this.#tell(this.#problems);
  }

  #shadowed(): Diagnostic[] {
    const { registry, precedence } = this.options;
    const shadowed = Array.from(this.#defined).filter(([, { name }]) =>
      registry.goesBefore(name, precedence)
    );
    return shadowed.map(([file]) => ({
      file,
      reason: "Init script is not used: a job file of its name goes before it",
      isWarning: true,
    }));
  }

  #tell(problems: readonly Diagnostic[]): void {
    for (const problem of problems) {
      const text = formatDiagnostic(problem);
      if (!this.#told.has(text)) this.options.onDiagnostic(problem);
      this.#told.add(text);
    }
  }
}

/** The problems without the warnings about a file that are too many: how many these are is one more. */
function bounded(problems: readonly Diagnostic[]): Diagnostic[] {
  const counts = new Map<string, number>();
  const kept = problems.filter(({ file, isWarning }) => {
    if (!isWarning) return true;
    const count = (counts.get(file) ?? 0) + 1;
    counts.set(file, count);
    return count <= MAX_WARNINGS;
  });
  for (const [file, count] of counts) {
    if (count <= MAX_WARNINGS) continue;
    kept.push({ file, reason: `${count - MAX_WARNINGS} more warnings about this file`, isWarning: true });
  }
  return kept;
}
