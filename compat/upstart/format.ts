/** The printer of `.conf` files: definitions in Upstart's format. */

import {
  FIELD_ROWS,
  type FieldKind,
  type FieldName,
  type FieldRow,
  type FieldValues,
  USUAL_BACKOFF,
} from "../../lib/model/fields.ts";
import {
  type Backoff,
  type Cgroup,
  hasDefault,
  type JobDefinition,
  PROCESS_NAMES,
  type ProcessDefinition,
  type ProcessName,
} from "../../lib/model/job.ts";
import type { Exit } from "../../lib/model/exit.ts";
import { wordsOf } from "../../lib/model/logs/settings.ts";
import { formatReference, parseReference } from "../../lib/model/text/references.ts";
import { signalName } from "../../lib/model/signals.ts";
import { isDeepStrictEqual } from "node:util";
import { type Comments, noComments } from "../../lib/formats/comments.ts";
import { brokenLine } from "../../lib/formats/commands.ts";
import { asRead, ceilingWords, checkWords } from "./checks.ts";
import { fieldOf } from "./comments.ts";
import { formatCondition } from "./condition.ts";
import type { Conversion } from "../../lib/formats/format.ts";
import { ParseError } from "../../lib/formats/error.ts";
import { Lexer } from "./lexer.ts";
import { parseConf } from "./parse.ts";
import { shellWord } from "./strings.ts";
import { encodeBytes } from "../../lib/model/text/bytes.ts";

/**
 * A definition as a readable `.conf` file, one character a byte, which parses to an equal definition. What
 * `.conf` has no words for is told in comments (functions), or said in the nearest way: a line break
 * within a word is written as a space, an empty text is left out, parts of a second are rounded up.
 */
export function formatConf(definition: JobDefinition, comments = noComments()): string {
  const left = new Map(comments.fields);
  const take = (field: string): string => {
    const lines = left.get(field) ?? [];
    left.delete(field);
    return lines.map(commentLine).join("");
  };
  const paragraphs = SECTIONS.map((section) =>
    section(definition, comments.order).map((stanza) => fieldsOf(stanza).map(take).join("") + stanza + "\n")
      .join("")
  );
  const all = [
    comments.head.map(commentLine).join(""),
    ...paragraphs,
    [...[...left.values()].flat(), ...comments.foot].map(commentLine).join(""),
  ];
  return encodeBytes(all.filter((text) => text !== "").join("\n"));
}

function commentLine(line: string): string {
  return `#${line}\n`;
}

/** The fields whose comments stand before a stanza. */
function fieldsOf(stanza: string): string[] {
  const field = fieldOf(stanza.replace(/^# ([a-z-]+):/, "$1"));
  if (["exec", "script", "main"].includes(field)) return ["main", "exec", "script"];
  const [, entry] = /^(?:env|limit) (\w+)/.exec(stanza) ?? [];
  return entry === undefined ? [field] : [field, `${field}.${entry}`];
}

/** A definition as a `.conf` file, and what that does not say as the definition does. */
export function convertToConf(definition: JobDefinition, comments?: Comments): Conversion {
  const text = formatConf(definition, comments);
  return { text, lost: lostIn(text, definition) };
}

function lostIn(text: string, definition: JobDefinition): string[] {
  let said: JobDefinition;
  try {
    said = parseConf(text, definition.source, definition.name);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return [`line ${error.line} cannot be expressed: ${error.reason}`];
  }
  return Object.keys({ ...said, ...definition }).flatMap((key) => {
    const field = key as keyof JobDefinition;
    if (field === "processes") return PROCESS_NAMES.flatMap((name) => lostProcess(name, definition, said));
    const isCheck = (field === "ready" || field === "alive") && definition[field] !== undefined;
    const meant = isCheck ? asRead(definition[field]!) : definition[field];
    if (isDeepStrictEqual(said[field], meant)) return [];
    if (field === "startOn" || field === "stopOn") {
      return [`${field}: ${formatCondition(definition[field]!)} becomes another condition`];
    }
    const told = said[field] === undefined ? "cannot be expressed" : `becomes ${JSON.stringify(said[field])}`;
    return [`${field}: ${JSON.stringify(definition[field])} ${told}`];
  });
}

function lostProcess(name: ProcessName, definition: JobDefinition, said: JobDefinition): string[] {
  const program = definition.processes[name];
  if (program?.kind === "function") return [`${name}: a function cannot be expressed`];
  const isSame = program?.kind === "arguments" || isDeepStrictEqual(said.processes[name], program);
  return isSame ? [] : [`${name}: the command becomes a script`];
}

/** Stanzas, each with all of its lines. `said`: fields to write even where they have their usual value. */
type Section = (job: JobDefinition, said: readonly string[]) => string[];

/** The fields' groups in their order, and the processes. */
const SECTIONS: Section[] = [
  ...Array.from(
    Map.groupBy(FIELD_ROWS, ([, { group }]) => group).values(),
    (rows): Section => (job, said) => rows.flatMap(([name, row]) => fieldStanzas(name, row, job, said)),
  ),
  ...PROCESS_NAMES.map((name): Section => (job) => process(name, job.processes[name])),
];

function fieldStanzas(
  name: FieldName,
  { kind, stanza }: FieldRow,
  job: JobDefinition,
  said: readonly string[],
): string[] {
  const value = job[name];
  // No stanza says `endsInit`, on which defaults depend, too.
  const isUsual = hasDefault(name, job, { semantics: job.semantics });
  // A module has to say which semantics it has where a file of this format has them anyway.
  const isSaid = value !== undefined && name !== "semantics" && said.includes(name);
  if (stanza === undefined || isUsual && !isSaid) return [];
  return KINDS[kind](stanza, value as never);
}

/** The value of a field that may be absent although it has a default. */
type Absent<Kind extends FieldKind> = Kind extends "timeLimit" | "backoff" ? undefined : never;

/** How the stanzas of each kind of values are written. */
const KINDS: { [Kind in FieldKind]: (stanza: string, value: FieldValues[Kind] | Absent<Kind>) => string[] } =
  {
    text: withWord,
    account: withWord,
    flag: (stanza, isSet) => isSet ? [stanza] : [],
    choice: (stanza, value) => [`${stanza} ${value}`],
    integer: (stanza, value) => [`${stanza} ${value}`],
    seconds: (stanza, value) => [`${stanza} ${seconds(value)}`],
    timeLimit: (stanza, value) => [`${stanza} ${value ?? "none"}`],
    signal: (stanza, value) => [`${stanza} ${signal(value)}`],
    mask: (stanza, value) => [`${stanza} ${value.toString(8).padStart(3, "0")}`],
    words: forEach(quoted),
    variables: forEach(quoted),
    environment: forEach(quoted),
    references: (stanza, words) => words.length > 0 ? [`${stanza} ${words.map(reference).join(" ")}`] : [],
    condition: (stanza, value) => [`${stanza} ${formatCondition(value, quoted)}`],
    exits: (stanza, ways) => ways.length > 0 ? [`${stanza} ${ways.map(exit).join(" ")}`] : [],
    respawnLimit: (stanza, limit) => [`${stanza} ${respawnLimit(limit)}`],
    backoff: (stanza, value) => [`${stanza} ${value ? backoff(value) : 0}`],
    oomScore: (stanza, value) => [`${stanza} ${value}`],
    limits: (stanza, limits) =>
      Object.entries(limits).map(([name, { soft, hard }]) => `${stanza} ${name} ${soft} ${hard}`),
    cgroups: forEach(cgroup),
    check: withWords(checkWords),
    ceilings: withWords(ceilingWords),
    rotation: withWords((value) => value === "none" ? [value] : wordsOf("rotation", value)),
    logLimit: withWords((value) => wordsOf("logLimit", value)),
    logTargets: withWords((targets) => targets),
  };

/** A stanza with one word, which cannot be empty. */
function withWord(stanza: string, value: string): string[] {
  return value === "" ? [] : [`${stanza} ${quoted(value)}`];
}

/** A stanza with these words. */
function withWords<Value>(words: (value: Value) => string[]): (stanza: string, value: Value) => string[] {
  return (stanza, value) => [[stanza, ...words(value).map(quoted)].join(" ")];
}

/** A stanza for each item of a list. */
function forEach<Item>(write: (item: Item) => string): (stanza: string, items: readonly Item[]) => string[] {
  return (stanza, items) => items.map((item) => `${stanza} ${write(item)}`);
}

function respawnLimit(limit: FieldValues["respawnLimit"]): string {
  return limit === "unlimited" ? limit : `${limit.count} ${seconds(limit.interval)}`;
}

/** The delays, but for those that are as usual. */
function backoff({ delay, factor, max, jitter, resetAfter }: Backoff): string {
  const parts = [
    factor === USUAL_BACKOFF.factor ? "" : ` factor ${factor}`,
    max === Math.max(delay, USUAL_BACKOFF.max) ? "" : ` max ${max}`,
    jitter === USUAL_BACKOFF.jitter ? "" : ` jitter ${jitter}`,
    resetAfter === USUAL_BACKOFF.resetAfter ? "" : ` reset-after ${resetAfter}`,
  ];
  return `${delay}${parts.join("")}`;
}

function seconds(value: number): string {
  return BigInt(Math.ceil(value)).toString();
}

function signal(number: number): string {
  return signalName(number) ?? String(number);
}

/** `completed(NAME)` needs no quotes where the name needs none. */
function reference(word: string): string {
  const { name, completed } = parseReference(word);
  return quoted(name) === name ? formatReference({ name, completed }) : quoted(word);
}

function exit(way: Exit): string {
  if ("status" in way) return String(way.status);
  return signalName(way.signal) ?? String(way.signal * 256);
}

function cgroup({ controller, name, key, value }: Cgroup): string {
  const words = [controller, name, key, key === undefined ? undefined : value];
  return words.filter((word) => word !== undefined).map(quoted).join(" ");
}

function process(name: ProcessName, program: ProcessDefinition | undefined): string[] {
  const prefix = name === "main" ? "" : `${name} `;
  switch (program?.kind) {
    case undefined:
      return [];
    case "exec":
      if (isOneLine(program.command)) return [broken(`${prefix}exec `, program.command)];
      return script(prefix, `exec ${program.command}`);
    case "arguments": {
      const command = program.words.map(shellWord).join(" ");
      return isOneLine(command) ? [broken(`${prefix}exec `, command)] : script(prefix, `exec ${command}`);
    }
    case "script":
      return script(prefix, program.text);
    case "function":
      return [`# ${name}: a function of job ${program.job} in ${program.module}`.replaceAll("\n", " ")];
  }
}

/** True when a command can stand behind `exec` and be read back as it is, or as another one. */
function isOneLine(command: string, meant = command): boolean {
  try {
    const lexer = new Lexer(encodeBytes(command), "");
    return lexer.command() === meant && lexer.atEnd;
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return false;
  }
}

/** A stanza with a command, which goes on in further lines where it is long. */
function broken(stanza: string, command: string): string {
  if (stanza.length + command.length <= WIDTH) return stanza + command;
  const lines = brokenLine(command, WIDTH - MARGIN.length - 2).join(` \\\n${MARGIN}`);
  return stanza + (isOneLine(lines, command) ? lines : command);
}

/** Lines are broken that would be longer. */
const WIDTH = 110;

/** Stands before lines that go on with the one before. */
const MARGIN = "    ";

function script(prefix: string, text: string): string[] {
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  // An empty line takes part in finding the common indentation, so scripts that have one get none.
  const indentation = lines.includes("") ? "" : "    ";
  return [[`${prefix}script`, ...lines.map((line) => indentation + line), "end script"].join("\n")];
}

/** A word in quotes if it needs them. */
function quoted(word: string): string {
  const text = word.replaceAll("\n", " ");
  if (text !== "and" && text !== "or" && /^[^ \t\r#\\'"()]+$/.test(text)) return text;
  const key = /^\w+!?=/.exec(text)?.[0] ?? "";
  const escaped = text.slice(key.length).replaceAll("\\", "\\\\");
  if (!escaped.includes("'")) return `${key}'${escaped}'`;
  if (!escaped.includes('"')) return `${key}"${escaped}"`;
  return `${key}'${escaped.replaceAll("'", `'"'"'`)}'`;
}
