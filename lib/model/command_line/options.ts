/** The option parser: takes a command line apart by a table of options. */

import { UsageError } from "./usage_error.ts";

/** An option. With `argument` it takes a value, which the help text calls by that name. */
export interface Option {
  /** One letter. */
  short?: string;
  /** Empty where there is a letter alone. */
  long: string;
  /** Without it, `--help` does not show the option. */
  help?: string;
  argument?: string;
}

/** Options of most programs. */
export const HELP: Option = { long: "help", help: "display this help and exit" };
/** The short form of {@link HELP}, which recorded help texts do not show. */
export const HELP_LETTER: Option = { short: "h", long: "help" };
export const VERSION: Option = { long: "version", help: "output version information and exit" };
export const QUIET: Option = { short: "q", long: "quiet", help: "print errors only" };
export const VERBOSE: Option = { short: "v", long: "verbose", help: "print more" };

/** The option that chooses when there are colours. */
export const COLOUR: Option = {
  long: "color",
  argument: "WHEN",
  help: "auto (on a terminal, unless NO_COLOR is set), always or never",
};

/** The option of all that lists, which goes through a pager on a terminal. */
export const NO_PAGER: Option = { long: "no-pager", help: "show it at once, also where it is long" };

/** A parsed command line. */
export interface ParsedOptions {
  /**
   * The values of each option by its long name, in order. An option that takes no value has an empty string for each time
   * it was given. The option that was given last is the last entry.
   */
  options: Map<string, string[]>;
  /** The options with their values in the order in which they were given. */
  given: Array<[option: string, value: string]>;
  args: string[];
  /** The words after the first argument, when parsing stops there. */
  rest: string[];
}

/** How the words of a command line are taken. */
export interface ParseRules {
  /** The first argument ends the options, as it does with `--`: what follows belongs to a command. */
  stopAtArgument?: boolean;
  /** Unknown options are passed over, as those are that the kernel gives to process 1. */
  ignoreUnknown?: boolean;
  /** A value may follow any letter of a word without a blank, as in `-ht5`, and not only the first. */
  valuesInClusters?: boolean;
  /**
   * As getopt_long(3) does it: the value is the next word, whatever it looks like, and may follow any letter of a word. Long
   * names may be cut where they stay unique. The messages are its own.
   */
  getopt?: boolean;
  /** Told of what is wrong, which is passed over. Absent: it is thrown. */
  onProblem?(problem: UsageError): void;
}

/**
 * Parses a command line, as libnih does. Options and arguments may be mixed, until `--`. A value stands in the same word
 * (`--output=FILE`, `-oFILE`), or is the next word that is no option. Parsing ends at `--help` and `--version`, so the
 * words behind them may be wrong.
 * @throws {UsageError} for an unknown option, a missing value, and a value of an option that takes none, unless the rules say
 * who is told.
 */
export function parseOptions(
  words: readonly string[],
  table: readonly Option[],
  rules: ParseRules = {},
): ParsedOptions {
  const parsed: ParsedOptions = { options: new Map(), given: [], args: [], rest: [] };
  const left = [...words];
  const messages = rules.getopt ? GETOPT_MESSAGES : MESSAGES;
  const put = (option: Option, value = "") => {
    const values = [...parsed.options.get(option.long) ?? [], value];
    parsed.options.delete(option.long);
    parsed.options.set(option.long, values);
    parsed.given.push([option.long, value]);
  };
  const fail = (message: string) => {
    const problem = new UsageError(message);
    if (!rules.onProblem) throw problem;
    rules.onProblem(problem);
  };
  const putNext = (option: Option, given: string) => {
    const next = rules.getopt ? left.length > 0 ? 0 : -1 : left.findIndex((word) => !isOption(word));
    if (next < 0) fail(messages.missing(given));
    else put(option, left.splice(next, 1)[0]);
  };
  const refuse = (word: string) => {
    if (!rules.ignoreUnknown) fail(messages.unknown(word));
  };
  for (let word; (word = left.shift()) !== undefined;) {
    if (word === "--") {
      parsed.args.push(...left.splice(0, rules.stopAtArgument ? 1 : left.length));
      parsed.rest = left.splice(0);
    } else if (!isOption(word)) {
      parsed.args.push(word);
      if (rules.stopAtArgument) parsed.rest = left.splice(0);
    } else if (word.startsWith("--")) {
      const equals = word.indexOf("=");
      const name = word.slice(2, equals < 0 ? undefined : equals);
      const option = longOption(name, table, rules.getopt);
      if (!option) refuse(word);
      else if (equals >= 0 && !option.argument) fail(messages.unexpected(word, option));
      else if (!option.argument) put(option);
      else if (equals < 0) putNext(option, `--${option.long}`);
      else put(option, word.slice(equals + 1));
    } else {
      for (let at = 1; at < word.length; at++) {
        const option = table.find(({ short }) => short === word[at]);
        // The value of the first letter may follow it without a blank.
        const mayAttach = at === 1 || rules.valuesInClusters || rules.getopt;
        const attached = option?.argument && mayAttach && word.length > at + 1;
        if (!option) refuse(`-${word[at]}`);
        else if (attached) put(option, word.slice(at + 1));
        else if (option.argument) putNext(option, rules.getopt ? `-${word[at]}` : word);
        else put(option);
        if (attached) break;
      }
    }
    if (parsed.options.has("help") || parsed.options.has("version")) break;
  }
  return parsed;
}

/** What is said of a wrong command line. */
interface Messages {
  unknown(word: string): string;
  missing(option: string): string;
  unexpected(word: string, option: Option): string;
}

const MESSAGES: Messages = {
  unknown: (word) => `invalid option: ${word}`,
  missing: (option) => `missing argument: ${option}`,
  unexpected: (word) => `unexpected argument: ${word}`,
};

const GETOPT_MESSAGES: Messages = {
  unknown: (word) =>
    word.startsWith("--") ? `unrecognized option '${word}'` : `invalid option -- '${word.slice(1)}'`,
  missing: (option) =>
    option.startsWith("--")
      ? `option '${option}' requires an argument`
      : `option requires an argument -- '${option.slice(1)}'`,
  unexpected: (_, { long }) => `option '--${long}' doesn't allow an argument`,
};

/**
 * The option of a long name, or of one that is cut where that is allowed.
 * @throws {UsageError} when several begin like that.
 */
function longOption(name: string, table: readonly Option[], mayBeCut = false): Option | undefined {
  const exact = table.find(({ long }) => long === name && long !== "");
  if (exact || !mayBeCut || name === "") return exact;
  const like = table.filter(({ long }) => long.startsWith(name));
  if (like.length < 2) return like[0];
  const names = like.map(({ long }) => ` '--${long}'`).join("");
  throw new UsageError(`option '--${name}' is ambiguous; possibilities:${names}`);
}

/** The value of an option. When it was given several times, the last one. */
export function valueOf({ options }: ParsedOptions, option: string): string | undefined {
  return options.get(option)?.at(-1);
}

/**
 * The value of an option of which one alone can be meant.
 * @throws {UsageError} when it was given with several values.
 */
export function onlyValueOf({ options }: ParsedOptions, option: string): string | undefined {
  const [value, ...more] = options.get(option) ?? [];
  if (more.every((another) => another === value)) return value;
  throw new UsageError(`--${option} was given ${more.length + 1} times, and one value alone can be meant`);
}

/** The one of these options, by their long names, that was given last. */
export function lastGiven(options: ParsedOptions["options"], names: readonly string[]): string | undefined {
  let last: string | undefined;
  for (const name of options.keys()) if (names.includes(name)) last = name;
  return last;
}

function isOption(word: string): boolean {
  return word.startsWith("-") && word !== "-";
}
