/** Environments: ordered `KEY=VALUE` lists, and the expansion of `$VAR` in them (init(5), `instance`). */

/** What an environment has from another that it began as. */
interface Base {
  readonly variables: ReadonlyMap<string, string>;
  /** The same as `KEY=VALUE` strings. */
  readonly pairs: readonly string[];
}

const NOTHING: Base = { variables: new Map(), pairs: [] };

/**
 * Variables, in the order in which they were first set. An environment can begin as another ({@link derive}): what is the
 * same in many is there once.
 */
export class Environment {
  #base = NOTHING;
  /** What is not as in the base; undefined is no longer there. */
  readonly #own = new Map<string, string | undefined>();
  /** This one as a base of others, until it is changed. */
  #asBase: Base | undefined;

  constructor(variables: Iterable<readonly [name: string, value: string]> = []) {
    for (const [name, value] of variables) this.#own.set(name, value);
  }

  /** Another one that begins as this one is now. */
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

/** An environment out of `KEY=VALUE` strings. The last of several for one key wins, in the first's place. */
export function environment(pairs: Iterable<string>): Environment {
  const result = new Environment();
  for (const pair of pairs) setPair(result, pair);
  return result;
}

/** Sets the variable of one `KEY=VALUE` string. A string without `=` is ignored. */
export function setPair(target: Environment, pair: string): void {
  const equals = pair.indexOf("=");
  if (equals >= 0) target.set(pair.slice(0, equals), pair.slice(equals + 1));
}

/** The `KEY=VALUE` strings of an environment. */
export function pairs(source: Environment): string[] {
  return source.pairs();
}

/** True when a string is a `KEY=VALUE` pair. As in Upstart and in the kernel the key may be anything, even empty. */
export function isPair(text: string): boolean {
  return text.includes("=");
}
