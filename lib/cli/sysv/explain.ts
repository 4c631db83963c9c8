/** `rouse sysv explain`: why a script waits for another, as the chain of headers that says so. */

import { type Graph, levelNames, type ScriptEdge, type Service } from "../../../compat/sysv/mod.ts";
import type { ParsedOptions } from "../../model/command_line/options.ts";
import type { Tool } from "../../model/command_line/tool.ts";
import { UsageError } from "../../model/command_line/usage_error.ts";
import { write } from "../output.ts";
import { runTool } from "../tool.ts";
import { type Machine, PLACE_OPTIONS, readMachine } from "./machine.ts";
import { describeCircle, describeEdge } from "./order.ts";

const TOOL: Tool = {
  name: "sysv explain",
  arguments: "SCRIPT [OTHER]",
  summary: "Tell why an init script waits for another, or what it waits for.",
  help: "A script may be called by what it provides.\n\n" +
    "Exit status: 0, 1 when neither waits for the other, 2 for wrong arguments.",
  options: PLACE_OPTIONS,
  run,
};

/** The program `explain`. Gives its exit status. */
export function main(args: string[]): Promise<number> {
  return runTool(TOOL, args);
}

function run(parsed: ParsedOptions): number {
  const [name, other, further] = parsed.args;
  if (name === undefined) throw new UsageError("missing script");
  if (further !== undefined) throw new UsageError(`unexpected argument: ${further}`);
  const machine = readMachine(parsed, () => true);
  const service = find(machine, name);
  if (other === undefined) return tellAll(machine, service);
  const target = find(machine, other);
  const chains = (["start", "stop"] as const).flatMap((kind) => {
    const { graph } = machine.order[kind];
    return [[service, target], [target, service]].map(([from, to]) => ({
      kind,
      chain: chain(graph, from!, to!),
    }));
  }).filter(({ chain }) => chain.length > 0);
  for (const { kind, chain } of chains) {
    write(1, `${kind}:\n${chain.map((edge) => `  ${describeEdge(edge)}\n`).join("")}`);
  }
  tellCircles(machine, service, target);
  if (chains.length > 0) return 0;
  write(1, `${service.script} and ${target.script} do not wait for each other\n`);
  const boot = [service, target].filter(({ start }) => levelNames(start).join("") === "S");
  if (boot.length === 1) {
    write(1, `${boot[0]!.script} starts in S, which is over before other runlevels begin\n`);
  }
  return 1;
}

/** Tells of all that a script waits for itself. */
function tellAll(machine: Machine, service: Service): number {
  const { order } = machine;
  for (const kind of ["start", "stop"] as const) {
    const edges = order[kind].graph.edges.get(service)!;
    write(
      1,
      `${kind}:\n${edges.map((edge) => `  ${describeEdge(edge)}\n`).join("") || "  waits for nothing\n"}`,
    );
  }
  tellCircles(machine, service);
  return 0;
}

/** Tells of the circles that all of these services are in, and where each is broken. */
function tellCircles({ order }: Machine, ...services: Service[]): void {
  for (const { circle } of order.circles) {
    const isWhole = services.every((service) => circle.some(({ first }) => first === service));
    if (isWhole) write(1, `${describeCircle(circle)}\n`);
  }
}

/** @throws {Error} where no script has or provides the name. */
function find({ found, scripts }: Machine, name: string): Service {
  const service = found.catalog.ofScript(name) ?? found.catalog.provider(name);
  if (service) return service;
  throw new Error(
    `Unable to explain ${name}: no script in ${scripts.places.scripts} has or provides this name`,
  );
}

/** The shortest chain by which one service waits for another, from the one to the other; empty where there is none. */
function chain({ edges }: Graph, from: Service, to: Service): ScriptEdge[] {
  const ways = new Map<Service, ScriptEdge[]>([[from, []]]);
  for (const [service, way] of ways) {
    if (service === to) return way;
    for (const edge of edges.get(service)!) {
      if (!ways.has(edge.first)) ways.set(edge.first, [...way, edge]);
    }
  }
  return [];
}
