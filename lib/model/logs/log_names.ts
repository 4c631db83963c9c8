/** The names of log files: those that are written, and those that were rotated away. Pure, for all that read or write them. */

import { decodeBytes, encodeBytes } from "../text/bytes.ts";

/** The longest name of a file, in bytes (NAME_MAX). */
const MAX_NAME = 255;
const ENDING = ".log";

/** How rotated logs are compressed, with the ending of a file's name. */
export const COMPRESSIONS = { none: "", gzip: ".gz", zstd: ".zst" } as const;

/** How a rotated log is compressed. */
export type Compression = keyof typeof COMPRESSIONS;

/** The ending of a compressed file while it is written. One that is left of a crash is nothing: the log is still there. */
export const PARTIAL_ENDING = ".part";

/** The time of a rotation in UTC, to the millisecond, so that names sort by it: `20261130T041530.123Z`. */
const STAMP = /^([1-8]\d{3})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])([0-5]\d){2}\.\d{3}Z$/;

const DAY = 86_400_000;

/** The longest ending that a rotated log's name has, in bytes. */
const LONGEST_ENDING = ".20261130T041530.123Z".length + ".zst".length + PARTIAL_ENDING.length;

/** A log that was rotated away. */
export interface RotatedLog {
  /** The file's name, without its directory. */
  name: string;
  /** When it was rotated. */
  stamp: string;
  compression: Compression;
}

/**
 * The path of an instance's log: `JOB.log` or `JOB-INSTANCE.log`, with underscores for slashes. The end of a name that is
 * too long for a file is replaced by a hash of the name.
 */
export function logPath(directory: string, job: string, instance: string): string {
  const name = (instance === "" ? job : `${job}-${instance}`).replaceAll("/", "_");
  return `${directory}/${shortened(name, MAX_NAME - ENDING.length)}${ENDING}`;
}

/** The stamp of a time as ISO 8601 writes it, e.g. `2026-11-30T04:15:30.123Z`. */
export function stampOf(time: string): string {
  return time.replace(/[-:]/g, "");
}

/** When the rotation of a stamp was, in ms since 1970. */
export function stampTime(stamp: string): number {
  return Date.parse(stamp.replace(/^(....)(..)(..)T(..)(..)/, "$1-$2-$3T$4:$5:"));
}

/** The path that a log is rotated to: `JOB.log.STAMP`; compressed, `.gz` or `.zst` follow. */
export function rotatedPath(path: string, stamp: string, compression: Compression = "none"): string {
  const end = path.lastIndexOf("/") + 1;
  return `${path.slice(0, end)}${rotatedStem(path.slice(end))}.${stamp}${COMPRESSIONS[compression]}`;
}

/**
 * The rotated logs of a log, the oldest first.
 *
 * @param log The log's name or path, e.g. `web.log`.
 * @param names The names of the files in its directory.
 */
export function rotatedLogs(log: string, names: Iterable<string>): RotatedLog[] {
  const begin = `${rotatedStem(log.slice(log.lastIndexOf("/") + 1))}.`;
  const found = new Map<string, RotatedLog>();
  for (const name of names) {
    if (!name.startsWith(begin)) continue;
    const rotated = parseEnding(name, name.slice(begin.length));
    // A crash may leave the file beside the compressed one: both hold the same.
    if (rotated && !(found.get(rotated.stamp)?.compression === "none")) found.set(rotated.stamp, rotated);
  }
  return Array.from(found.values()).sort((one, other) => one.stamp < other.stamp ? -1 : 1);
}

function parseEnding(name: string, ending: string): RotatedLog | undefined {
  const stamp = ending.slice(0, ending.indexOf("Z") + 1), rest = ending.slice(stamp.length);
  const compression = (Object.keys(COMPRESSIONS) as Compression[]).find((key) => COMPRESSIONS[key] === rest);
  return compression !== undefined && isStamp(stamp) ? { name, stamp, compression } : undefined;
}

/**
 * True for what {@link stampOf} makes of a time. Anybody may name a file after a day that there is not, or after the last
 * years with four digits: behind those, names would not sort.
 */
function isStamp(text: string): boolean {
  const [, year, month, day] = STAMP.exec(text)?.map(Number) ?? [];
  if (year === undefined) return false;
  return day! * DAY <= Date.UTC(year, month!, 1) - Date.UTC(year, month! - 1, 1);
}

/** What the names of a log's rotated files begin with: the log's own name, where there is room behind it. */
function rotatedStem(log: string): string {
  const stem = log.endsWith(ENDING) ? log.slice(0, -ENDING.length) : log;
  return `${shortened(stem, MAX_NAME - ENDING.length - LONGEST_ENDING)}${ENDING}`;
}

function shortened(name: string, most: number): string {
  const bytes = encodeBytes(name);
  if (bytes.length <= most) return name;
  const end = `-${hash(bytes)}`;
  return decodeBytes(bytes.slice(0, most - end.length)) + end;
}

/** FNV-1a with 64 bits, as 16 digits. */
function hash(bytes: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let at = 0; at < bytes.length; at++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(bytes.charCodeAt(at))) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, "0");
}
