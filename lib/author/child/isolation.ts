/** Isolation of modules that are evaluated one after another in one process. */

import process from "node:process";
import { TELLS_IDLENESS } from "../../sys/runtime/traits.ts";
import { COMPILED_IN } from "../protocol.ts";
import { GlobalState } from "./global_state.ts";
import { forgetModules } from "./modules.ts";
import { type SideEffects, sideEffectsOf } from "./side_effects.ts";

/** Microtask turns that a module's unfinished work is given before the global state is compared again. */
const TURNS = 3;

/** The text of a compiled-in module is not available. It has been built with the executable, and is trusted. */
const OF_COMPILED_IN: SideEffects = { builtInModules: [], isAsync: false, isPermanent: false };

/** Makes each module find the process as the first one did. */
export class ModuleIsolation {
  #state: GlobalState | undefined;
  #sideEffects: SideEffects | undefined;

  /** To be called before a module is imported. */
  beforeImport(module: string): void {
    this.#sideEffects = module.startsWith(COMPILED_IN) ? OF_COMPILED_IN : sideEffectsOf(module);
    if (!this.#sideEffects) return;
    this.#state ??= new GlobalState();
    this.#state.watch(this.#sideEffects.builtInModules);
  }

  /**
   * To be called after a module has been evaluated. Returns false when the next module needs a new process.
   * @param report reports the module's outcome. It is called before this waits for the module's unfinished work, so
   * that a module that never becomes idle costs this process and not the module's outcome.
   */
  async restore(report: () => void): Promise<boolean> {
    const state = this.#state, sideEffects = this.#sideEffects;
    if (!state || !sideEffects) return forgetModules("local") || true;
    let result = state.restore();
    if (result === "irreparable" || sideEffects.isPermanent) return false;
    if (sideEffects.isAsync) {
      report();
      for (let turn = 0; turn < TURNS; turn++) await undefined;
      if (result === "restored" && state.restore() !== "unchanged") return false;
      if (!await becomesIdle()) return false;
      const again = state.restore();
      if (again !== "unchanged") result = again;
    }
    if (result === "irreparable") return false;
    // Packages stay loaded, unless loading them changed global state, which the next module would miss.
    const isForgotten = forgetModules(result === "unchanged" ? "local" : "all");
    return isForgotten || result === "unchanged";
  }
}

/** How long the process may take to become idle, in milliseconds: enough for what is being closed. */
const LONGEST_IDLE_WAIT = 10;

/**
 * Resolves to true when nothing is left that would keep the process alive: no timers, requests or open reads. Resolves to
 * false when something still is after {@link LONGEST_IDLE_WAIT}. Where the runtime cannot tell, it resolves to true.
 */
function becomesIdle(): Promise<boolean> {
  if (!TELLS_IDLENESS) return Promise.resolve(true);
  return new Promise((resolve) => {
    const end = (isIdle: boolean) => {
      process.off("beforeExit", onIdle);
      clearTimeout(timer);
      resolve(isIdle);
    };
    // The immediate keeps the process alive, which would end otherwise.
    const onIdle = () => setImmediate(end, true);
    // The timer must not keep it alive.
    const timer = setTimeout(end, LONGEST_IDLE_WAIT, false);
    timer.unref();
    process.on("beforeExit", onIdle);
  });
}
