/** `fstabinfo`: what fstab(5) says, and mounting by it. */

import process from "node:process";
import { lastGiven, type ParsedOptions } from "../../../model/command_line/options.ts";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { writeAll } from "../../../sys/io/write_all.ts";
import { runToEnd } from "../../../sys/spawn/run.ts";
import { explain } from "../../../sys/spawn/spawn.ts";
import { type OpenrcTool, ToolError } from "../tool.ts";
import { FSTAB, readTable, type TableEntry } from "./mount_table.ts";

/** What is printed of an entry, by the option that asks for it. */
const PRINTED: Readonly<Record<string, (entry: TableEntry) => string>> = {
  blockdevice: ({ source }) => source,
  mountargs: ({ options, type, source, point }) => `-o ${options} -t ${type} ${source} ${point}`,
  options: ({ options }) => options,
  passno: ({ pass }) => String(pass),
  point: ({ point }) => point,
};

export const FSTABINFO: OpenrcTool = {
  forms: ["[OPTION]... [MOUNTPOINT]..."],
  options: [
    { short: "M", long: "mount", help: "mount what fstab has there" },
    { short: "R", long: "remount", help: "mount it again by its options" },
    { short: "b", long: "blockdevice", help: "print the device" },
    { short: "m", long: "mountargs", help: "print the arguments for mount" },
    { short: "o", long: "options", help: "print the options" },
    {
      short: "p",
      long: "passno",
      argument: "POINT|<N|=N|>N",
      help: "print an entry's order of checks, or the entries before, at or behind one",
    },
    { short: "t", long: "fstype", argument: "TYPES", help: "the entries of these types" },
  ],
  run(parsed, { name, messages }) {
    const table = ifAllowed(() => readTable(FSTAB));
    if (!table) throw new ToolError(`${FSTAB} does not exist`);
    const points = chosen(parsed, name, table);
    if (points.length === 0) return 1;
    const passed = parsed.options.get("passno")?.some((value) => !isComparison(value));
    const output = lastGiven(parsed.options, ["mount", "remount", "blockdevice", "mountargs", "options"]) ??
      (passed ? "passno" : "point");
    const isQuiet = parsed.options.has("quiet") && messages.isQuiet;
    let status = 0;
    for (const point of points) {
      const entry = table.find((one) => one.point === point);
      if (!entry) status = 1;
      else if (output === "mount" || output === "remount") status += mountEntry(entry, output === "remount");
      else if (!isQuiet) writeAll(1, `${PRINTED[output]!(entry)}\n`);
    }
    return Math.min(status, 255);
  },
};

/** The mount points that are asked for. */
function chosen({ options, args }: ParsedOptions, name: string, table: readonly TableEntry[]): string[] {
  const types = options.get("fstype")?.flatMap((value) => value.split(",")) ?? [];
  const passes = options.get("passno") ?? [];
  const asked = [
    ...passes.flatMap((value) => isComparison(value) ? byPass(value, name, table) : [value]),
    ...types.flatMap((type) => table.filter((entry) => entry.type === type).map(({ point }) => point)),
  ];
  if (args.length > 0) return asked.length > 0 ? asked.filter((point) => args.includes(point)) : args;
  if (types.length > 0 || passes.length > 0) return asked;
  if (table.length === 0) throw new ToolError(`${name}: empty fstab`);
  return table.map(({ point }) => point);
}

function isComparison(value: string): boolean {
  return /^[<=>]/.test(value);
}

/** The entries whose order of checks compares so. What is never checked comes before and behind nothing. */
function byPass(value: string, name: string, table: readonly TableEntry[]): string[] {
  const number = Number.parseInt(value.slice(1), 10);
  if (Number.isNaN(number)) throw new ToolError(`${name}: invalid passno ${value.slice(1)}`);
  const compare: Record<string, (pass: number) => boolean> = {
    "=": (pass) => pass === number,
    "<": (pass) => pass < number && pass !== 0,
    ">": (pass) => pass > number && pass !== 0,
  };
  return table.filter(({ point, pass }) => point !== "none" && compare[value[0]!]!(pass)).map(({ point }) =>
    point
  );
}

/** Runs mount(8). Returns its exit status. */
function mountEntry({ options, type, source, point }: TableEntry, isRemount: boolean): number {
  const again = isRemount ? ["-o", "remount"] : [];
  const environment = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
  const argv = ["mount", "-o", options, "-t", type, ...again, source, point];
  const result = runToEnd({ argv, environment, descriptors: { 0: 0, 1: 1, 2: 2 } });
  if (result.failed) throw new ToolError(explain(result.failed));
  return "status" in result.exit ? result.exit.status : 1;
}
