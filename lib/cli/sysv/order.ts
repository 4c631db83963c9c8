/** `rouse sysv order`: the order in which init scripts start and stop, as a table, as links or as a drawing. */

import {
  type Circle,
  levelNames,
  type Numbered,
  type Order,
  type ScriptEdge,
  weakest,
} from "../../../compat/sysv/mod.ts";
import type { ParsedOptions } from "../../model/command_line/options.ts";
import type { Tool } from "../../model/command_line/tool.ts";
import { UsageError } from "../../model/command_line/usage_error.ts";
import { write } from "../output.ts";
import { complain, runTool } from "../tool.ts";
import { printLinks } from "./insserv.ts";
import { givenNumber, type Machine, PLACE_OPTIONS, readMachine } from "./machine.ts";

const LINKS = "--links";

const TOOL: Tool = {
  name: "sysv order",
  summary: "Print the order of init scripts, by what their headers say and their links have.",
  help:
    `\`rouse sysv order ${LINKS} [INSSERV'S ARGUMENT]...' prints the links that insserv would make, one a line, ` +
    "and changes nothing.\n\n" +
    "Circles are told of, broken at the weakest place, and do not end the command.\n\n" +
    "Exit status: 0, 1 when no order follows or there are circles, 2 for wrong arguments.",
  options: [
    { short: "a", long: "all", help: "scripts without links, too" },
    { short: "d", long: "dot", help: "a drawing, for dot(1)" },
    ...PLACE_OPTIONS,
  ],
  run,
};

/** The program `order`. Gives its exit status. */
export function main(args: string[]): number | Promise<number> {
  return args[0] === LINKS ? printLinks(args.slice(1)) : runTool(TOOL, args);
}

function run(parsed: ParsedOptions): number {
  if (parsed.args.length > 0) throw new UsageError(`unexpected argument: ${parsed.args[0]}`);
  const machine = readMachine(parsed, () => parsed.options.has("all")), { order } = machine;
  for (const { circle } of order.circles) complain(describeCircle(circle));
  write(1, parsed.options.has("dot") ? drawing(order) : table(machine));
  return order.circles.length > 0 ? 1 : 0;
}

/** Tells of a circle, with the place of each header that makes it. */
export function describeCircle(circle: Circle): string {
  const { first, then } = weakest(circle);
  return `circle: ${circle.map(describeEdge).join("; ")}. ` +
    `Broken here: ${then.script} does not wait for ${first.script}`;
}

/** Why one service waits for another, such as `/etc/init.d/web:4: Required-Start $network: web waits for networking`. */
export function describeEdge({ first, then, reasons }: ScriptEdge): string {
  const where = reasons.map(({ service, field, line, name }) => `${service.file}:${line}: ${field} ${name}`);
  return `${where.join(", ")}: ${then.script} waits for ${first.script}`;
}

function table(machine: Machine): string {
  const { start, stop } = machine.order;
  const services = start.graph.services.filter((service) => service.enabled);
  const rows = services.map((service) => ({
    service,
    number: service.start ? givenNumber(machine, service, "start") ?? start.numbers.get(service)! : undefined,
    end: service.stop ? givenNumber(machine, service, "stop") ?? stop.numbers.get(service)! : undefined,
  }));
  const isBoot = ({ service }: typeof rows[number]) => levelNames(service.start).includes("S");
  rows.sort((one, other) =>
    Number(isBoot(other)) - Number(isBoot(one)) ||
    (one.number ?? Infinity) - (other.number ?? Infinity) || (one.end ?? 0) - (other.end ?? 0) || 0
  );
  const cells = rows.map(({ service, number, end }) => [
    number === undefined ? "-" : `S${String(number).padStart(2, "0")}`,
    levelNames(service.start).join("") || "-",
    end === undefined ? "-" : `K${String(end).padStart(2, "0")}`,
    levelNames(service.stop).join("") || "-",
    service.script,
  ]);
  const widths = [5, 7, 4, 6, 0];
  const line = (row: string[]) => row.map((cell, index) => cell.padEnd(widths[index]!)).join(" ").trimEnd();
  return [["START", "IN", "STOP", "IN", "SCRIPT"], ...cells].map((row) => `${line(row)}\n`).join("");
}

function drawing({ start, stop }: Order): string {
  return `digraph order {\n  rankdir=LR\n${arrows(start, "")}${arrows(stop, " [style=dashed]")}}\n`;
}

/** An arrow from each script to those that come after it. Starts have whole lines, stops broken ones. */
function arrows({ graph }: Numbered, style: string): string {
  const edges = [...graph.edges.values()].flat().filter(({ first, then }) => first.enabled && then.enabled);
  const lines = edges.map(({ first, then }) =>
    `  ${quoted(first.script)} -> ${quoted(then.script)}${style}\n`
  );
  return [...new Set(lines)].join("");
}

function quoted(name: string): string {
  return `"${name.replace(/["\\]/g, "\\$&")}"`;
}
