/**
 * The descriptors that init is passed on purpose. This is loaded before the runtime has its flags, so it must load nothing
 * else: the runtime may start no thread by then.
 */

/**
 * The descriptors that arguments of init name. It is known before the options are read, for they pass through the second
 * start of the executable.
 */
export function namedDescriptors(args: readonly string[]): number[] {
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  const values = own.flatMap((word, index) => {
    if (word === "--ready-fd") return own[index + 1] ?? [];
    return word.startsWith("--ready-fd=") ? word.slice("--ready-fd=".length) : [];
  });
  return values.filter((value) => /^\d+$/.test(value)).map(Number);
}
