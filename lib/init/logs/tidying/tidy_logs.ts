/** The program `tidy-logs`: compresses what a log was rotated to, and removes the oldest. Init starts it after a rotation. */

import * as fs from "node:fs";
import { dirname, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip, createZstdCompress } from "node:zlib";
import {
  type Compression,
  COMPRESSIONS,
  PARTIAL_ENDING,
  type RotatedLog,
  rotatedLogs,
} from "../../../model/logs/log_names.ts";
import { followCommandLine, type Tool } from "../../../model/command_line/tool.ts";
import { UsageError } from "../../../model/command_line/usage_error.ts";
import { enterDirectory, isOthersPlace } from "../../../sys/access/own_place.ts";
import { errorReason } from "../../../sys/call/errno.ts";
import { ifAllowed, isKernelError, type KernelError, unlessRefused } from "../../../sys/call/refused.ts";
import { close } from "../../../sys/io/descriptors.ts";
import { writeAll } from "../../../sys/io/write_all.ts";

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = fs.constants;

/** So much is read at a time, in bytes. */
const CHUNK = 64 << 10;

const TIDY_LOGS: Tool = {
  name: "tidy-logs",
  summary: "Compress what a log was rotated to, and keep so many of the latest.",
  help: "COMPRESSION is none, gzip or zstd. What an earlier run has left undone is done, too.\n\n" +
    "Exit status: 0, 1 when something could not be done, 2 for wrong arguments.",
  arguments: "LOG KEEP COMPRESSION",
  options: [],
  async run({ args, rest }) {
    const [log, keep = "", compression = "", ...more] = [...args, ...rest];
    if (
      log === undefined || more.length > 0 || !/^\d+$/.test(keep) || !Object.hasOwn(COMPRESSIONS, compression)
    ) {
      throw new UsageError("a log, a number and a compression are wanted");
    }
    try {
      await tidyAt(log, Number(keep), compression as Compression);
    } catch (error) {
      if (!isKernelError(error)) throw error;
      writeAll(2, `tidy-logs: ${errorReason(error)}\n`);
      return 1;
    }
    return 0;
  },
};

/** The program `tidy-logs`. Returns its exit status. */
export function main(args: string[]): Promise<number> {
  return followCommandLine(TIDY_LOGS, "rouse tidy-logs", args, writeAll);
}

/** Does that by a path that leads to the log for certain. */
async function tidyAt(log: string, keep: number, compression: Compression): Promise<void> {
  if (!isOthersPlace(log)) return await tidy(log, keep, compression);
  const place = enterDirectory(resolve(log));
  try {
    await tidy(place.path, keep, compression);
  } finally {
    close(place.directory);
  }
}

/**
 * Leaves so many of the rotated logs of a log, compressed. What cannot be written or removed keeps it from none of the others.
 * @throws {KernelError} the first failure, at the end.
 */
async function tidy(log: string, keep: number, compression: Compression): Promise<void> {
  // What is rotated meanwhile is for the next run. A directory, a FIFO or a link is no log, whatever its name.
  const directory = dirname(log), entries = fs.readdirSync(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  const rotated = rotatedLogs(log, names), kept = rotated.slice(Math.max(0, rotated.length - keep));
  let failure: KernelError | undefined;
  for (const name of names) {
    if (isRotated(log, name) && !kept.some((each) => each.name === name)) {
      unlessRefused(() => removeIfThere(`${directory}/${name}`), (error) => failure ??= error);
    }
  }
  for (const each of kept) {
    if (each.compression !== "none" || compression === "none") continue;
    try {
      await compress(directory, each, compression);
    } catch (error) {
      if (!isKernelError(error)) throw error;
      failure ??= error;
    }
  }
  if (failure) throw failure;
}

/** True for a file of a rotation of this log, and for what a run that was killed has left of one. */
function isRotated(log: string, name: string): boolean {
  const whole = name.endsWith(PARTIAL_ENDING) ? name.slice(0, -PARTIAL_ENDING.length) : name;
  return rotatedLogs(log, [whole]).length > 0;
}

/** Does something with a file, which somebody may have removed meanwhile. @throws {KernelError} for any other reason. */
function ifThere<Result>(action: () => Result): Result | undefined {
  return unlessRefused(action, (error) => {
    if (error.code !== "ENOENT") throw error;
    return undefined;
  });
}

function removeIfThere(path: string): void {
  ifThere(() => fs.unlinkSync(path));
}

/** Replaces a file by a compressed one, which has its owner, its mode and its time. At no time there is neither. */
async function compress(
  directory: string,
  { name }: RotatedLog,
  compression: Exclude<Compression, "none">,
): Promise<void> {
  const path = `${directory}/${name}`,
    to = `${path}${COMPRESSIONS[compression]}`,
    part = `${to}${PARTIAL_ENDING}`;
  // A FIFO that has taken its place must not hold this up.
  const input = ifThere(() => fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  if (input === undefined) return;
  try {
    const stat = fs.fstatSync(input);
    if (!stat.isFile()) return;
    await written(part, async (output) => {
      const compressor = compression === "gzip" ? createGzip() : createZstdCompress();
      await pipeline(bytesOf(input), compressor, (compressed) => writeTo(output, compressed));
      ifAllowed(() => fs.fchownSync(output, stat.uid, stat.gid));
      fs.fchmodSync(output, stat.mode & 0o777);
      fs.futimesSync(output, stat.atime, stat.mtime);
      fs.fsyncSync(output);
      fs.renameSync(part, to);
      removeIfThere(path);
    });
  } finally {
    fs.closeSync(input);
  }
}

/** Makes a file, which is gone again where it cannot be written. */
async function written(path: string, write: (descriptor: number) => Promise<void>): Promise<void> {
  const output = fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    await write(output);
  } catch (error) {
    // The reason why it cannot be written counts.
    ifAllowed(() => removeIfThere(path));
    throw error;
  } finally {
    fs.closeSync(output);
  }
}

// Streams of files would close them themselves when something fails, and this would close them once more.

function* bytesOf(input: number): Generator<Uint8Array> {
  for (;;) {
    const bytes = new Uint8Array(CHUNK), length = fs.readSync(input, bytes);
    if (length === 0) return;
    yield bytes.subarray(0, length);
  }
}

async function writeTo(output: number, compressed: AsyncIterable<Uint8Array>): Promise<void> {
  for await (let rest of compressed) {
    while (rest.length > 0) rest = rest.subarray(fs.writeSync(output, rest));
  }
}
