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
import { formatCondition } from "./condition.ts";
import { Lexer } from "./lexer.ts";
import { encodeBytes } from "../../lib/model/bytes.ts";

/**
 * A definition as a readable `.conf` file, one character a byte, which parses to an equal definition. What
 * `.conf` has no words for is told in comments (functions), or said in the nearest way: a line break
 * within a word is written as a space, an empty text is left out, parts of a second are rounded up.
 */
export function formatConf(definition: JobDefinition): string {
  const paragraphs = SECTIONS.map((section) => section(definition).join("\n")).filter((text) => text !== "");
  return encodeBytes(paragraphs.map((text) => text + "\n").join("\n"));
}

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
    case "arguments":
      return script(prefix, `exec ${program.words.map(shellWord).join(" ")}`);
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
  return [`${prefix}script`, ...lines.map((line) => indentation + line), "end script"];
}

/** A word as the shell reads it literally, but for `$VAR` and `${VAR}`. */
function shellWord(word: string): string {
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
