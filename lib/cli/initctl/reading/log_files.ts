/** Reads log files: those that are written, and those that were rotated away and compressed. */

import { Buffer } from "node:buffer";
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  type Stats,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { Readable, type Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import {
  type InstanceFiles,
  instancesWithLogs,
  type LogFileName,
} from "../../../insight/history/file_names.ts";
import { fileLine, LineSplitter, type LogLine } from "../../../insight/history/log_line.ts";
import type { Report } from "../../../model/insight/report.ts";
import { errorReason } from "../../../sys/call/errno.ts";

/** A file as it was when it was looked for: what is written to it later is not read. */
interface SeenFile extends LogFileName {
  size: number;
  /** When it was written last (ms since 1970). */
  written: number;
}

/** The files of an instance. */
export interface InstanceLog {
  job: string;
  instance: string;
  files: SeenFile[];
}

const CHUNK = 64 << 10;

/** What the files of logs hold. Files that cannot be read are told to `complain`, once. */
export class LogFiles {
  readonly #told = new Set<string>();

  constructor(private readonly complain: (line: string) => void) {}

  /** The logs of jobs, of all their instances that there are or were. */
  logsOf(report: Report, wanted: readonly string[]): InstanceLog[] {
    const known = new Map<string, Set<string>>();
    const directories = new Map<string, string[]>();
    for (const { name, log, instances, past } of report.jobs) {
      known.set(name, new Set([...instances, ...past].map((instance) => instance.name)));
      for (const path of [log, ...instances.map((one) => one.log)]) {
        if (path === undefined) continue;
        const jobs = directories.get(dirname(path)) ?? [];
        if (jobs.at(-1) !== name) directories.set(dirname(path), [...jobs, name]);
      }
    }
    return Array.from(directories).flatMap(([directory, jobs]) => {
      if (!jobs.some((job) => wanted.includes(job))) return [];
      const names = this.#namesIn(directory);
      return instancesWithLogs(directory, names, jobs, wanted, known).map((one) => this.#seen(one));
    });
  }

  #namesIn(directory: string): string[] {
    try {
      return readdirSync(directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") this.#cannotRead(directory, error);
      return []; // There is no directory before the first log.
    }
  }

  #seen({ job, instance, files }: InstanceFiles): InstanceLog {
    const seen = files.flatMap((file) => {
      const status = this.#statusOf(file.path);
      return status?.isFile() ? [{ ...file, size: status.size, written: status.mtimeMs }] : [];
    });
    return { job, instance, files: seen };
  }

  #statusOf(path: string): Stats | undefined {
    try {
      return statSync(path, { throwIfNoEntry: false });
    } catch (error) {
      this.#cannotRead(path, error);
    }
  }

  /**
   * The lines of an instance's files.
   * @param most At least so many of the last lines are given; Infinity: all
   * @param since Files that were written last before this (ms since 1970) are left out
   */
  async *linesOf(log: InstanceLog, most: number, since: number): AsyncGenerator<LogLine> {
    const files = log.files.filter(({ written, size }) => written >= since && size > 0);
    let first = files.length, missing = most, start = 0;
    while (first > 0 && missing > 0) {
      const file = files[--first]!;
      if (most === Infinity) continue;
      const tail = await this.#tailOf(file, missing);
      missing -= tail.lines;
      start = tail.start;
    }
    for (const file of files.slice(first)) {
      const isLast = file === files.at(-1);
      yield* this.#linesOf(log, file, start, isLast);
      start = 0;
    }
  }

  async *#linesOf(
    of: InstanceLog,
    file: SeenFile,
    start: number,
    isLast: boolean,
  ): AsyncGenerator<LogLine> {
    const splitter = new LineSplitter(), order = file.until ?? file.written;
    for await (const bytes of this.#read(file, start)) {
      for (const line of splitter.add(bytes)) yield fileLine(of, line, order);
    }
    if (splitter.rest.length === 0) return;
    const rest = fileLine(of, splitter.rest, order);
    yield isLast ? { ...rest, isPartial: true } : rest;
  }

  /** Where at least so many of the last lines begin, and how many there are from there on. A compressed file is taken as a whole. */
  async #tailOf(file: SeenFile, most: number): Promise<{ start: number; lines: number }> {
    let lines = 0;
    if (file.compression !== "none") {
      for await (const bytes of this.#read(file, 0)) lines += newlinesIn(bytes);
      return { start: 0, lines };
    }
    const wanted = most + 1; // The newline in front of the first line counts as well.
    let start = file.size;
    while (start > 0 && lines < wanted) {
      const begin = Math.max(0, start - CHUNK);
      for await (const bytes of this.#read({ ...file, size: start }, begin)) lines += newlinesIn(bytes);
      start = begin;
    }
    if (start === 0) return { start, lines };
    // It may begin in the midst of a line.
    for await (const bytes of this.#read(file, start)) {
      const end = bytes.indexOf(NEWLINE);
      if (end >= 0) return { start: start + end + 1, lines: lines - 1 };
      start += bytes.length;
    }
    return { start, lines: 0 };
  }

  /** The bytes of a file, without its compression. */
  async *#read(file: SeenFile, start: number): AsyncGenerator<Buffer> {
    try {
      const raw = bytesOf(file, start);
      const decompressor = DECOMPRESSORS[file.compression]?.();
      if (!decompressor) yield* raw;
      else {
        const source = Readable.from(raw).on("error", (error) => decompressor.destroy(error));
        yield* source.pipe(decompressor) as AsyncIterable<Buffer>;
      }
    } catch (error) {
      this.#cannotRead(file.path, error);
    }
  }

  #cannotRead(path: string, error: unknown): void {
    if (this.#told.has(path)) return;
    this.#told.add(path);
    this.complain(`Unable to read ${path}: ${errorReason(error)}`);
  }
}

const DECOMPRESSORS: { readonly [One in LogFileName["compression"]]?: () => Transform } = {
  gzip: createGunzip,
  zstd: createZstdDecompress,
};

const NEWLINE = 10;

function newlinesIn(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count++;
  return count;
}

/** The bytes of a regular file from a place on, and to its end as it was seen. @throws {Error} when it cannot be read. */
function* bytesOf({ path, size }: SeenFile, start: number): Generator<Buffer> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    if (!fstatSync(file).isFile()) return;
    for (let at = start; at < size;) {
      const bytes = Buffer.alloc(Math.min(CHUNK, size - at));
      const length = readSync(file, bytes, 0, bytes.length, at);
      if (length === 0) return; // It has been truncated meanwhile.
      yield bytes.subarray(0, length);
      at += length;
    }
  } finally {
    closeSync(file);
  }
}
