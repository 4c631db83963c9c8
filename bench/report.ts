/** The results as a table, as JSON and as a chart. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { join, resolve } from "node:path";
import { chart } from "./chart.ts";
import type { Result } from "./measure.ts";
import { OUTPUT } from "./probe.ts";

const DOCS = resolve(import.meta.dirname!, "../docs");

/** Where the table stands in docs/performance.md. */
const BEGIN = "<!-- bench: begin -->\n", END = "<!-- bench: end -->";

/** Prints the results and writes them into dist/bench or, with `docs`, into the manual. */
export function report(results: Result[], docs: boolean): void {
  console.log(plainTable(rows(results)));
  const folder = docs ? DOCS : OUTPUT;
  const path = join(folder, "performance.json");
  const all = docs && existsSync(path)
    ? merge(JSON.parse(readFileSync(path, "utf8")).results, results)
    : results;
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}, Linux ${release()}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, `${JSON.stringify({ machine, results: all }, null, 2)}\n`);
  writeFileSync(join(folder, "performance.svg"), chart(all));
  if (!docs) return;
  const page = join(DOCS, "performance.md");
  const text = readFileSync(page, "utf8");
  const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (before < 0 || after < 0) {
    throw new Error(`${page} has no place for the table: ${BEGIN.trim()} … ${END}`);
  }
  const table = markdownTable(rows(all));
  writeFileSync(
    page,
    `${text.slice(0, before)}${BEGIN}\nMeasured on ${machine}.\n\n${table}\n${text.slice(after)}`,
  );
}

/** Results of before, but for those that there are new ones for; those of a figure stand together. */
function merge(before: Result[], now: Result[]): Result[] {
  const key = ({ figure, peer }: Result) => `${figure} ${peer}`;
  const renewed = new Set(now.map(key));
  const all = [...before.filter((result) => !renewed.has(key(result))), ...now];
  const order = [...new Set([...before, ...now].map(({ figure }) => figure))];
  return all.sort((one, other) => order.indexOf(one.figure) - order.indexOf(other.figure));
}

/** Rouse and its peers, in the order of the results. */
export function peersOf(results: Result[]): string[] {
  return [...new Set(["rouse", ...results.map(({ peer }) => peer)])];
}

/** A line for each figure, a column for each peer: its median, how far it is from Rouse's, and the spread. */
function rows(results: Result[]): string[][] {
  const peers = peersOf(results);
  const figures = [...new Set(results.map(({ figure }) => figure))];
  const lines = figures.map((figure) => {
    const of = (name: string) => results.find(({ figure: other, peer }) => other === figure && peer === name);
    const ours = of("rouse");
    const { about, unit } = results.find((result) => result.figure === figure)!;
    return [figure, `${about} (${unit})`, ...peers.map((peer) => cell(of(peer), ours))];
  });
  return [["", "what", ...peers], ...lines];
}

function cell(result: Result | undefined, ours: Result | undefined): string {
  if (!result) return "–";
  const { median, least, most } = result;
  const spread = least === most ? "" : ` [${number(least)}–${number(most)}]`;
  const ratio = ours && ours !== result && median > 0 ? `; ${ratioText(ours.median / median)}` : "";
  return `${number(median)}${spread}${ratio}`;
}

/** Rouse's figure as a multiple of the other's. */
function ratioText(ratio: number): string {
  return `×${ratio < 0.1 ? ratio.toFixed(3) : ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(0)}`;
}

function number(value: number): string {
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function plainTable(lines: string[][]): string {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd())
    .join("\n");
}

function markdownTable([head, ...lines]: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |\n`;
  return line(head!) + line(head!.map(() => "---")) + lines.map(line).join("");
}
