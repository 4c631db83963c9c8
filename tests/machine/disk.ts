/** Disk images with an ext4 file system, made and examined without a mount. */

import { spawnSync } from "node:child_process";
import { PATH } from "./host.ts";

/** How large a disk is. The file is sparse. */
const SIZE = "3G";

/**
 * Runs a program, and gives what it wrote.
 * @throws {Error} with the end of that, when it fails.
 */
export function runProgram(program: string, ...words: string[]): string {
  const { status, signal, stdout, stderr, error } = spawnSync(program, words, {
    encoding: "utf8",
    env: { PATH, LC_ALL: "C.UTF-8" },
    maxBuffer: Infinity,
  });
  if (status === 0) return stdout;
  const said = `${stdout ?? ""}${stderr ?? ""}`.trim().split("\n").slice(-20).join("\n");
  throw new Error(
    `${[program, ...words].join(" ")}: ${error?.message ?? `exit ${signal ?? status}`}\n${said}`,
  );
}

/** Makes an image of a directory. */
export function makeDisk(directory: string, image: string): void {
  runProgram("mke2fs", "-q", "-F", "-t", "ext4", "-L", "root", "-d", directory, image, SIZE);
}

/** Copies an image. */
export function copyDisk(from: string, to: string): void {
  runProgram("cp", "--sparse=always", "--reflink=auto", from, to);
}

/** What is wrong with the file system of a machine that is off; undefined when it was left as it should be. */
export function diskFault(image: string): string | undefined {
  const header = runProgram("dumpe2fs", "-h", image);
  const state = /^Filesystem state:\s+(.*)$/m.exec(header)?.[1];
  if (state !== "clean") return `its state is ${state}`;
  if (/^Filesystem features:.*\bneeds_recovery\b/m.test(header)) return "its journal was not written back";
  try {
    runProgram("e2fsck", "-fn", image);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
