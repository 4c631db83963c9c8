/** The stanzas of init(5): how each is read, and what it does to a job's definition. */

import type { Exit } from "../../lib/model/exit.ts";
import {
  FIELD_ROWS,
  type FieldKind,
  type FieldName,
  type FieldOfKind,
  type FieldRow,
  FIELDS,
  type FieldValues,
} from "../../lib/model/fields.ts";
import {
  type Cgroup,
  type JobDefinition,
  type Limit,
  PROCESS_NAMES,
  type ProcessName,
  RESOURCES,
} from "../../lib/model/job.ts";
import { hasStrayComma } from "../../lib/model/text/references.ts";
import { isReference } from "../../lib/model/validate.ts";
import { LAST_SIGNAL, signalName, signalNumber } from "../../lib/model/signals.ts";
import { readCeilings, readCheck } from "./checks.ts";
import { readCondition } from "./condition.ts";
import { backoff, timeLimit } from "./delays.ts";
import type { Lexer } from "./lexer.ts";
import { readLogSetting, readRotation, readTargets } from "./logs.ts";

/** Reads what follows a stanza's name, its line's end included, into the definition. */
type Stanza = (lexer: Lexer, job: JobDefinition) => void;

const LARGEST_INT = 2 ** 31 - 1;
const LARGEST_LONG = 2 ** 63;

/** The signals that have names. */
const SIGNALS = Array.from({ length: LAST_SIGNAL }, (_, index) => signalName(index + 1)).filter((name) =>
  name !== undefined
);

/** Reads all stanzas of a file into a definition, which is left half changed when one cannot be read. */
export function readStanzas(lexer: Lexer, job: JobDefinition): void {
  while (lexer.nextStanza()) readStanza(lexer, job);
}

/** Reads the stanza that the lexer stands on. */
export function readStanza(lexer: Lexer, job: JobDefinition): void {
  const read = STANZAS.get(lexer.keyword()) ?? lexer.fail("Unknown stanza", lexer.line, STANZAS.keys());
  read(lexer, job);
}

/** Makes the stanza of a field. */
type StanzaOfKind<Kind extends FieldKind> = (name: FieldOfKind<Kind>, row: FieldRow<Kind>) => Stanza;

/** How the stanzas of each kind of values are read. */
const KINDS: { [Kind in FieldKind]: StanzaOfKind<Kind> } = {
  text: oneWord((word) => word),
  account: oneWord((word) => word),
  flag: (name) => (lexer, job) => {
    lexer.endLine();
    job[name] = true;
  },
  choice: oneWord(choice),
  integer: oneWord(integerOfRow),
  seconds: oneWord(seconds),
  timeLimit: optional(timeLimit),
  signal: oneWord(signal),
  mask: oneWord(mask),
  words: words((word, list) => list.push(word)),
  variables: words((word, list) => list.push(word)),
  environment: (name) => (lexer, job) => {
    job[name].push(lexer.word());
    lexer.endLine();
  },
  references: words((word, list, lexer, { completions }) => {
    if (isReference(word, completions)) return void list.push(word);
    const expected = hasStrayComma(word)
      ? "names with blanks between them, and no commas"
      : `the name of a job${completions ? ", or completed(NAME)" : ""}`;
    lexer.fail(`Illegal job, expected ${expected}`, lexer.tokenLine);
  }),
  condition: (name) => (lexer, job) => job[name] = readCondition(lexer),
  exits: words((word, list, lexer) => list.push(...exits(word, lexer))),
  respawnLimit: (name) => (lexer, job) => {
    job[name] = respawnLimit(lexer);
    lexer.endLine();
  },
  backoff: optional(backoff),
  oomScore: oneWord((word, lexer) =>
    word === "score" ? oomScore(lexer.word(), lexer) : oomAdjustment(word, lexer)
  ),
  limits: (name) => (lexer, job) => limit(lexer, job[name]),
  cgroups: (name) => (lexer, job) => job[name].push(cgroup(lexer)),
  check: (name, { use }) => (lexer, job) => job[name] = readCheck(lexer, use),
  ceilings: (name) => (lexer, job) => job[name] = readCeilings(lexer),
  rotation: (name) => (lexer, job) => job[name] = readRotation(lexer),
  logLimit: (name) => (lexer, job) => job[name] = readLogSetting(lexer, "logLimit", lexer.keyword()),
  logTargets: (name) => (lexer, job) => job[name] = readTargets(lexer),
};

/** A stanza of exactly one word, or one that begins with it. The word is judged before anything behind it is. */
function oneWord<Kind extends FieldKind>(
  read: (word: string, lexer: Lexer, row: FieldRow<Kind>) => FieldValues[Kind],
): StanzaOfKind<Kind> {
  return (name, row) => (lexer, job: Partial<Record<FieldName, unknown>>) => {
    job[name] = read(lexer.word(), lexer, row);
    lexer.endLine();
  };
}

/** A stanza by which a field may become absent, too. */
function optional<Kind extends "timeLimit" | "backoff">(
  read: (lexer: Lexer) => FieldValues[Kind] | undefined,
): StanzaOfKind<Kind> {
  return (name: FieldName) => (lexer, job: Partial<Record<FieldName, unknown>>) => {
    const value = read(lexer);
    lexer.endLine();
    if (value === undefined) delete job[name];
    else job[name] = value;
  };
}

/** A stanza of one word or more, each of which is added to a list. */
function words<Kind extends "words" | "variables" | "exits" | "references">(
  add: (word: string, list: FieldValues[Kind], lexer: Lexer, row: FieldRow<Kind>) => void,
): StanzaOfKind<Kind> {
  return (name, row) => (lexer, job) => {
    const list: unknown = job[name];
    do add(lexer.word(), list as FieldValues[Kind], lexer, row); while (lexer.hasToken);
    lexer.endLine();
  };
}

/** Stanzas that no field has, or that begin otherwise than their field's row says. */
const SPECIAL: Array<[name: string, Stanza]> = [
  ["exec", program("main", "exec")],
  ["script", program("main", "script")],
  ...PROCESS_NAMES.filter((name) => name !== "main").flatMap((name): Array<[string, Stanza]> => [
    [`${name} exec`, program(name, "exec")],
    [`${name} script`, program(name, "script")],
  ]),
  // These two leave the rest of their line to the next stanza, as they do in Upstart.
  ["manual", (_, job) => delete job.startOn],
  ["debug", (_, job) => job.debug = true],
  // `score` may be in quotes, or not be there.
  ["oom", KINDS.oomScore("oomScore", FIELDS.oomScore)],
];

/** The stanzas of the fields. */
const REGULAR = FIELD_ROWS.flatMap(([name, row]): Array<[name: string, Stanza]> => {
  const { kind, stanza } = row;
  if (stanza === undefined || SPECIAL.some(([special]) => special === stanza.split(" ")[0])) return [];
  return [[stanza, KINDS[kind](name as never, row as never)]];
});

const STANZAS = byFirstWord([...SPECIAL, ...REGULAR]);

/** Stanzas by their first words. Names of two words are told apart by the second. */
function byFirstWord(stanzas: Array<[name: string, Stanza]>): ReadonlyMap<string, Stanza> {
  const alone = new Map<string, Stanza>();
  const longer = new Map<string, Map<string, Stanza>>();
  for (const [name, read] of stanzas) {
    const [first = "", second] = name.split(" ");
    if (second === undefined) alone.set(first, read);
    else longer.set(first, (longer.get(first) ?? new Map()).set(second, read));
  }
  const both = Array.from(longer, ([first, table]): [string, Stanza] => {
    const one = alone.get(first), two = bySecondWord(table);
    return [first, one ? (lexer, job) => (lexer.hasToken ? two : one)(lexer, job) : two];
  });
  return new Map([...alone, ...both]);
}

function bySecondWord(table: ReadonlyMap<string, Stanza>): Stanza {
  return (lexer, job) => {
    const read = table.get(lexer.keyword()) ??
      lexer.fail("Unknown stanza", lexer.tokenLine, table.keys());
    read(lexer, job);
  };
}

function program(name: ProcessName, kind: "exec" | "script"): Stanza {
  return (lexer, job) => {
    job.processes[name] = kind === "exec"
      ? { kind, command: lexer.command() }
      : { kind, text: lexer.script() };
  };
}

/** A choice. One of several words goes on as long as there is one that begins like this. */
function choice(word: string, lexer: Lexer, row: FieldRow<"choice">): string {
  const choices = row.choices.filter((choice) => typeof choice === "string");
  let words = word;
  while (lexer.hasToken && choices.some((choice) => choice.startsWith(`${words} `))) {
    words += ` ${lexer.word()}`;
  }
  return oneOf(choices, words, lexer);
}

function oneOf<Value extends string>(values: readonly Value[], word: string, lexer: Lexer): Value {
  return values.includes(word as Value)
    ? word as Value
    : lexer.fail("Unknown stanza", lexer.tokenLine, values);
}

/** A whole number, after blanks and with a sign if one likes, as strtol(3) takes it; NaN for anything else. */
function integer(word: string): number {
  return /^[ \t-\r]*[+-]?[0-9]+$/.test(word) ? Number(word) + 0 : NaN;
}

function integerWithin(word: string, lowest: number, highest: number): number | undefined {
  const number = integer(word);
  return number >= lowest && number <= highest ? number : undefined;
}

function integerOfRow(word: string, lexer: Lexer, { lowest, highest, stanza }: FieldRow<"integer">): number {
  return integerWithin(word, lowest, highest) ??
    lexer.fail(`Illegal ${stanza} value, expected ${lowest} to ${highest}`, lexer.tokenLine);
}

function seconds(word: string, lexer: Lexer): number {
  return integerWithin(word, 0, LARGEST_LONG) ??
    lexer.fail("Illegal interval, expected number of seconds", lexer.tokenLine);
}

function signal(word: string, lexer: Lexer): number {
  // No line: Upstart blames the file as a whole.
  return signalNumber(word) ?? integerWithin(word, 0, LARGEST_INT) ??
    lexer.fail(
      "Error while loading configuration file: Illegal signal status, expected integer",
      undefined,
      SIGNALS,
    );
}

function mask(word: string, lexer: Lexer): number {
  const mask = /^[ \t-\r]*(?:[+]?[0-7]+|-0+)$/.test(word) ? Math.abs(parseInt(word, 8)) : NaN;
  if (mask <= 0o777) return mask;
  lexer.fail("Illegal file creation mask, expected octal integer", lexer.tokenLine);
}

function oomScore(word: string, lexer: Lexer): number | "never" {
  const score = word === "never" ? -1000 : integerWithin(word, -1000, 1000) ??
    lexer.fail("Illegal oom score adjustment, expected -999 to 1000 or 'never'", lexer.tokenLine);
  return score === -1000 ? "never" : score;
}

/** The older kernels' scale, from −17 to 15, on the newer one. */
function oomAdjustment(word: string, lexer: Lexer): number | "never" {
  const adjustment = word === "never" ? -17 : integerWithin(word, -17, 15) ??
    lexer.fail("Illegal oom adjustment, expected -16 to 15 or 'never'", lexer.tokenLine);
  if (adjustment === -17) return "never";
  return Math.trunc(adjustment * 1000 / (adjustment < 0 ? 17 : 15)) + 0;
}

function respawnLimit(lexer: Lexer): FieldValues["respawnLimit"] {
  const word = lexer.word();
  if (word === "unlimited") return word;
  const count = integerWithin(word, 0, LARGEST_INT) ??
    lexer.fail("Illegal limit, expected 'unlimited' or integer", lexer.tokenLine);
  const interval = seconds(lexer.word(), lexer);
  return count === 0 || interval === 0 ? "unlimited" : { count, interval };
}

/** The way to end that a word names: one, or none when no process can end like that. */
function exits(word: string, lexer: Lexer): Exit[] {
  const signal = signalNumber(word);
  if (signal !== undefined) return [{ signal }];
  const status = integerWithin(word, 0, LARGEST_INT) ??
    lexer.fail("Illegal exit status, expected integer", lexer.tokenLine, SIGNALS);
  if (status <= 255) return [{ status }];
  // Beyond the statuses Upstart counts signals in multiples of 256.
  const multiple = status / 256;
  return Number.isInteger(multiple) && multiple <= LAST_SIGNAL ? [{ signal: multiple }] : [];
}

function limit(lexer: Lexer, limits: FieldValues["limits"]): void {
  const resource = oneOf(RESOURCES, lexer.word(), lexer);
  const soft = limitValue(lexer.word(), lexer);
  const hard = limitValue(lexer.word(), lexer);
  lexer.endLine();
  limits[resource] = { soft, hard };
}

/** A resource limit as strtoull(3) takes it: numbers below zero are counted down from 2⁶⁴. */
function limitValue(word: string, lexer: Lexer): Limit["soft"] {
  if (word === "unlimited") return word;
  if (/^[0-9]{1,15}$/.test(word)) return Number(word);
  const [, sign, digits] = /^[ \t-\r]*([+-]?)([0-9]+)$/.exec(word) ?? [];
  const size = digits !== undefined && digits.length <= 1000 ? BigInt(digits) : undefined;
  if (size === undefined || size >= 1n << 64n) {
    lexer.fail("Illegal limit, expected 'unlimited' or integer", lexer.tokenLine);
  }
  const value = BigInt.asUintN(64, sign === "-" ? -size : size);
  // What JavaScript cannot count exactly (8 PiB and more) limits nothing.
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? "unlimited" : Number(value);
}

function cgroup(lexer: Lexer): Cgroup {
  const words: string[] = [lexer.word()];
  while (lexer.hasToken && words.length < 4) words.push(lexer.word());
  lexer.endLine();
  const [controller = "", one = "", two = "", three = ""] = words;
  switch (words.length) {
    case 1:
      return { controller };
    case 2:
      return { controller, name: one };
    case 3:
      return { controller, key: one, value: two };
    default:
      return { controller, name: one, key: two, value: three };
  }
}
