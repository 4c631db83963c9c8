/**
 * Measures the compiled executable: `deno task bench [NAME…]`. With UPSTART_BIN naming a folder that holds
 * Upstart's init and initctl, the same is measured there, and the ratio told.
 */

import process from "node:process";
import { programs } from "../tests/support/programs.ts";
import { type Workload, WORKLOADS } from "./workloads.ts";

/** A row of the table. */
type Row = [name: string, rouse: string, upstart: string, ratio: string, about: string];

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(WORKLOADS);
const unknown = names.filter((name) => !Object.hasOwn(WORKLOADS, name));
if (unknown.length > 0) {
  console.error(
    `bench: unknown workload: ${unknown.join(", ")}; there are ${Object.keys(WORKLOADS).join(", ")}`,
  );
  process.exit(2);
}
const upstart = process.env["UPSTART_BIN"];

const rows: Row[] = [["workload", "rouse", "upstart", "ratio", ""]];
for (const name of names) {
  const workload = WORKLOADS[name]!;
  const ours = await median(workload, programs());
  const theirs = upstart ? await median(workload, upstart) : undefined;
  rows.push([
    name,
    figure(ours, workload.unit),
    theirs === undefined ? "-" : figure(theirs, workload.unit),
    theirs ? `${(ours / theirs).toFixed(2)}${workload.larger ? " (more is better)" : ""}` : "-",
    workload.about,
  ]);
}
printTable(rows);

async function median(workload: Workload, folder: string): Promise<number> {
  const figures: number[] = [];
  for (let round = 0; round < workload.rounds; round++) figures.push(await workload.measure(folder));
  figures.sort((one, other) => one - other);
  const middle = figures.length >> 1;
  return figures.length % 2 === 1 ? figures[middle]! : (figures[middle - 1]! + figures[middle]!) / 2;
}

function figure(value: number, unit: string): string {
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  return `${
    value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })
  } ${unit}`;
}

function printTable(rows: Row[]): void {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      column === 0 || column === 4 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
    );
    console.log(cells.join("  ").trimEnd());
  }
}
