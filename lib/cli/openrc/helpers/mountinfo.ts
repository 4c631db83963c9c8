/** `mountinfo`: which file systems are mounted. */

import { realpathSync } from "node:fs";
import { valueOf } from "../../../model/command_line/options.ts";
import { lastGiven, type ParsedOptions } from "../../../model/command_line/options.ts";
import { errorReason } from "../../../sys/call/errno.ts";
import { ifAllowed, unlessRefused } from "../../../sys/call/refused.ts";
import { writeAll } from "../../../sys/io/write_all.ts";
import { type OpenrcTool, ToolError } from "../tool.ts";
import { FSTAB, MOUNTS, readTable, type TableEntry } from "./mount_table.ts";

/** What may be matched, by the word of its options. */
const FIELDS: Readonly<Record<string, keyof TableEntry>> = {
  fstype: "type",
  node: "source",
  options: "options",
  point: "point",
};

/** What is printed, by its option. */
const PRINTED: Readonly<Record<string, keyof TableEntry>> = {
  options: "options",
  fstype: "type",
  node: "source",
};

export const MOUNTINFO: OpenrcTool = {
  forms: ["[OPTION]... [MOUNTPOINT]..."],
  options: [
    { short: "f", long: "fstype-regex", argument: "REGEX", help: "of types that match" },
    { short: "F", long: "skip-fstype-regex", argument: "REGEX", help: "of types that do not" },
    { short: "n", long: "node-regex", argument: "REGEX", help: "of devices that match" },
    { short: "N", long: "skip-node-regex", argument: "REGEX", help: "of devices that do not" },
    { short: "o", long: "options-regex", argument: "REGEX", help: "with options that match" },
    { short: "O", long: "skip-options-regex", argument: "REGEX", help: "with options that do not" },
    { short: "p", long: "point-regex", argument: "REGEX", help: "whose printed value matches" },
    { short: "P", long: "skip-point-regex", argument: "REGEX", help: "whose printed value does not" },
    { short: "i", long: "options", help: "print the options" },
    { short: "s", long: "fstype", help: "print the type" },
    { short: "t", long: "node", help: "print the device" },
    { short: "e", long: "netdev", help: "that fstab says need the network" },
    { short: "E", long: "nonetdev", help: "that fstab says do not" },
  ],
  rules: { valuesInClusters: true },
  run(parsed, { name, messages }) {
    const printed = PRINTED[lastGiven(parsed.options, Object.keys(PRINTED)) ?? ""] ?? "point";
    const values = mounted(parsed, name).map((entry) => String(entry[printed]));
    const isShown = [matcher(parsed, name, "point"), not(matcher(parsed, name, "skip-point"))];
    // In the order in which they can be unmounted.
    const shown = values.reverse().filter((value) => isShown.every((test) => test(value)));
    if (!messages.isQuiet) writeAll(1, shown.map((value) => `${value}\n`).join(""));
    return shown.length > 0 ? 0 : 1;
  },
};

/** The mounts that are asked for, in the order in which they were made. */
function mounted(parsed: ParsedOptions, name: string): TableEntry[] {
  const points = parsed.args.map((path) => {
    if (!path.startsWith("/")) throw new ToolError(`${name}: \`${path}' is not a mount point`);
    return ifAllowed(() => realpathSync(path)) ?? path;
  });
  const network = lastGiven(parsed.options, ["netdev", "nonetdev"]);
  const fstab = network === undefined ? [] : ifAllowed(() => readTable(FSTAB)) ?? [];
  const tests = Object.entries(FIELDS).filter(([word]) => word !== "point").flatMap(([word, field]) => [
    { field, test: matcher(parsed, name, word) },
    { field, test: not(matcher(parsed, name, `skip-${word}`)) },
  ]);
  const table = unlessRefused(() => readTable(MOUNTS), (error) => {
    throw new ToolError(`getmntinfo: ${errorReason(error)}`);
  });
  return table.filter((entry) => {
    if (entry.type === "rootfs" || points.length > 0 && !points.includes(entry.point)) return false;
    const listed = fstab.find(({ point }) => point === entry.point);
    // What fstab does not know is neither, where it is asked for by name.
    if (network !== undefined && (listed || points.length > 0)) {
      return listed !== undefined && listed.options.includes("_netdev") === (network === "netdev");
    }
    return tests.every(({ field, test }) => test(String(entry[field])));
  });
}

/** Tests a value by an option's expression; without one, none fails that is to match, and none matches that is not. */
function matcher(parsed: ParsedOptions, name: string, word: string): (value: string) => boolean {
  const text = valueOf(parsed, `${word}-regex`);
  if (text === undefined) return () => !word.startsWith("skip-");
  try {
    const pattern = new RegExp(text.replace(/\[:(\w+):\]/g, (_, kind) => CLASSES[kind] ?? ""));
    return (value) => pattern.test(value);
  } catch {
    throw new ToolError(`${name}: invalid regex \`${text}'`);
  }
}

/** POSIX's classes of characters, as parts of a set. */
const CLASSES: Readonly<Record<string, string>> = {
  alnum: "A-Za-z0-9",
  alpha: "A-Za-z",
  digit: "0-9",
  lower: "a-z",
  space: "\\s",
  upper: "A-Z",
  xdigit: "0-9A-Fa-f",
};

function not(test: (value: string) => boolean): (value: string) => boolean {
  return (value) => !test(value);
}
