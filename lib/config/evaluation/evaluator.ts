/**
 * The evaluator of job modules: it has them evaluated by short-lived children of this executable. Each module is evaluated
 * as its owner, so that root's init runs nobody else's code as root.
 */

import type { JobDefinition } from "../../model/job.ts";
import { EvaluatorChild } from "./evaluator_child.ts";
import { type ModuleOwner, ownerOf } from "./owner.ts";
import { failureOf } from "./outcome.ts";
import type { ModuleError } from "../../author/protocol.ts";

/** The outcome of a module's evaluation: the jobs that it defines, or what is wrong with it. */
export type ModuleOutcome =
  & {
    module: string;
    /** Absolute paths of the local modules that it imports, as far as known. */
    imports: string[];
  }
  & (
    | { jobs: JobDefinition[]; runAsOwner?: RunAsOwner | undefined; error?: undefined }
    | {
      jobs?: undefined;
      runAsOwner?: undefined;
      error: ModuleError;
      /** True when processes, memory or descriptors were short, and the module has not been evaluated. */
      isTemporary?: boolean;
    }
  );

/**
 * Restricts a job to the rights of its module's owner, after an override has changed it, too.
 * @throws {Error} when the job asks for more.
 */
type RunAsOwner = (job: JobDefinition) => JobDefinition;

/**
 * Evaluates modules. Calls `onOutcome` with the outcome of each as soon as it is known, and resolves after the last.
 * Rejects with a fault of ours alone.
 * @param signal when it is aborted, running children are killed at once, and no further outcomes follow.
 */
export type Evaluate = (
  modules: string[],
  onOutcome: (outcome: ModuleOutcome) => void,
  signal?: AbortSignal,
) => Promise<void>;

/** The options of {@link evaluator}. */
export interface EvaluatorOptions {
  /** The command that runs the program `evaluate` of this executable, without its arguments. */
  command: readonly string[];
  /** The configuration directories. A job's name is its module's path below one of them. */
  directories: readonly string[];
  /** The child's environment as `KEY=VALUE` strings, besides the runtime's settings. Default: PATH, and its user's variables. */
  environment?: readonly string[];
  /** How long a child may go without progress, in milliseconds, once it has begun with a module. Default 5,000. */
  patience?: number;
  /** How many times starting a child is attempted when resources are short. Default 50, which takes 10 seconds. */
  attempts?: number;
  /** Called with the reason before the second attempt. */
  onShortage?(reason: string): void;
  /** Receives exceptions of our own code. The module that they concern counts as broken. */
  onFault?(error: unknown): void;
}

/** The time between two attempts to start a child, in milliseconds. */
const RETRY_DELAY = 200;

/** An {@link Evaluate} that uses child processes. Modules of different owners never share a child. */
export function evaluator(options: EvaluatorOptions): Evaluate {
  return async (modules, onOutcome, signal) => {
    const batches = new Map<number | undefined, { owner: ModuleOwner | undefined; left: Set<string> }>();
    for (const module of modules) {
      const owner = ownerOf(module);
      const batch = batches.get(owner?.uid) ?? { owner, left: new Set() };
      batches.set(owner?.uid, batch);
      batch.left.add(module);
    }
    const children: EvaluatorChild[] = [];
    const { attempts = 50, onShortage } = options;
    let attempt = 0;
    const close = () => children.forEach((child) => child.close());
    signal?.addEventListener("abort", close);
    try {
      for (const { owner, left } of batches.values()) {
        while (left.size > 0 && !signal?.aborted) {
          const child = new EvaluatorChild(options, owner, left, onOutcome);
          const { shortage } = child;
          if (shortage === undefined) {
            attempt = 0;
            children.push(child);
            await Promise.race([child.done, child.stuck]);
          } else if (++attempt >= attempts) {
            // The shortage has lasted long enough: the other modules of this owner are not attempted any more.
            const reason = `Module cannot be evaluated for now: ${shortage}`;
            left.forEach((module) => onOutcome(failureOf(module, reason, true)));
            left.clear();
          } else {
            if (attempt === 1) onShortage?.(shortage);
            await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY));
          }
        }
      }
      await Promise.all(children.map(({ done }) => done));
    } catch (error) {
      close();
      throw error;
    } finally {
      signal?.removeEventListener("abort", close);
    }
  };
}
