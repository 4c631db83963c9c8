/** Programs by which scripts start daemons, and what their options say: start-stop-daemon(8) and those of libraries. */

import { fieldsOf, type Lookup } from "../shell/values.ts";

/** A call of such a program. Values and words are as the script writes them. */
export interface Starter {
  /** By the long names of start-stop-daemon; of an option without an argument, empty. */
  options: ReadonlyMap<string, string>;
  /** The words that are no options: of start-stop-daemon the daemon's arguments, of others also the daemon in front. */
  words: string[];
}

/** An option: its long name and whether an argument follows. */
type Options = Readonly<Record<string, readonly [name: string, hasArgument?: true]>>;

const START_STOP_DAEMON: Options = {
  S: ["start"],
  K: ["stop"],
  T: ["status"],
  x: ["exec", true],
  a: ["startas", true],
  p: ["pidfile", true],
  n: ["name", true],
  u: ["user", true],
  g: ["group", true],
  c: ["chuid", true],
  s: ["signal", true],
  R: ["retry", true],
  r: ["chroot", true],
  d: ["chdir", true],
  N: ["nicelevel", true],
  P: ["procsched", true],
  I: ["iosched", true],
  k: ["umask", true],
  O: ["output", true],
  b: ["background"],
  C: ["no-close"],
  m: ["make-pidfile"],
  o: ["oknodo"],
  q: ["quiet"],
  t: ["test"],
  v: ["verbose"],
  // These have no letter.
  "ppid": ["ppid", true],
  "pid": ["pid", true],
  "notify-await": ["notify-await"],
  "notify-timeout": ["notify-timeout", true],
  "remove-pidfile": ["remove-pidfile"],
};

/** The functions of LSB's library, and of Red Hat's and SUSE's. */
const START_DAEMON: Options = { f: ["oknodo"], n: ["nicelevel", true], p: ["pidfile", true] };

const DAEMON: Options = {
  "user": ["chuid", true],
  "pidfile": ["pidfile", true],
  "check": ["name", true],
  "force": ["oknodo"],
};

const STARTPROC: Options = {
  ...START_DAEMON,
  l: ["output", true],
  u: ["chuid", true],
  g: ["group", true],
  s: ["quiet"],
  q: ["quiet"],
  v: ["verbose"],
};

const KILLPROC: Options = { p: ["pidfile", true] };

/** The programs that start daemons. The first word that is no option of any but the first is the daemon. */
const STARTERS: Readonly<Record<string, Options>> = {
  "start-stop-daemon": START_STOP_DAEMON,
  start_daemon: START_DAEMON,
  daemon: DAEMON,
  startproc: STARTPROC,
};

/** Those that stop them. */
const STOPPERS: Readonly<Record<string, Options>> = {
  "start-stop-daemon": START_STOP_DAEMON,
  killproc: KILLPROC,
};

/** Reads a command that starts a daemon; undefined for any other one. Where its options are not known, they are undefined. */
export function starterOf(
  words: readonly string[],
  lookup: Lookup,
): { starter: Starter | undefined } | undefined {
  const call = callOf(words, STARTERS);
  if (!call || call.name === "start-stop-daemon" && !isAction(words, "start", "S")) return undefined;
  if (hasOption(words, "test", "t") && call.name === "start-stop-daemon") return undefined;
  return { starter: read(call, lookup) };
}

/** Reads a command that ends a daemon or signals it; undefined for any other one, and where its options are not known. */
export function stopperOf(words: readonly string[], lookup: Lookup): Starter | undefined {
  const call = callOf(words, STOPPERS);
  if (!call || call.name === "start-stop-daemon" && !isAction(words, "stop", "K")) return undefined;
  if (call.name !== "killproc") return read(call, lookup);
  // A signal is written as an option: -HUP.
  const signal = call.words.find((word) => /^-(?:[A-Z]+\d*|\d+)$/.test(word));
  const found = read({ ...call, words: call.words.filter((word) => word !== signal) }, lookup);
  return found && signal !== undefined
    ? { ...found, options: new Map([...found.options, ["signal", signal.slice(1)]]) }
    : found;
}

/** True for a command that asks start-stop-daemon whether a daemon runs, or could be started. */
export function isQuestion(words: readonly string[]): boolean {
  return callOf(words, STOPPERS)?.name === "start-stop-daemon" &&
    (hasOption(words, "test", "t") || isAction(words, "status", "T"));
}

interface Call {
  name: string;
  words: readonly string[];
  options: Options;
}

function callOf(words: readonly string[], programs: Readonly<Record<string, Options>>): Call | undefined {
  const name = words[0]?.replace(/^(?:\/usr)?\/sbin\//, "") ?? "";
  return Object.hasOwn(programs, name)
    ? { name, words: words.slice(1), options: programs[name]! }
    : undefined;
}

function isAction(words: readonly string[], long: string, short: string): boolean {
  return hasOption(words, long, short);
}

/** True where an option without an argument is there. Options end at `--`. */
function hasOption(words: readonly string[], long: string, short: string): boolean {
  const end = words.indexOf("--");
  return words.slice(1, end < 0 ? undefined : end)
    .some((word) => word === `--${long}` || /^-[A-Za-z]+$/.test(word) && word.includes(short));
}

function read({ name, words, options: known }: Call, lookup: Lookup): Starter | undefined {
  const byName = new Map(Object.entries(known).flatMap(([letter, row]) => [[letter, row], [row[0], row]]));
  const options = new Map<string, string>(), rest: string[] = [], pending = [...words];
  while (pending.length > 0) {
    const word = pending.shift()!;
    const isOption = /^-./.test(word);
    if (word === "--") return { options, words: [...rest, ...pending] };
    if (name !== "start-stop-daemon" && rest.length > 0) {
      return { options, words: [...rest, word, ...pending] };
    }
    if (word.startsWith("$")) {
      const fields = name === "start-stop-daemon" ? fieldsOf(word, lookup) : undefined;
      if (name === "start-stop-daemon" && !fields) return undefined;
      if (fields) pending.unshift(...fields);
      else rest.push(word);
    } else if (name === "daemon" && /^[+-]\d+$/.test(word)) options.set("nicelevel", word);
    else if (!isOption) rest.push(word);
    else if (!takeOption(word, pending, byName, options)) return undefined;
  }
  return { options, words: rest };
}

/** Takes an option, or several in one word. False where one is not known. */
function takeOption(
  word: string,
  pending: string[],
  known: ReadonlyMap<string, Options[string]>,
  options: Map<string, string>,
): boolean {
  const [, long, value] = /^--([a-z-]+)(?:=([^]*))?$/.exec(word) ?? [];
  if (long !== undefined) {
    const row = known.get(long);
    if (row) options.set(row[0], row[1] ? value ?? pending.shift() ?? "" : "");
    return row !== undefined;
  }
  for (let letters = word.slice(1); letters !== "";) {
    const row = known.get(letters[0]!);
    letters = letters.slice(1);
    if (!row) return false;
    options.set(row[0], row[1] ? letters || (pending.shift() ?? "") : "");
    if (row[1]) break;
  }
  return true;
}
