/** Command lines: options by table, and the errors that a wrong one gets. */

/** An option. One with `argument` takes a value, which the help calls by that name. */
export interface Option {
  /** One letter. */
  short?: string;
  long: string;
  /** Absent: not shown by `--help`. */
  help?: string;
  argument?: string;
}

/** The command line is wrong; the user is pointed to `--help`. */
export class UsageError extends Error {}

/** A command line taken apart. */
export interface Parsed {
  /**
   * Values by the option's long name, in order; of an option that takes none, empty strings. The option that was
   * given last stands last.
   */
  options: Map<string, string[]>;
  args: string[];
  /** What followed the first argument, when parsing was to stop there. */
  rest: string[];
}

/**
 * Takes a command line apart. Options and arguments may be mixed, `--` ends the options; with
 * `stopAtArgument` the first argument does. `--help` and `--version` end it at once, so what follows them may
 * be wrong.
 * Throws {@link UsageError} for an unknown option, and for a value that is missing or not wanted.
 */
export function parseOptions(words: string[], table: Option[], stopAtArgument = false): Parsed {
  const parsed: Parsed = { options: new Map(), args: [], rest: [] };
  const left = [...words];
  const put = (option: Option, value = "") => {
    const values = [...parsed.options.get(option.long) ?? [], value];
    parsed.options.delete(option.long);
    parsed.options.set(option.long, values);
  };
  /** An option's value is the next word that is no option itself. */
  const value = (given: string) => {
    const next = left.findIndex((word) => !isOption(word));
    if (next < 0) throw new UsageError(`missing argument: ${given}`);
    return left.splice(next, 1)[0];
  };
  for (let word; (word = left.shift()) !== undefined;) {
    if (word === "--") {
      parsed.args.push(...left.splice(0, stopAtArgument ? 1 : left.length));
      parsed.rest = left.splice(0);
    } else if (!isOption(word)) {
      parsed.args.push(word);
      if (stopAtArgument) parsed.rest = left.splice(0);
    } else if (word.startsWith("--")) {
      const equals = word.indexOf("=");
      const name = word.slice(2, equals < 0 ? undefined : equals);
      const option = table.find(({ long }) => long === name);
      if (!option) throw new UsageError(`invalid option: ${word}`);
      if (equals >= 0 && !option.argument) throw new UsageError(`unexpected argument: ${word}`);
      put(option, !option.argument ? "" : equals < 0 ? value(word) : word.slice(equals + 1));
    } else {
      for (let at = 1; at < word.length; at++) {
        const option = table.find(({ short }) => short === word[at]);
        if (!option) throw new UsageError(`invalid option: -${word[at]}`);
        // The first letter's value may stand right behind it.
        const attached = option.argument && at === 1 && word.length > 2;
        put(option, attached ? word.slice(2) : option.argument ? value(word) : "");
        if (attached) break;
      }
    }
    if (parsed.options.has("help") || parsed.options.has("version")) break;
  }
  return parsed;
}

function isOption(word: string): boolean {
  return word.startsWith("-") && word !== "-";
}
