/** The stanzas of init(5): how each is read, and what it does to a job's definition. */

import type { Exit } from "../../lib/model/exit.ts";
import {
  type Cgroup,
  CONSOLES,
  EXPECTATIONS,
  type JobDefinition,
  type Limit,
  type ProcessName,
  RESOURCES,
} from "../../lib/model/job.ts";
import { LAST_SIGNAL, signalNumber } from "../../lib/model/signals.ts";
import { readCondition } from "./condition.ts";
import type { Lexer } from "./lexer.ts";

/** Reads what follows a stanza's name, its line's end included, into the definition. */
type Stanza = (lexer: Lexer, job: JobDefinition) => void;

const LARGEST_INT = 2 ** 31 - 1;
const LARGEST_LONG = 2 ** 63;

/** Reads all stanzas of a file into a definition, which is left half changed when one cannot be read. */
export function readStanzas(lexer: Lexer, job: JobDefinition): void {
  while (lexer.nextStanza()) readStanza(lexer, job);
}

/** Reads the stanza that the lexer stands on. */
export function readStanza(lexer: Lexer, job: JobDefinition): void {
  const read = STANZAS.get(lexer.keyword()) ?? lexer.fail("Unknown stanza", lexer.line);
  read(lexer, job);
}

const STANZAS = new Map<string, Stanza>([
  ["exec", program("main", "exec")],
  ["script", program("main", "script")],
  ["pre-start", hook("pre-start")],
  ["post-start", hook("post-start")],
  ["pre-stop", hook("pre-stop")],
  ["post-stop", hook("post-stop")],

  ["start", second({ on: (lexer, job) => job.startOn = readCondition(lexer) })],
  ["stop", second({ on: (lexer, job) => job.stopOn = readCondition(lexer) })],
  // These two leave the rest of their line to the next stanza, as they do in Upstart.
  ["manual", (_, job) => delete job.startOn],
  ["debug", (_, job) => job.debug = true],

  ["description", text("description")],
  ["author", text("author")],
  ["version", text("version")],
  ["usage", text("usage")],
  ["instance", text("instance")],
  ["chroot", text("chroot")],
  ["chdir", text("chdir")],
  ["setuid", text("setuid")],
  ["setgid", text("setgid")],
  ["apparmor", second({ load: text("apparmorLoad"), switch: text("apparmorSwitch") })],

  ["env", oneWord((word, job) => job.env.push(word))],
  ["export", words((word, job) => job.export.push(word))],
  ["emits", words((word, job) => job.emits.push(word))],

  ["task", flag("task")],
  ["respawn", (lexer, job) => (lexer.hasToken ? respawnLimit : flag("respawn"))(lexer, job)],
  ["normal", second({ exit: words((word, job, lexer) => job.normalExit.push(...exits(word, lexer))) })],
  ["expect", oneWord((word, job, lexer) => job.expect = oneOf(EXPECTATIONS, word, lexer))],
  ["console", oneWord((word, job, lexer) => job.console = oneOf(CONSOLES, word, lexer))],
  [
    "kill",
    second({
      signal: oneWord((word, job, lexer) => job.killSignal = signal(word, lexer)),
      timeout: oneWord((word, job, lexer) => job.killTimeout = seconds(word, lexer)),
    }),
  ],
  ["reload", second({ signal: oneWord((word, job, lexer) => job.reloadSignal = signal(word, lexer)) })],

  ["umask", oneWord((word, job, lexer) => job.umask = umask(word, lexer))],
  ["nice", oneWord((word, job, lexer) => job.nice = nice(word, lexer))],
  ["oom", oom],
  ["limit", limit],
  ["cgroup", (lexer, job) => job.cgroups.push(cgroup(lexer))],
]);

/** A stanza whose name has two words, such as `kill signal`. */
function second(stanzas: Record<string, Stanza>): Stanza {
  const table = new Map(Object.entries(stanzas));
  return (lexer, job) => {
    const read = table.get(lexer.keyword()) ?? lexer.fail("Unknown stanza", lexer.tokenLine);
    read(lexer, job);
  };
}

function hook(name: ProcessName): Stanza {
  return second({ exec: program(name, "exec"), script: program(name, "script") });
}

function program(name: ProcessName, kind: "exec" | "script"): Stanza {
  return (lexer, job) => {
    job.processes[name] = kind === "exec"
      ? { kind, command: lexer.command() }
      : { kind, text: lexer.script() };
  };
}

/** A stanza of exactly one word. The word is judged before anything behind it is. */
function oneWord(set: (word: string, job: JobDefinition, lexer: Lexer) => void): Stanza {
  return (lexer, job) => {
    set(lexer.word(), job, lexer);
    lexer.endLine();
  };
}

/** A stanza of one word or more. */
function words(add: (word: string, job: JobDefinition, lexer: Lexer) => void): Stanza {
  return (lexer, job) => {
    do add(lexer.word(), job, lexer); while (lexer.hasToken);
    lexer.endLine();
  };
}

/** Fields that hold text. */
type TextField = {
  [Field in keyof JobDefinition]-?: JobDefinition[Field] extends string | undefined ? Field : never;
}[keyof JobDefinition];

function text(field: Exclude<TextField, "console" | "expect" | "name" | "source">): Stanza {
  return oneWord((word, job) => job[field] = word);
}

function flag(field: "task" | "respawn"): Stanza {
  return (lexer, job) => {
    lexer.endLine();
    job[field] = true;
  };
}

function oneOf<Value extends string>(values: readonly Value[], word: string, lexer: Lexer): Value {
  return values.includes(word as Value) ? word as Value : lexer.fail("Unknown stanza", lexer.tokenLine);
}

/** A whole number, after blanks and with a sign if one likes, as strtol(3) takes it; NaN for anything else. */
function integer(word: string): number {
  return /^[ \t-\r]*[+-]?[0-9]+$/.test(word) ? Number(word) + 0 : NaN;
}

function integerWithin(word: string, lowest: number, highest: number): number | undefined {
  const number = integer(word);
  return number >= lowest && number <= highest ? number : undefined;
}

function seconds(word: string, lexer: Lexer): number {
  return integerWithin(word, 0, LARGEST_LONG) ??
    lexer.fail("Illegal interval, expected number of seconds", lexer.tokenLine);
}

function signal(word: string, lexer: Lexer): number {
  // No line: Upstart blames the file as a whole.
  return signalNumber(word) ?? integerWithin(word, 0, LARGEST_INT) ??
    lexer.fail("Error while loading configuration file: Illegal signal status, expected integer");
}

function umask(word: string, lexer: Lexer): number {
  const mask = /^[ \t-\r]*(?:[+]?[0-7]+|-0+)$/.test(word) ? Math.abs(parseInt(word, 8)) : NaN;
  if (mask <= 0o777) return mask;
  lexer.fail("Illegal file creation mask, expected octal integer", lexer.tokenLine);
}

function nice(word: string, lexer: Lexer): number {
  return integerWithin(word, -20, 19) ??
    lexer.fail("Illegal nice value, expected -20 to 19", lexer.tokenLine);
}

function oom(lexer: Lexer, job: JobDefinition): void {
  const word = lexer.word();
  job.oomScore = word === "score" ? oomScore(lexer.word(), lexer) : oomAdjustment(word, lexer);
  lexer.endLine();
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

function respawnLimit(lexer: Lexer, job: JobDefinition): void {
  if (lexer.keyword() !== "limit") lexer.fail("Unknown stanza", lexer.tokenLine);
  job.respawnLimit = readRespawnLimit(lexer);
  lexer.endLine();
}

function readRespawnLimit(lexer: Lexer): JobDefinition["respawnLimit"] {
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
    lexer.fail("Illegal exit status, expected integer", lexer.tokenLine);
  if (status <= 255) return [{ status }];
  // Beyond the statuses Upstart counts signals in multiples of 256.
  const multiple = status / 256;
  return Number.isInteger(multiple) && multiple <= LAST_SIGNAL ? [{ signal: multiple }] : [];
}

function limit(lexer: Lexer, job: JobDefinition): void {
  const resource = oneOf(RESOURCES, lexer.word(), lexer);
  const soft = limitValue(lexer.word(), lexer);
  const hard = limitValue(lexer.word(), lexer);
  lexer.endLine();
  job.limit[resource] = { soft, hard };
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
