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
import { ifAllowed, isKernelError } from "../../../sys/call/refused.ts";
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
  const directory = dirname(log), names = fs.readdirSync(directory);
  const rotated = rotatedLogs(log, names), count = Math.max(0, rotated.length - keep);
  for (const { stamp } of rotated.slice(0, count)) removeAll(directory, log, stamp, names);
  for (const each of rotated.slice(count)) {
    removeAll(directory, log, each.stamp, names, each.name);
    if (each.compression === "none" && compression !== "none") await compress(directory, each, compression);
  }
}

/** Removes all files of one rotation but one, among them those that a run which was killed has left. */
function removeAll(directory: string, log: string, stamp: string, names: string[], but?: string): void {
  for (const name of names) {
    const whole = name.endsWith(PARTIAL_ENDING) ? name.slice(0, -PARTIAL_ENDING.length) : name;
    const isOf = rotatedLogs(log, [whole])[0]?.stamp === stamp;
    if (isOf && name !== but) fs.rmSync(`${directory}/${name}`, { force: true });
  }
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
  const input = fs.openSync(path, O_RDONLY | O_NOFOLLOW);
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
