/** The names that conditions may refer to: the jobs and events that are known, some of them by patterns. */

import { matchesPattern } from "../engine/conditions/pattern.ts";

/** True for a text in which characters have the meaning that fnmatch(3) gives them. */
function isPattern(text: string): boolean {
  return /[*?[\\]/.test(text);
}

/** The events that are known. */
export class KnownEvents {
  readonly #names: Set<string>;
  readonly #patterns: string[];

  /**
   * @param names Events that are known by their names.
   * @param emitted What jobs say that they emit: names and patterns.
   */
  constructor(names: Iterable<string>, emitted: ReadonlySet<string>) {
    this.#names = new Set(names);
    for (const event of emitted) this.#names.add(event);
    this.#patterns = Array.from(emitted).filter(isPattern);
  }

  /** True for the name of an event that is known. */
  has(event: string): boolean {
    return this.#names.has(event) || this.#patterns.some((pattern) => matchesPattern(pattern, event));
  }
}

/** The jobs that are known. */
export class KnownJobs {
  /** @param tasks The jobs' names, and whether each is a task. */
  constructor(private readonly tasks: ReadonlyMap<string, boolean>) {}

  /** True where a condition's word for a job means one that is known: by its name, a pattern, or a variable's value. */
  has(pattern: string): boolean {
    return this.tasks.has(pattern) || pattern.includes("$") ||
      (isPattern(pattern) && this.tasks.keys().some((name) => matchesPattern(pattern, name)));
  }

  /** True for a job's name as it is. */
  isCalled(name: string): boolean {
    return this.tasks.has(name);
  }

  /** True for jobs that are meant to end: all that the pattern matches. */
  isTask(pattern: string): boolean {
    if (!isPattern(pattern)) return this.tasks.get(pattern) ?? false;
    const matched = [...this.tasks].filter(([name]) => matchesPattern(pattern, name));
    return matched.length > 0 && matched.every(([, task]) => task);
  }
}
