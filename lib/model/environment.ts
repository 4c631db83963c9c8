/** Environments: ordered `KEY=VALUE` lists, and the expansion of `$VAR` in them (init(5), `instance`). */

/** Variables in the order in which they were first set. */
export type Environment = Map<string, string>;

/** An environment out of `KEY=VALUE` strings. The last of several for one key wins, in the first's place. */
export function environment(pairs: Iterable<string>): Environment {
  const result: Environment = new Map();
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
  return Array.from(source, ([key, value]) => `${key}=${value}`);
}

/** True when a string is a `KEY=VALUE` pair. As in Upstart and in the kernel the key may be anything, even empty. */
export function isPair(text: string): boolean {
  return text.includes("=");
}
