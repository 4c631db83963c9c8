/** Pid files that are made for a daemon. */

import { closeSync, openSync, realpathSync, unlinkSync, writeSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { untrustedWriterAt } from "../../../sys/access/trust.ts";
import { unlessRefused } from "../../../sys/call/refused.ts";
import { ToolError } from "../tool.ts";
import type { DaemonSettings } from "./settings.ts";

/**
 * Where a pid file is that a daemon would make itself: within its root directory, from its working directory on.
 * @throws {ToolError} where the way leads out of its root directory, or others may make it lead there.
 */
export function placeInChild(
  path: string,
  { chroot, chdir }: Pick<DaemonSettings, "chroot" | "chdir">,
): string {
  if (chroot === undefined) return resolve(chdir ?? "", path);
  const place = join(chroot, resolve("/", chdir ?? "", path)), directory = dirname(place);
  const fact = untrustedWriterAt(resolve(directory));
  if (fact !== undefined) throw new ToolError(`unable to make pid file \`${place}': ${fact}`);
  if (!`${realpathSync(directory)}/`.startsWith(`${realpathSync(chroot)}/`.replace(/\/+$/, "/"))) {
    throw new ToolError(`unable to make pid file \`${place}': it would be outside of ${chroot}`);
  }
  return place;
}

/**
 * Makes a pid file anew. No link is followed. None is left without its number.
 * @throws the kernel's error.
 */
export function writePidFile(path: string, pid: number, umask: number): void {
  unlessRefused(() => unlinkSync(path), (error) => {
    if (error.code !== "ENOENT") throw error;
  });
  const before = process.umask(umask);
  try {
    const file = openSync(path, "wx", 0o666);
    try {
      writeSync(file, `${pid}\n`);
    } catch (error) {
      unlinkSync(path);
      throw error;
    } finally {
      closeSync(file);
    }
  } finally {
    process.umask(before);
  }
}
