/** The program `tidy-logs`: compresses what a log was rotated to, and removes the oldest. Init starts it after a rotation. */

import * as fs from "node:fs";
import { dirname } from "node:path";
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
import { errorReason } from "../../../sys/call/errno.ts";
import { ifAllowed, isKernelError, unlessRefused } from "../../../sys/call/refused.ts";
import { writeAll } from "../../../sys/io/write_all.ts";

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;

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
      await tidy(log, Number(keep), compression as Compression);
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

/**
 * Leaves so many of the rotated logs of a log, compressed.
 * @throws {KernelError} when one cannot be written or removed.
 */
async function tidy(log: string, keep: number, compression: Compression): Promise<void> {
  // What is rotated meanwhile is for the next run.
  const directory = dirname(log), names = fs.readdirSync(directory), rotated = rotatedLogs(log, names);
  const kept = rotated.slice(Math.max(0, rotated.length - keep));
  for (const name of names) {
    if (isRotated(log, name) && !kept.some((each) => each.name === name)) {
      fs.rmSync(`${directory}/${name}`, { force: true });
    }
  }
  for (const each of kept) {
    if (each.compression === "none" && compression !== "none") await compress(directory, each, compression);
  }
}

/** True for a file of a rotation of this log, and for what a run that was killed has left of one. */
function isRotated(log: string, name: string): boolean {
  const whole = name.endsWith(PARTIAL_ENDING) ? name.slice(0, -PARTIAL_ENDING.length) : name;
  return rotatedLogs(log, [whole]).length > 0;
}

/** Somebody may have removed it meanwhile. */
function openIfThere(path: string): number | undefined {
  return unlessRefused(() => fs.openSync(path, O_RDONLY | O_NOFOLLOW), (error) => {
    if (error.code !== "ENOENT") throw error;
    return undefined;
  });
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
  const input = openIfThere(path);
  if (input === undefined) return;
  const stat = fs.fstatSync(input);
  if (!stat.isFile()) return fs.closeSync(input);
  const output = fs.openSync(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    const compressor = compression === "gzip" ? createGzip() : createZstdCompress();
    const sink = fs.createWriteStream("", { fd: output, autoClose: false });
    await pipeline(fs.createReadStream("", { fd: input, autoClose: false }), compressor, sink);
    ifAllowed(() => fs.fchownSync(output, stat.uid, stat.gid));
    fs.fchmodSync(output, stat.mode & 0o777);
    fs.futimesSync(output, stat.atime, stat.mtime);
    fs.fsyncSync(output);
    fs.renameSync(part, to);
    fs.rmSync(path);
  } catch (error) {
    fs.rmSync(part, { force: true });
    throw error;
  } finally {
    fs.closeSync(input);
    fs.closeSync(output);
  }
}
