/**
 * Runscripts as a source of jobs. A child of this executable reads them, as job modules are evaluated by one: when init
 * starts, and again when something has changed on which they depend.
 */

import { join } from "node:path";
import type { Diagnostic } from "../../formats/diagnostic.ts";
import { CONF_D, INIT_D, LOCAL_INIT_D, RC_CONF, RC_CONF_D } from "../../model/openrc/paths.ts";
import { COMPILED_IN as COMPILED_IN_PREFIX } from "../../author/protocol.ts";
import { ifAllowed } from "../../sys/call/refused.ts";
import { watchDirectory } from "../../sys/io/inotify.ts";
import { Dependencies } from "../dependencies.ts";
import type { Evaluate, ModuleOutcome } from "../evaluation/evaluator.ts";
import type { JobRegistry } from "../job_registry.ts";
import type { Precedence } from "../layered_index.ts";

/** The options of {@link RunscriptSource}. */
interface RunscriptSourceOptions {
  /** Has a child tell the jobs of all scripts, whatever module is named. */
  evaluate: Evaluate;
  registry: JobRegistry;
  /** Behind all configuration directories: a job file goes before a script of its name. */
  precedence: Precedence;
  /** Tells what is wrong. */
  onDiagnostic(diagnostic: Diagnostic): void;
  /** Called when definitions may have changed. */
  onWork(): void;
  onFault(error: unknown): void;
}

/** After a change init waits for more of them, in ms. */
const QUIET_TIME = 50;

/** Stands for all scripts, in place of a module. */
const ALL = `${COMPILED_IN_PREFIX}runscripts`;

const DIRECTORIES = [INIT_D, LOCAL_INIT_D, CONF_D, join(LOCAL_INIT_D, "..", "conf.d"), RC_CONF_D];

/** The jobs of runscripts. */
export class RunscriptSource {
  readonly #watches = new Map<string, { close(): void }>();
  readonly #paths = new Dependencies(() => this.#changed());
  /** The jobs as they were defined last, by the paths of their scripts, as text. */
  readonly #defined = new Map<string, string>();
  readonly #end = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isReading = false;
  #isStale = false;
  #problem: Diagnostic | undefined;

  constructor(private readonly options: RunscriptSourceOptions) {}

  /** True until what was begun has been read. */
  get isReading(): boolean {
    return this.#isReading || this.#isStale;
  }

  /** Has everything read, from the beginning. */
  begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#end.signal.aborted) return;
    if (this.#isReading) {
      this.#isStale = true;
      return;
    }
    this.#isReading = true;
    this.#isStale = false;
    this.#watch();
    const { evaluate, onFault, onWork } = this.options;
    Promise.try(() => evaluate([ALL], (outcome) => this.#take(outcome), this.#end.signal))
      .catch(onFault)
      .then(() => {
        this.#isReading = false;
        if (this.#isStale) this.begin();
        onWork();
      });
  }

  /** What is wrong. */
  problems(): readonly Diagnostic[] {
    return this.#problem ? [this.#problem] : [];
  }

  /** Ends the reading for ever: init is to stop. */
  end(): void {
    this.#end.abort();
    this.#isStale = false;
    clearTimeout(this.#timer);
  }

  close(): void {
    this.end();
    for (const watch of this.#watches.values()) watch.close();
    this.#watches.clear();
    this.#paths.close();
  }

  #changed(): void {
    if (this.#end.signal.aborted) return;
    this.#timer ??= setTimeout(() => this.begin(), QUIET_TIME);
  }

  /** Watches all directories anew: one may have come, or another one may be in its place. */
  #watch(): void {
    this.#paths.set("places", [RC_CONF, ...DIRECTORIES]);
    for (const path of DIRECTORIES) {
      const before = this.#watches.get(path);
      const watch = ifAllowed(() => watchDirectory(path, () => this.#changed()));
      before?.close();
      if (watch) this.#watches.set(path, watch);
      else this.#watches.delete(path);
    }
  }

  #take({ jobs, error }: ModuleOutcome): void {
    if (!jobs) {
      // What was read before stays.
      this.#problem = {
        file: INIT_D,
        reason: `The runscripts could not be read as jobs: ${error.reason}`,
      };
      return this.options.onDiagnostic(this.#problem);
    }
    this.#problem = undefined;
    const { registry, precedence } = this.options;
    const gone = new Set(this.#defined.keys());
    for (const job of jobs) {
      gone.delete(job.source);
      const text = JSON.stringify(job);
      if (this.#defined.get(job.source) === text) continue;
      this.#defined.set(job.source, text);
      registry.define(job.source, precedence, [job]);
    }
    for (const path of gone) {
      this.#defined.delete(path);
      registry.remove(path);
    }
  }
}
