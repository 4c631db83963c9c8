/** Tables of file systems: fstab(5), and the kernel's list of mounts in the same form. */

import { readFileSync } from "node:fs";

export const FSTAB = "/etc/fstab", MOUNTS = "/proc/mounts";

/** A line of a table. */
export interface TableEntry {
  source: string;
  point: string;
  type: string;
  options: string;
  /** The order of checks, 0 for none. */
  pass: number;
}

/** The entries of a table. @throws the kernel's error. */
export function readTable(path: string): TableEntry[] {
  const lines = readFileSync(path, "utf8").split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => {
    const [source = "", point = "", type = "", options = "", , pass = "0"] = line.split(/[ \t]+/).map(decode);
    return { source, point, type, options, pass: Number.parseInt(pass, 10) || 0 };
  });
}

/** Replaces octal escapes: `\040` stands for a blank. */
function decode(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(parseInt(code, 8)));
}
