/** What a job says of its log: how it is rotated, how much may be printed, where it goes. Plain data, and the words for it. */

import { mayBeUrl } from "../checks/target.ts";
import { formatSize, parseSize } from "../checks/size.ts";
import { type Compression, COMPRESSIONS } from "./log_names.ts";

/** When a log is rotated, and what is kept (`log rotate`). */
export interface Rotation {
  /** A log of this size is rotated, in bytes. */
  size: number;
  /** So is one that was begun so long ago, in seconds. */
  age?: number;
  /** So many rotated logs are kept. */
  keep: number;
  compress: Compression;
}

/** How much may be printed (`log limit`): the rest of an interval is left out. */
export interface LogLimit {
  lines?: number;
  bytes?: number;
  /** The interval, in seconds. */
  per: number;
}

/** What holds where a rotation does not say it, and how the logs of job modules are rotated that do not say how. */
export const USUAL_ROTATION: Readonly<Rotation> = { size: 10 << 20, keep: 5, compress: "gzip" };

/** The interval of a limit that does not say it, in seconds. */
export const USUAL_INTERVAL = 30;

/** What a part of a setting is: bytes, seconds, a number from so much on, or one of some words. */
export type PartKind = "bytes" | "seconds" | { lowest: number } | readonly string[];

/** The parts of both settings, by their names in every format. */
export const LOG_PARTS = {
  rotation: { size: "bytes", age: "seconds", keep: { lowest: 0 }, compress: Object.keys(COMPRESSIONS) },
  logLimit: { lines: { lowest: 1 }, bytes: "bytes", per: "seconds" },
} as const satisfies Record<string, Record<string, PartKind>>;

/** The settings by their kinds. */
export interface LogSettingValues {
  rotation: Rotation;
  logLimit: LogLimit;
}

/** The kind of a setting. */
export type LogSettingKind = keyof LogSettingValues;

/** A setting whose parts are not known to go together yet. */
type Parts = Readonly<Record<string, number | string>>;

/** The shortest time, in seconds. */
const SHORTEST_TIME = 1;

/** A setting with what holds where it does not say it. Undefined where that is no whole: a limit of nothing. */
export function completed<Kind extends LogSettingKind>(
  kind: Kind,
  parts: Parts,
): LogSettingValues[Kind] | undefined {
  if (kind === "rotation") return { ...USUAL_ROTATION, ...parts } as LogSettingValues[Kind];
  if (parts.lines === undefined && parts.bytes === undefined) return undefined;
  return { per: USUAL_INTERVAL, ...parts } as unknown as LogSettingValues[Kind];
}

/** True for a setting that says all that it has to. */
export function isComplete(kind: LogSettingKind, setting: object): boolean {
  const whole = completed(kind, setting as Parts);
  return whole !== undefined && Object.keys(whole).length === Object.keys(setting).length;
}

/** True for a value that a part may have. */
export function isPart(kind: PartKind, value: unknown): boolean {
  if (typeof kind === "object" && "length" in kind) return kind.includes(value as string);
  const { lowest, isWhole } = boundsOf(kind);
  if (typeof value !== "number" || !(value >= lowest) || value > Number.MAX_SAFE_INTEGER) return false;
  return !isWhole || Number.isInteger(value);
}

function boundsOf(kind: Exclude<PartKind, readonly string[]>): { lowest: number; isWhole: boolean } {
  if (kind === "bytes") return { lowest: 1, isWhole: true };
  return kind === "seconds" ? { lowest: SHORTEST_TIME, isWhole: false } : { ...kind, isWhole: true };
}

/** A part as a word says it; undefined for a word that is none. */
export function readPart(kind: PartKind, word: string): number | string | undefined {
  const value = kind === "bytes"
    ? parseSize(word)
    : typeof kind === "object" && "length" in kind
    ? word
    : /^\d+(?:\.\d+)?$/.test(word)
    ? Number(word)
    : undefined;
  return isPart(kind, value) ? value : undefined;
}

/** What a part has to be, for messages. */
export function expectedPart(kind: PartKind): string {
  if (kind === "bytes") return "bytes, or a number with KB, MB or GB";
  if (kind === "seconds") return `${SHORTEST_TIME} second or more`;
  return "length" in kind ? kind.join(", ") : `a whole number from ${kind.lowest}`;
}

/** The words of a setting, each value behind its part's name. */
export function wordsOf(kind: LogSettingKind, setting: object): string[] {
  const values = setting as Parts;
  return Object.entries<PartKind>(LOG_PARTS[kind]).flatMap(([name, part]) => {
    const value = values[name];
    if (value === undefined) return [];
    return [name, part === "bytes" ? formatSize(value as number) : String(value)];
  });
}

/** Words are no setting. The message says why. */
export class SettingError extends Error {}

/**
 * Reads a setting from words: `none`, or names with their values behind them.
 * @throws {SettingError} when a word is wrong.
 */
export function readRotation(words: readonly string[]): Rotation | "none" {
  if (words.length === 1 && words[0] === "none") return "none";
  const parts: Record<string, number | string> = {}, known: Record<string, PartKind> = LOG_PARTS.rotation;
  for (let at = 0; at < words.length; at += 2) {
    const name = words[at]!, word = words[at + 1] ?? "";
    const kind = Object.hasOwn(known, name) ? known[name]! : undefined;
    if (!kind) throw new SettingError(`${name} is none of ${Object.keys(known).join(", ")}`);
    parts[name] = readPart(kind, word) ??
      refuse(`${name} must be ${expectedPart(kind)}${word === "" ? "" : `, not ${word}`}`);
  }
  return completed("rotation", parts)!;
}

function refuse(message: string): never {
  throw new SettingError(message);
}

/** Where output may go beside the file, or in its place, but for what follows a colon. */
export const LOG_TARGETS = ["file", "syslog", "journald", "stdout", "otlp"] as const;

/** Where output goes: `syslog` may name facility and priority, and `otlp` has the URL that takes logs. */
export type LogTarget =
  | "file"
  | "syslog"
  | `syslog:${string}.${string}`
  | "journald"
  | "stdout"
  | `otlp:${string}`;

/** The facilities and the priorities of syslog(3), by their numbers. */
export const FACILITIES =
  "kern user mail daemon auth syslog lpr news uucp cron authpriv ftp 12 13 14 15 local0 local1 local2 local3 local4 local5 local6 local7"
    .split(" ");
export const PRIORITIES = "emerg alert crit err warning notice info debug".split(" ");

/** True for a word that names a place where output may go. */
export function isLogTarget(word: unknown): word is LogTarget {
  if (typeof word !== "string") return false;
  if (word === "file" || word === "journald" || word === "stdout" || word === "syslog") return true;
  const [, name, rest = ""] = /^(\w+):(.*)$/s.exec(word) ?? [];
  if (name === "otlp") return !/[\s$]/.test(rest) && mayBeUrl(rest);
  return name === "syslog" && syslogCode(rest) !== undefined;
}

/** The number that syslog has for `FACILITY.PRIORITY`, both in one; undefined where there is no such. */
export function syslogCode(text: string): number | undefined {
  const [facility = "", priority = ""] = text.split(".", 2);
  const code = FACILITIES.indexOf(facility) * 8 + PRIORITIES.indexOf(priority);
  return /^[a-z]/.test(facility) && FACILITIES.includes(facility) && PRIORITIES.includes(priority)
    ? code
    : undefined;
}

/** What {@link isLogTarget} wants, for messages. */
export const EXPECTED_TARGET = "file, syslog, syslog:FACILITY.PRIORITY, journald, stdout or otlp:URL";
