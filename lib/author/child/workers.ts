/** Guarded worker classes: they check the file that a worker is to run. Workers have a loader of their own, which asks no plug-in. */

import { resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { HAS_IMPORT_HOOKS } from "../../sys/runtime/import_hooks.ts";

type WorkerClass = new (file: string | URL, options?: WorkerOptions) => object;

/** The options that tell what a worker runs. */
interface WorkerOptions {
  /** True when the first argument is code instead of a file. */
  eval?: boolean;
  /** Files that are run first. */
  preload?: string | string[];
}

/** Gives the path of the file that a worker is to run. @throws {Error} when it may not run it. */
type CheckFile = (file: string) => string;

/** The worker classes that are guarded. */
const guarded = new WeakSet<object>();

/** Guards the global `Worker`. */
export function guardWorkers(check: CheckFile): void {
  if (HAS_IMPORT_HOOKS) guard(globalThis, check);
}

/**
 * Guards the `Worker` of `node:worker_threads`. Loading that module takes long, so this is only called for modules that use
 * it, before they are imported.
 */
export function guardWorkerThreads(check: CheckFile): void {
  if (HAS_IMPORT_HOOKS) guard(process.getBuiltinModule("node:worker_threads"), check);
}

function guard(owner: object, check: CheckFile): void {
  const workers = owner as { Worker: WorkerClass };
  const { Worker } = workers;
  if (guarded.has(Worker)) return;
  const file = (given: string | URL): string | URL =>
    /^(?:blob|data):/.test(String(given)) ? given : pathToFileURL(check(absolute(given)));
  const construct = (target: object, [given, options, ...others]: unknown[], newTarget: object): object => {
    const { eval: isCode, preload } = (options ?? {}) as WorkerOptions;
    for (const path of [preload ?? []].flat()) file(path);
    const what = isCode ? given : file(given as string | URL);
    return Reflect.construct(target as WorkerClass, [what, options, ...others], newTarget as WorkerClass);
  };
  workers.Worker = new Proxy(Worker, { construct } as ProxyHandler<WorkerClass>);
  guarded.add(workers.Worker);
}

/** The absolute path of a worker's file, which is relative to the working directory. */
function absolute(file: string | URL): string {
  const given = String(file);
  return given.startsWith("file:") ? given : resolve(given);
}
