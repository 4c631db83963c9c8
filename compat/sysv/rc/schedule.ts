/** The schedule of scripts that run side by side: what may start now. A pure state machine. */

import { allBefore, type DependRules } from "./depend_rules.ts";
import type { RcStep } from "./links.ts";

/** A script of the schedule. */
interface Task {
  step: RcStep;
  /** Scripts that must have ended before. */
  waits: Set<string>;
  isInteractive: boolean;
}

/** The scripts of one phase: all that stop, or all that start. */
export class RcSchedule {
  /** In the order in which they are taken when they may start. */
  readonly #waiting: Task[];
  readonly #running = new Map<string, Task>();

  /**
   * @param steps In the order of their links
   * @param rules What waits for what. A script that they do not know waits for all whose links come before its own
   * @param atOnce How many may run at a time
   */
  constructor(steps: readonly RcStep[], rules: DependRules, readonly atOnce: number) {
    const known = new Set(rules.targets);
    this.#waiting = steps.map((step, index) => {
      const { script } = step;
      const earlier = steps.slice(0, index).map((other) => other.script);
      const waits = known.has(script) ? allBefore(script, rules) : new Set(earlier);
      const others = steps.filter((other) => other.script !== script && waits.has(other.script));
      return {
        step,
        waits: new Set(others.map((other) => other.script)),
        isInteractive: rules.interactive.has(script),
      };
    });
  }

  /** True when all have ended. */
  get isOver(): boolean {
    return this.#waiting.length + this.#running.size === 0;
  }

  /** The steps that start now. One that talks to the user starts when nothing else runs, and nothing starts beside it. */
  next(): Array<{ step: RcStep; isInteractive: boolean }> {
    const started: Task[] = [];
    for (let task; (task = this.#choose()) !== undefined;) {
      this.#waiting.splice(this.#waiting.indexOf(task), 1);
      this.#running.set(task.step.name, task);
      started.push(task);
    }
    return started;
  }

  #choose(): Task | undefined {
    const running = [...this.#running.values()];
    if (running.length >= this.atOnce || running.some(({ isInteractive }) => isInteractive)) return undefined;
    const ready = this.#waiting.filter(({ waits }) => waits.size === 0);
    const alone = ready.find(({ isInteractive }) => isInteractive);
    if (alone) return running.length === 0 ? alone : undefined;
    // Scripts that wait for each other would wait for ever: the first of them goes on.
    return ready[0] ?? (running.length === 0 ? this.#waiting[0] : undefined);
  }

  /** Notes that a script has ended. How does not matter: a boot goes on. */
  ended({ name, script }: RcStep): void {
    this.#running.delete(name);
    for (const { waits } of this.#waiting) waits.delete(script);
  }
}
