/**
 * The queue of modules to evaluate. All that wait are evaluated together. A module that could not be evaluated for lack of
 * resources is queued again after a delay.
 */

import type { Evaluate, ModuleOutcome } from "./evaluator.ts";
import { failureOf, INTERNAL_ERROR } from "./outcome.ts";
import { type Diagnostic, foldDiagnostics } from "../../formats/diagnostic.ts";

/** The options of an {@link EvaluationQueue}. */
export interface EvaluationQueueOptions {
  /** Without it, modules are ignored. */
  evaluate?: Evaluate | undefined;
  /** The delay before a module is queued again for which resources were short, in milliseconds. Default 10,000. */
  retryDelay?: number | undefined;
  /** Called when {@link EvaluationQueue.next} is to be called soon. */
  onWork(): void;
  /** Called with each outcome and the time when its evaluation began, in ms since 1970. Returns what is to be reported. */
  onOutcome(outcome: ModuleOutcome, began: number): Diagnostic | undefined;
  /** Called with each diagnostic once, even when several modules of an evaluation import the file that it is about. */
  onDiagnostic(diagnostic: Diagnostic): void;
  /** Receives exceptions of our own code. */
  onFault?(error: unknown): void;
}

/** The evaluation queue of a configuration. */
export class EvaluationQueue {
  readonly #waiting = new Set<string>();
  /** The timers of the modules that are to be queued again. */
  readonly #delayed = new Map<string, ReturnType<typeof setTimeout>>();
  #running = false;
  readonly #end = new AbortController();

  constructor(private readonly options: EvaluationQueueOptions) {}

  /** Queues a module. */
  add(module: string): void {
    this.remove(module);
    this.#waiting.add(module);
    this.options.onWork();
  }

  /** Removes a module from the queue. */
  remove(module: string): void {
    this.#waiting.delete(module);
    clearTimeout(this.#delayed.get(module));
    this.#delayed.delete(module);
  }

  /** Evaluates the modules that wait. Returns false when there are none and none is being evaluated. */
  next(): boolean {
    if (this.#running) return true;
    const { evaluate, onWork } = this.options;
    if (this.#waiting.size === 0 || !evaluate) return false;
    const modules = [...this.#waiting];
    this.#waiting.clear();
    this.#running = true;
    const began = Date.now(), diagnostics: Diagnostic[] = [];
    const left = new Set(modules);
    const settle = (outcome: ModuleOutcome) => {
      left.delete(outcome.module);
      this.#settle(outcome, began, diagnostics);
    };
    const done = Promise.try(() => evaluate(modules, settle, this.#end.signal));
    const fail = (error: unknown) => {
      this.options.onFault?.(error);
      for (const module of left) settle(failureOf(module, INTERNAL_ERROR));
    };
    const next = () => {
      this.#running = false;
      if (!this.#end.signal.aborted) {
        foldDiagnostics(diagnostics).forEach((diagnostic) => this.options.onDiagnostic(diagnostic));
      }
      onWork();
    };
    done.catch(fail).then(next);
    return true;
  }

  /** Kills running evaluations. Nothing is evaluated or reported any more. */
  close(): void {
    this.#end.abort();
    this.#waiting.clear();
    for (const timer of this.#delayed.values()) clearTimeout(timer);
    this.#delayed.clear();
  }

  #settle(outcome: ModuleOutcome, began: number, diagnostics: Diagnostic[]): void {
    if (this.#end.signal.aborted) return;
    const diagnostic = this.#enter(outcome, began);
    if (diagnostic) diagnostics.push(diagnostic);
    if (outcome.error && outcome.isTemporary) this.#retryLater(outcome.module);
    this.options.onWork();
  }

  /** Has an outcome entered. Where a fault of ours keeps it from that, the module counts as broken. */
  #enter(outcome: ModuleOutcome, began: number): Diagnostic | undefined {
    try {
      return this.options.onOutcome(outcome, began);
    } catch (error) {
      this.options.onFault?.(error);
      return this.options.onOutcome(failureOf(outcome.module, INTERNAL_ERROR), began);
    }
  }

  #retryLater(module: string): void {
    this.#delayed.set(module, setTimeout(() => this.add(module), this.options.retryDelay ?? 10_000));
  }
}
