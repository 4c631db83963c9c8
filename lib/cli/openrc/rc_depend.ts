/** The program rc-depend(8): the services on which some depend, in the order in which they start. */

import type { Relation } from "../../../compat/openrc/mod.ts";
import { serviceFacts } from "../../config/openrc/depend/facts.ts";
import { ServiceStates } from "../../config/openrc/states.ts";
import { readTree } from "../../config/openrc/depend/tree.ts";
import type { Option, ParsedOptions } from "../../model/command_line/options.ts";
import { valueOf } from "../../model/command_line/options.ts";
import { write } from "../output.ts";
import { type OpenrcTool, runOpenrcTool, type ToolCall, ToolError } from "./tool.ts";
import { loadTreeAloud } from "./tree.ts";

const OPTIONS: readonly Option[] = [
  { short: "a", long: "starting", help: "in the order in which a runlevel starts them" },
  { short: "o", long: "stopping", help: "with all that provide what is virtual, as for a stop" },
  { short: "t", long: "type", argument: "TYPE[,TYPE]...", help: "by these relations: ineed,iuse by default" },
  { short: "T", long: "notrace", help: "accepted, without effect" },
  { short: "s", long: "strict", help: "only what is in the runlevels provides anything" },
  { short: "u", long: "update", help: "make the dependency tree anew" },
  { short: "F", long: "deptree-file", argument: "FILE", help: "the tree of a file" },
];

export const TOOL: OpenrcTool = { forms: ["[OPTION]... SERVICE..."], options: OPTIONS, run };

/** Runs the program. Returns the exit status. */
export function main(args: string[], name: string): Promise<number> {
  return runOpenrcTool(TOOL, args, name);
}

async function run(parsed: ParsedOptions, call: ToolCall): Promise<number> {
  const { options, args: services } = parsed;
  const { environment } = call;
  const file = valueOf(parsed, "deptree-file");
  const isForced = options.has("update");
  const loaded = file === undefined ? await loadTreeAloud({ ...call, isForced }) : undefined;
  const tree = file === undefined ? loaded?.tree : readTree(file);
  if (!tree) throw new ToolError("failed to load deptree");
  if (services.length === 0) {
    if (isForced) return loaded?.failure === undefined ? 0 : 1;
    throw new ToolError("no services specified");
  }
  const types = (options.get("type") ?? []).flatMap((value) => value.split(","));
  const names = tree.order(services, {
    relations: (types.length > 0 ? types : ["ineed", "iuse"]) as Relation[],
    level: environment["RC_RUNLEVEL"] ?? new ServiceStates().runlevel,
    bootLevel: environment["RC_BOOTLEVEL"],
    isStrict: options.has("strict"),
    phase: options.has("stopping") ? "stop" : options.has("starting") ? "start" : undefined,
    without: environment["RC_SVCNAME"],
    facts: serviceFacts(),
  });
  if (names.length > 0) write(1, `${names.join(" ")}\n`);
  return 0;
}
