/**
 * Static analysis of the side effects that importing a module may have on the global state of the process, judged by its
 * text and that of its local imports. Most modules can have none, and then nothing has to be restored.
 */

import { builtinModules } from "node:module";
import { RUNTIME_GLOBAL } from "../../sys/runtime/traits.ts";
import { localImports, SOURCE_FILE, sourceOf } from "./modules.ts";

/** The side effects that a module may have. */
export interface SideEffects {
  /** The runtime's modules whose exports it may change. */
  builtInModules: string[];
  /** It may go on running after it has been evaluated. */
  isAsync: boolean;
  /** It may change what cannot be detected or restored. */
  isPermanent: boolean;
}

/** The built-in modules that packages change, and that are imported by computed names. */
// deno-fmt-ignore
const CORE = [
  "assert", "async_hooks", "buffer", "child_process", "console", "crypto", "dns", "events", "fs", "fs/promises", "http",
  "https", "module", "net", "os", "path", "perf_hooks", "process", "readline", "stream", "string_decoder", "timers",
  "timers/promises", "tty", "url", "util", "vm", "worker_threads", "zlib",
];

/** Names that lead to shared objects, besides those of the global objects. */
const INDIRECT = ["__proto__", "constructor", "eval", "prototype", "require"];

/** Global names whose values cannot be changed. */
const CONSTANT = new Set(["undefined", "NaN", "Infinity"]);

const WORD = /[A-Za-z_$][\w$]*/g;
const IMPORTED = /\b(?:from|import)\s*(["'])([^"'\n]+)\1/g;
/** Expressions that load modules by computed names. */
const COMPUTED = new RegExp(String.raw`\bimport\s*[(.]|\b(?:require|getBuiltinModule|${RUNTIME_GLOBAL})\b`);
/** Escaped names, and imports whose text is not known. */
const UNCLEAR = /\\[ux]|\bimport\s*[(.]/;
const IS_MODULE = /\b(?:import|export)\b/;
const ASYNC = new RegExp(
  String
    .raw`\b(?:async|await|then|Promise|${RUNTIME_GLOBAL}|nextTick|queueMicrotask|set(?:Timeout|Interval|Immediate))\b`,
);
const PERMANENT = /\bplugin\b|\bstd(?:in|out|err)\s*\.\s*\w+\s*=(?!=)/;

/** Names by which shared objects can be reached. */
let shared: Set<string> | undefined;

/** The possible side effects of a module. Undefined for a module that cannot have any. */
export function sideEffectsOf(module: string): SideEffects | undefined {
  shared ??= new Set(
    [...Object.getOwnPropertyNames(globalThis), ...INDIRECT].filter((name) => !CONSTANT.has(name)),
  );
  const builtInModules = new Set<string>();
  let hasSideEffects = false, isAsync = false, isPermanent = false;
  for (const file of [module, ...localImports(module)]) {
    const text = sourceOf(file);
    let isComputed = COMPUTED.test(text), importsMore = false;
    for (const [, , specifier] of text.matchAll(IMPORTED)) {
      const name = specifier!.replace(/^node:/, "");
      if (specifier === "rouse") continue;
      if (/^(?:\.{0,2}\/|file:)/.test(specifier!)) hasSideEffects ||= /[?#%]/.test(specifier!);
      else {
        importsMore = true;
        if (builtinModules.includes(name)) builtInModules.add(name);
        else isComputed = true;
      }
    }
    if (isComputed) CORE.forEach((name) => builtInModules.add(name));
    hasSideEffects ||= isComputed || importsMore || UNCLEAR.test(text) || !SOURCE_FILE.test(file) ||
      !file.endsWith(".json") && !IS_MODULE.test(text) || namesShared(text, shared);
    isAsync ||= isComputed || importsMore || ASYNC.test(text);
    isPermanent ||= PERMANENT.test(text);
  }
  return hasSideEffects ? { builtInModules: [...builtInModules], isAsync, isPermanent } : undefined;
}

function namesShared(text: string, shared: ReadonlySet<string>): boolean {
  for (const [word] of text.matchAll(WORD)) if (shared.has(word)) return true;
  return false;
}
