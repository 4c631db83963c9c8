/** The stanzas of checks, `ready` and `alive`, and `restart above`: how they are read and written. */

import {
  type Ceilings,
  CHECK_KINDS,
  type CheckCommand,
  type CheckDefinition,
  type CheckKind,
  type CheckUse,
  isHeaderField,
  isPolledKind,
  REMEDIES,
  type Remedy,
  SHORTEST_SPAN,
} from "../../lib/model/checks/check.ts";
import { formatSize, parseSize } from "../../lib/model/checks/size.ts";
import { mayBeAddress, mayBeUrl } from "../../lib/model/checks/target.ts";
import { patternProblem } from "../../lib/model/text/line_pattern.ts";
import type { Lexer } from "./lexer.ts";
import { shellWord } from "./strings.ts";

/** A setting of a check, as one word says it. */
interface Setting {
  read(word: string, lexer: Lexer): unknown;
  /** Words that say the value, each behind the setting's name. */
  write(value: unknown): string[];
}

const TEXT: Setting = { read: (word) => word, write: (value) => [value as string] };

/** A text of which only some can be meant. */
function text(what: string, isLegal: (text: string) => boolean): Setting {
  return {
    ...TEXT,
    read: (word, lexer) => isLegal(word) ? word : lexer.fail(`Illegal ${what}`, lexer.tokenLine),
  };
}

const URL_TEXT = text("URL, expected http:// or https://, and a host", mayBeUrl);
const ADDRESS = text("address, expected PORT or HOST:PORT", mayBeAddress);

const PATTERN: Setting = {
  ...TEXT,
  read(word, lexer) {
    const problem = patternProblem(word);
    if (problem !== undefined) lexer.fail(`Illegal pattern: ${problem}`, lexer.tokenLine);
    return word;
  },
};

const SECONDS: Setting = {
  read(word, lexer) {
    const seconds = number(/^\d+(?:\.\d+)?$/, word);
    if (seconds >= SHORTEST_SPAN) return seconds;
    lexer.fail(`Illegal interval, expected ${SHORTEST_SPAN} seconds or more`, lexer.tokenLine);
  },
  write: (value) => [String(value)],
};

const COMMAND: Setting = {
  read(command, lexer) {
    if (command.trim() === "") lexer.fail("Illegal command, expected a command", lexer.tokenLine);
    return { kind: "exec", command };
  },
  write: (value) => [commandText(value as CheckCommand)],
};

/** What stands behind a kind's name, by the fields of the definition. */
const SUBJECTS: Record<CheckKind, Partial<Record<string, Setting>>> = {
  http: { url: URL_TEXT },
  tcp: { address: ADDRESS },
  unix: { path: TEXT },
  exec: { command: COMMAND },
  file: { path: TEXT },
  log: { pattern: PATTERN },
  notify: {},
  fd: {
    descriptor: {
      read: (word, lexer) => within(number(/^\d+$/, word), 3, 1023, lexer, "descriptor"),
      write: (value) => [String(value)],
    },
  },
  stopped: {},
};

/** Settings that follow behind their names, in any order. */
const HTTP: Record<string, Setting> = {
  status: {
    read: (word, lexer) => {
      const [, lowest = "", highest = lowest] = /^(\d+)(?:-(\d+))?$/.exec(word) ?? [];
      const first = within(number(/^\d+$/, lowest), 100, 599, lexer, "status");
      return [first, within(number(/^\d+$/, highest), first, 599, lexer, "status")];
    },
    write: (value) => {
      const [lowest, highest] = value as [number, number];
      return [lowest === highest ? String(lowest) : `${lowest}-${highest}`];
    },
  },
  body: TEXT,
  header: {
    read: (word, lexer) => {
      const [, name = "", text = ""] = /^([^:]*): *(.*)$/s.exec(word) ?? [];
      if (isHeaderField(name, text)) return { [name]: text };
      lexer.fail("Illegal header, expected 'NAME: TEXT'", lexer.tokenLine);
    },
    write: (value) =>
      Object.entries(value as Record<string, string>).map(([name, text]) => `${name}: ${text}`),
  },
};

const TIMES: Record<string, Setting> = { every: SECONDS, timeout: SECONDS };

const HEALTH: Record<string, Setting> = {
  failures: {
    read: (word, lexer) => within(number(/^\d+$/, word), 1, Number.MAX_SAFE_INTEGER, lexer, "failures"),
    write: (value) => [String(value)],
  },
  then: {
    read: (word, lexer) =>
      REMEDIES.includes(word as Remedy) ? word : lexer.fail("Unknown stanza", lexer.tokenLine, REMEDIES),
    write: (value) => [value as string],
  },
};

/** The settings that a check of this kind may have. */
function settingsOf(kind: CheckKind, use: CheckUse): Record<string, Setting> {
  if (!isPolledKind(kind)) return {};
  return { ...(kind === "http" && HTTP), ...TIMES, ...(use === "alive" && HEALTH) };
}

/** Reads `KIND SUBJECT [NAME VALUE]…`. */
export function readCheck(lexer: Lexer, use: CheckUse): CheckDefinition {
  const known = CHECK_KINDS[use], word = lexer.keyword();
  const kind = known.find((kind) => kind === word) ?? lexer.fail("Unknown stanza", lexer.tokenLine, known);
  const check: Record<string, unknown> = { kind };
  for (const [field, setting] of Object.entries(SUBJECTS[kind])) {
    check[field] = setting!.read(lexer.word(), lexer);
  }
  const settings = settingsOf(kind, use);
  while (lexer.hasToken) {
    const name = lexer.keyword();
    if (!Object.hasOwn(settings, name)) lexer.fail("Unknown stanza", lexer.tokenLine, Object.keys(settings));
    const value = settings[name]!.read(lexer.word(), lexer);
    check[name] = name === "header" ? { ...check[name] as object, ...value as object } : value;
  }
  lexer.endLine();
  return check as unknown as CheckDefinition;
}

/** The words of a check's stanza, before they are quoted. */
export function checkWords(check: CheckDefinition): string[] {
  const { kind, ...fields } = check, values = fields as Record<string, unknown>;
  const subject = Object.entries(SUBJECTS[kind]).flatMap(([field, { write } = TEXT]) => write(values[field]));
  const settings = Object.entries(settingsOf(kind, "alive")).flatMap(([name, { write }]) => {
    return values[name] === undefined ? [] : write(values[name]).flatMap((word) => [name, word]);
  });
  return [kind, ...subject, ...settings];
}

/** A check as it comes back from a stanza: the words of a command are a line there. */
export function asRead(check: CheckDefinition): CheckDefinition {
  if (check.kind !== "exec") return check;
  return { ...check, command: { kind: "exec", command: commandText(check.command) } };
}

/** Reads `memory SIZE`. */
export function readCeilings(lexer: Lexer): Ceilings {
  const word = lexer.keyword();
  if (word !== "memory") lexer.fail("Unknown stanza", lexer.tokenLine, ["memory"]);
  const memory = parseSize(lexer.word()) ??
    lexer.fail("Illegal size, expected bytes, or a number with KB, MB or GB", lexer.tokenLine);
  lexer.endLine();
  return { memory };
}

/** The words of a ceiling's stanza. */
export function ceilingWords({ memory }: Ceilings): string[] {
  return memory === undefined ? [] : ["memory", formatSize(memory)];
}

function commandText(command: CheckCommand): string {
  return command.kind === "exec" ? command.command : command.words.map(shellWord).join(" ");
}

function number(form: RegExp, word: string): number {
  return form.test(word) ? Number(word) : NaN;
}

function within(value: number, lowest: number, highest: number, lexer: Lexer, what: string): number {
  if (value >= lowest && value <= highest) return value;
  const end = highest < Number.MAX_SAFE_INTEGER ? `to ${highest}` : "or more";
  lexer.fail(`Illegal ${what}, expected ${lowest} ${end}`, lexer.tokenLine);
}
