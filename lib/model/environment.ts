/** Environments: ordered lists of variables (environ(7)), and which variables are set by whom. */

/** The variables that tell a process which user it is, as login(1) sets them. */
export const USER_VARIABLES = ["HOME", "USER", "LOGNAME", "SHELL"] as const;

/** The environment from which another one is derived. */
interface Base {
  readonly variables: ReadonlyMap<string, string>;
  /** The same as `KEY=VALUE` strings. */
  readonly pairs: readonly string[];
}

const NOTHING: Base = { variables: new Map(), pairs: [] };

/**
 * Variables, in the order in which they were first set. An environment can be derived from another ({@link derive}), and
 * shares with it what it does not change.
 */
export class Environment {
  #base = NOTHING;
  /** The variables that differ from the base; undefined for one that is deleted. */
  readonly #own = new Map<string, string | undefined>();
  /** This one as a base of others, until it is changed. */
  #asBase: Base | undefined;

  constructor(variables: Iterable<readonly [name: string, value: string]> = []) {
    for (const [name, value] of variables) this.#own.set(name, value);
  }

  /** A new environment with the same variables. Later changes to either do not affect the other. */
  derive(): Environment {
    const derived = new Environment();
    derived.#base = this.#asBase ??= { variables: new Map(this), pairs: this.pairs() };
    return derived;
  }

  get(name: string): string | undefined {
    return this.#own.has(name) ? this.#own.get(name) : this.#base.variables.get(name);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** True when a variable comes from the environment that this one is derived from, and has not been set since. */
  inherits(name: string): boolean {
    return this.#base.variables.has(name) && !this.#own.has(name);
  }

  set(name: string, value: string): void {
    this.#asBase = undefined;
    this.#own.set(name, value);
  }

  delete(name: string): void {
    this.#asBase = undefined;
    if (this.#base.variables.has(name)) this.#own.set(name, undefined);
    else this.#own.delete(name);
  }

  clear(): void {
    this.#asBase = undefined;
    this.#base = NOTHING;
    this.#own.clear();
  }

  /** Names and values. */
  *[Symbol.iterator](): Generator<[name: string, value: string]> {
    const { variables } = this.#base;
    for (const name of variables.keys()) {
      const value = this.get(name);
      if (value !== undefined) yield [name, value];
    }
    for (const [name, value] of this.#own) {
      if (value !== undefined && !variables.has(name)) yield [name, value];
    }
  }

  values(): string[] {
    return Array.from(this, ([, value]) => value);
  }

  /**
   * The variables of the environment that this one is derived from, as `KEY=VALUE` strings, and the changes since:
   * `KEY=VALUE`, or a bare `KEY` for a variable that is deleted. Environments with one base share its array.
   */
  get derivation(): { base: readonly string[]; changes: string[] } {
    const changes = Array.from(this.#own, ([name, value]) => value === undefined ? name : `${name}=${value}`);
    return { base: this.#base.pairs, changes };
  }

  /** The variables as `KEY=VALUE` strings. */
  pairs(): string[] {
    const { variables, pairs } = this.#base;
    const others: string[] = [];
    let isChanged = false;
    for (const [name, value] of this.#own) {
      if (variables.has(name)) isChanged = true;
      else if (value !== undefined) others.push(`${name}=${value}`);
    }
    return isChanged ? Array.from(this, ([name, value]) => `${name}=${value}`) : [...pairs, ...others];
  }
}

/** An environment of `KEY=VALUE` strings. The last of several for one key wins, at the position of the first. */
export function environment(pairs: Iterable<string>): Environment {
  const result = new Environment();
  for (const pair of pairs) setPair(result, pair);
  return result;
}

/** The variables that name the events which have started and stopped a job. Neither `env` nor `set-env` can set them. */
export const EVENT_VARIABLES: readonly string[] = ["UPSTART_EVENTS", "UPSTART_STOP_EVENTS"];

/** The variables that init sets for a job's process: its job and instance, init's address, and the {@link EVENT_VARIABLES}. */
export const INIT_VARIABLES: readonly string[] = [
  "UPSTART_JOB",
  "UPSTART_INSTANCE",
  "UPSTART_SESSION",
  ...EVENT_VARIABLES,
];

/** Adds the variables of an event or a request, but for {@link INIT_VARIABLES}, which only init sets. */
export function addGiven(target: Environment, given: Iterable<readonly [name: string, value: string]>): void {
  for (const [name, value] of given) if (!INIT_VARIABLES.includes(name)) target.set(name, value);
}

/** Sets the variable of one `KEY=VALUE` string. A string without `=` is ignored. */
export function setPair(target: Environment, pair: string): void {
  const equals = pair.indexOf("=");
  if (equals >= 0) target.set(pair.slice(0, equals), pair.slice(equals + 1));
}

/** True when a string is a `KEY=VALUE` pair. As in Upstart and in the kernel the key may be anything, even empty. */
export function isPair(text: string): boolean {
  return text.includes("=");
}
