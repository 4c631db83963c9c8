/**
 * A snapshot of the global state of a process: the environment, the working directory, global objects and the language's
 * built-in objects. Modules that are evaluated in one process share it. What one of them changes is put back before the
 * next one is evaluated.
 */

import process from "node:process";
import { LOADS_BUILT_INS_QUIETLY } from "../../sys/runtime/traits.ts";

/** The result of restoring the global state. */
export type RestoreResult =
  /** Nothing had been changed. */
  | "unchanged"
  /** Changes have been undone. Modules that are still loaded may rely on them. */
  | "restored"
  /** A change cannot be undone: the next module needs a new process. */
  | "irreparable";

// Kept here because a module may replace these, too.
const { defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, isExtensible, ownKeys } =
  Reflect;
const { is } = Object;

/** Global objects whose own properties, and whose prototypes' properties, are restored. */
// deno-fmt-ignore
const BUILT_IN = [
  "Object", "Function", "Array", "String", "Number", "Boolean", "Symbol", "BigInt", "Promise", "RegExp", "Date",
  "Map", "Set", "WeakMap", "WeakSet", "Iterator", "Error", "AggregateError", "EvalError", "RangeError",
  "ReferenceError", "SyntaxError", "TypeError", "URIError", "ArrayBuffer", "DataView", "Uint8Array", "JSON", "Math",
  "Reflect", "Intl", "Atomics", "Buffer", "URL", "URLSearchParams", "AbortSignal", "EventTarget",
  "TextEncoder", "TextDecoder", "Event", "Headers", "Request", "Response", "Blob", "FormData", "Performance", "Crypto",
  "performance", "crypto",
];

/** Objects of which only the listed properties are restored: most others are created at their first use. */
const PARTIAL: ReadonlyArray<[object: object, keys: string[]]> = [
  [console, ["log", "info", "debug", "warn", "error", "assert", "dir", "table", "trace"]],
];

/** Properties of `process` that are opened at their first use. */
const STREAMS: PropertyKey[] = ["stdin", "stdout", "stderr"];

/** A snapshot of an object's own properties. */
interface ObjectSnapshot {
  object: object;
  keys: PropertyKey[];
  /** Undefined for a property whose value is not compared. */
  properties: (PropertyDescriptor | undefined)[];
  /** True when properties that are added later are to be deleted. */
  isComplete: boolean;
}

/** The global state of the process at the time of construction. */
export class GlobalState {
  readonly #objects: ObjectSnapshot[] = [];
  readonly #process = process;
  readonly #environment = Object.entries(process.env);
  readonly #directory = process.cwd();
  readonly #title = process.title;
  /** The exports of built-in modules in the snapshot. */
  readonly #watched = new Set<object>([process, console, globalThis]);
  /** The names of these modules. */
  readonly #names = new Set<string>();
  readonly #umask = process.umask();
  readonly #listeners = process.eventNames().map((name) => [name, process.rawListeners(name)] as const);

  constructor() {
    const objects = new Set<object>([globalThis]);
    for (const name of BUILT_IN) {
      const value = (globalThis as Record<string, unknown>)[name];
      if (!isObject(value)) continue;
      objects.add(value);
      const { prototype } = value as { prototype?: unknown };
      if (isObject(prototype)) objects.add(prototype);
    }
    // Prototypes that have no global name.
    for (
      const instance of [
        [].values(),
        new Map().values(),
        "".matchAll(/x/g),
        new Uint8Array(),
        function* () {},
      ]
    ) {
      for (let above = getPrototypeOf(instance); above; above = getPrototypeOf(above)) objects.add(above);
    }
    for (const object of objects) this.#add(object, ownKeys(object), true);
    this.#add(process, ownKeys(process), true);
    for (const [object, keys] of PARTIAL) {
      this.#add(object, keys.filter((key) => Object.hasOwn(object, key)), false);
    }
  }

  /**
   * Adds the exports of built-in modules to the snapshot, as they are now. Does nothing in a runtime where loading them
   * would change more than it protects.
   */
  watch(builtIn: readonly string[]): void {
    if (!LOADS_BUILT_INS_QUIETLY) return;
    const names = builtIn.flatMap((name) => [name, `${name}/promises`]).filter((name) =>
      !this.#names.has(name)
    );
    if (names.length === 0) return;
    const all = names.map((name) => this.#process.getBuiltinModule?.(name) as unknown);
    // Loading them may have changed global objects.
    this.#objects.forEach((snapshot, index) => {
      if (isUnchanged(snapshot)) return;
      const { object, keys, isComplete } = snapshot;
      this.#objects[index] = snapshotOf(object, isComplete ? ownKeys(object) : keys, isComplete);
    });
    for (const [index, exports] of all.entries()) {
      this.#names.add(names[index]!);
      if (!isObject(exports) || this.#watched.has(exports)) continue;
      this.#watched.add(exports);
      const keys = ownKeys(exports);
      this.#add(exports, keys, true);
      for (const key of keys) this.#watchMethods(getOwnPropertyDescriptor(exports, key)?.value);
    }
  }

  /** Adds the methods of an exported object. Its other properties may change by themselves. */
  #watchMethods(exported: unknown): void {
    if (!isObject(exported) || this.#watched.has(exported)) return;
    this.#watched.add(exported);
    const { prototype } = exported as { prototype?: unknown };
    for (const object of [exported, prototype]) {
      if (!isObject(object)) continue;
      const methods = ownKeys(object).filter((key) => {
        const property = getOwnPropertyDescriptor(object, key);
        return typeof property?.value === "function" && property.configurable;
      });
      if (methods.length > 0) this.#add(object, methods, false);
    }
  }

  #add(object: object, keys: PropertyKey[], isComplete: boolean): void {
    this.#objects.push(snapshotOf(object, keys, isComplete));
  }

  /** Undoes changes. Never throws. */
  restore(): RestoreResult {
    try {
      // Built-in objects go first: restoring the rest relies on them.
      const objects = this.#restoreObjects(), attributes = this.#restoreProcess();
      return objects === "unchanged" ? attributes : objects;
    } catch {
      return "irreparable";
    }
  }

  #restoreObjects(): RestoreResult {
    let result: RestoreResult = "unchanged";
    for (let index = 0; index < this.#objects.length; index++) {
      const snapshot = this.#objects[index]!;
      if (isUnchanged(snapshot)) continue;
      if (!putBack(snapshot)) return "irreparable";
      result = "restored";
    }
    return result;
  }

  /** Restores the environment, directory, mask, title and listeners of the process. */
  #restoreProcess(): RestoreResult {
    const { env } = this.#process;
    let result: RestoreResult = "unchanged";
    const entries = this.#environment;
    if (Object.keys(env).length !== entries.length || entries.some(([name, value]) => env[name] !== value)) {
      for (const name of Object.keys(env)) delete env[name];
      for (const [name, value] of entries) env[name] = value;
      result = "restored";
    }
    if (this.#process.cwd() !== this.#directory) {
      this.#process.chdir(this.#directory);
      result = "restored";
    }
    if (this.#process.umask(this.#umask) !== this.#umask) result = "restored";
    if (this.#process.title !== this.#title) {
      this.#process.title = this.#title;
      result = "restored";
    }
    return this.#restoreListeners() ?? result;
  }

  /** Removes the listeners that have been added to `process`. */
  #restoreListeners(): RestoreResult | undefined {
    const known = new Map<string | symbol, unknown[]>(this.#listeners);
    let result: RestoreResult | undefined;
    for (const name of this.#process.eventNames()) {
      for (const listener of this.#process.rawListeners(name)) {
        if (known.get(name)?.includes(listener)) continue;
        this.#process.off(name, listener as () => void);
        result = "restored";
      }
    }
    const lost = this.#listeners.some(([name, all]) => this.#process.listenerCount(name) !== all.length);
    return lost ? "irreparable" : result;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null || typeof value === "function";
}

function snapshotOf(object: object, keys: PropertyKey[], isComplete: boolean): ObjectSnapshot {
  const properties = keys.map((key) =>
    object === process && has(STREAMS, key) ? undefined : getOwnPropertyDescriptor(object, key)
  );
  return { object, keys, properties, isComplete };
}

function isUnchanged({ object, keys, properties, isComplete }: ObjectSnapshot): boolean {
  if (isComplete && (!isExtensible(object) || ownKeys(object).length !== keys.length)) return false;
  for (let index = 0; index < keys.length; index++) {
    if (!isSame(object, keys[index]!, properties[index])) return false;
  }
  return true;
}

function isSame(object: object, key: PropertyKey, property: PropertyDescriptor | undefined): boolean {
  if (!property) return true;
  // Most properties are plain values, and comparing these directly is much faster.
  if (property.get === undefined && property.set === undefined) {
    return is((object as Record<PropertyKey, unknown>)[key], property.value);
  }
  const now = getOwnPropertyDescriptor(object, key);
  return now !== undefined && now.get === property.get && now.set === property.set;
}

/** Puts an object's properties back. Returns false when one of them cannot be. */
function putBack({ object, keys, properties, isComplete }: ObjectSnapshot): boolean {
  if (isComplete && !isExtensible(object)) return false;
  const now = isComplete ? ownKeys(object) : [];
  for (let index = 0; index < now.length; index++) {
    if (!has(keys, now[index]!) && !deleteProperty(object, now[index]!)) return false;
  }
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index]!, property = properties[index];
    if (property && !isSame(object, key, property) && !defineProperty(object, key, property)) return false;
  }
  return true;
}

function has(keys: PropertyKey[], wanted: PropertyKey): boolean {
  for (let index = 0; index < keys.length; index++) if (keys[index] === wanted) return true;
  return false;
}
