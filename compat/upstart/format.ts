/** Definitions printed as `.conf` files. */

import type { Condition } from "../../lib/model/condition.ts";
import {
  type Cgroup,
  DEFAULT_RESPAWN_LIMIT,
  emptyJob,
  type JobDefinition,
  PROCESS_NAMES,
  type ProcessName,
  type Program,
} from "../../lib/model/job.ts";
import type { Exit } from "../../lib/model/exit.ts";
import { signalName } from "../../lib/model/signals.ts";
import { isDeepStrictEqual } from "node:util";
import { type Comments, noComments } from "../../lib/author/comments.ts";
import { fieldOf } from "./comments.ts";
import { formatCondition } from "./condition.ts";
import type { Conversion } from "./conversion.ts";
import { ParseError } from "./error.ts";
import { Lexer } from "./lexer.ts";
import { parseConf } from "./parse.ts";
import { encodeBytes } from "../../lib/model/bytes.ts";

/**
 * A definition as a readable `.conf` file, one character a byte, which parses to an equal definition. What
 * `.conf` has no words for is told in comments (functions), or said in the nearest way: a line break
 * within a word is written as a space, an empty text is left out, parts of a second are rounded up.
 */
export function formatConf(definition: JobDefinition, comments = noComments()): string {
  const remarks = new Map(comments.fields);
  const take = (field: string): string => {
    const lines = remarks.get(field) ?? [];
    remarks.delete(field);
    return lines.map(remark).join("");
  };
  const paragraphs = SECTIONS.map((section) =>
    section(definition).map((stanza) => fieldsOf(stanza).map(take).join("") + stanza + "\n").join("")
  );
  const left = [...remarks.keys()].flatMap((field) => remarks.get(field)!);
  const all = [
    comments.head.map(remark).join(""),
    ...paragraphs,
    [...left, ...comments.foot].map(remark).join(""),
  ];
  return encodeBytes(all.filter((text) => text !== "").join("\n"));
}

function remark(line: string): string {
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
    return [`line ${error.line} cannot be said: ${error.reason}`];
  }
  return Object.keys({ ...said, ...definition }).flatMap((key) => {
    const field = key as keyof JobDefinition;
    if (field === "processes") return PROCESS_NAMES.flatMap((name) => lostProcess(name, definition, said));
    if (isDeepStrictEqual(said[field], definition[field])) return [];
    if (field === "startOn" || field === "stopOn") {
      return [`${field}: ${formatCondition(definition[field]!)} becomes another condition`];
    }
    const told = said[field] === undefined ? "cannot be said" : `becomes ${JSON.stringify(said[field])}`;
    return [`${field}: ${JSON.stringify(definition[field])} ${told}`];
  });
}

function lostProcess(name: ProcessName, definition: JobDefinition, said: JobDefinition): string[] {
  const program = definition.processes[name];
  if (program?.kind === "function") return [`${name}: a function cannot be said`];
  const isSame = program?.kind === "arguments" || isDeepStrictEqual(said.processes[name], program);
  return isSame ? [] : [`${name}: the command becomes a script`];
}

/** Stanzas, each with all of its lines. */
type Section = (job: JobDefinition) => string[];

const SECTIONS: Section[] = [
  (job) => [
    ...stanza("description", job.description),
    ...stanza("author", job.author),
    ...stanza("version", job.version),
    ...stanza("usage", job.usage),
  ],
  (job) => [
    ...condition("start on", job.startOn),
    ...condition("stop on", job.stopOn),
    ...job.emits.map((event) => `emits ${quoted(event)}`),
  ],
  (job) => [
    ...stanza("instance", job.instance),
    ...job.env.map((variable) => `env ${quoted(variable)}`),
    ...job.export.map((variable) => `export ${quoted(variable)}`),
  ],
  lifecycle,
  surroundings,
  ...PROCESS_NAMES.map((name): Section => (job) => process(name, job.processes[name])),
];

const DEFAULTS = emptyJob("", "");

function lifecycle(job: JobDefinition): string[] {
  const { killSignal, reloadSignal, killTimeout, normalExit, expect } = job;
  return [
    ...(job.task ? ["task"] : []),
    ...(job.respawn ? ["respawn"] : []),
    ...respawnLimit(job.respawnLimit),
    ...(normalExit.length > 0 ? [`normal exit ${normalExit.map(exit).join(" ")}`] : []),
    ...(expect === DEFAULTS.expect ? [] : [`expect ${expect}`]),
    ...(killSignal === DEFAULTS.killSignal ? [] : [`kill signal ${signal(killSignal)}`]),
    ...(killTimeout === DEFAULTS.killTimeout ? [] : [`kill timeout ${seconds(killTimeout)}`]),
    ...(reloadSignal === DEFAULTS.reloadSignal ? [] : [`reload signal ${signal(reloadSignal)}`]),
    ...(job.debug ? ["debug"] : []),
  ];
}

function surroundings(job: JobDefinition): string[] {
  return [
    ...stanza("console", job.console),
    ...(job.umask === undefined ? [] : [`umask ${job.umask.toString(8).padStart(3, "0")}`]),
    ...stanza("nice", job.nice),
    ...stanza("oom score", job.oomScore),
    ...Object.entries(job.limit).map(([name, { soft, hard }]) => `limit ${name} ${soft} ${hard}`),
    ...stanza("chroot", job.chroot),
    ...stanza("chdir", job.chdir),
    ...stanza("setuid", job.setuid),
    ...stanza("setgid", job.setgid),
    ...job.cgroups.map(cgroup),
    ...stanza("apparmor load", job.apparmorLoad),
    ...stanza("apparmor switch", job.apparmorSwitch),
  ];
}

function stanza(name: string, value: string | number | undefined): string[] {
  return value === undefined || value === "" ? [] : [`${name} ${quoted(String(value))}`];
}

function condition(name: string, value: Condition | undefined): string[] {
  return value === undefined ? [] : [`${name} ${formatCondition(value, quoted)}`];
}

function respawnLimit(limit: JobDefinition["respawnLimit"]): string[] {
  if (limit === "unlimited") return ["respawn limit unlimited"];
  const { count, interval } = DEFAULT_RESPAWN_LIMIT;
  if (limit.count === count && limit.interval === interval) return [];
  return [`respawn limit ${limit.count} ${seconds(limit.interval)}`];
}

function seconds(value: number): string {
  return BigInt(Math.ceil(value)).toString();
}

function signal(number: number): string {
  return signalName(number) ?? String(number);
}

function exit(way: Exit): string {
  if ("status" in way) return String(way.status);
  return signalName(way.signal) ?? String(way.signal * 256);
}

function cgroup({ controller, name, key, value }: Cgroup): string {
  const words = [controller, name, key, key === undefined ? undefined : value];
  return ["cgroup", ...words.filter((word) => word !== undefined).map(quoted)].join(" ");
}

function process(name: ProcessName, program: Program | undefined): string[] {
  const prefix = name === "main" ? "" : `${name} `;
  switch (program?.kind) {
    case undefined:
      return [];
    case "exec":
      if (isOneLine(program.command)) return [`${prefix}exec ${program.command}`];
      return script(prefix, `exec ${program.command}`);
    case "arguments": {
      const command = program.words.map(shellWord).join(" ");
      return isOneLine(command) ? [`${prefix}exec ${command}`] : script(prefix, `exec ${command}`);
    }
    case "script":
      return script(prefix, program.text);
    case "function":
      return [`# ${name}: a function of job ${program.job} in ${program.module}`.replaceAll("\n", " ")];
  }
}

/** True when a command can stand behind `exec` and be read back as it is. */
function isOneLine(command: string): boolean {
  try {
    const lexer = new Lexer(encodeBytes(command), "");
    return lexer.command() === command && lexer.atEnd;
  } catch {
    return false;
  }
}

function script(prefix: string, text: string): string[] {
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  // An empty line takes part in finding the common indentation, so scripts that have one get none.
  const indentation = lines.includes("") ? "" : "    ";
  return [[`${prefix}script`, ...lines.map((line) => indentation + line), "end script"].join("\n")];
}

/** A word as the shell reads it literally, but for `$VAR` and `${VAR}`. */
function shellWord(word: string): string {
  if (/^[\w./:=@%+,-]+$/.test(word)) return word;
  return `"${word.replace(/[\\"`]|\$(?![A-Za-z_{])/g, "\\$&")}"`;
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
