/** The program rc-status(8): what the services of runlevels are doing. */

import { Buffer } from "node:buffer";
import { serviceFacts } from "../../config/openrc/depend/facts.ts";
import { hasCrashed } from "../../config/openrc/daemons/crashed.ts";
import { servicesInOrder } from "../../config/openrc/directory.ts";
import {
  isInLevel,
  levelDirectory,
  levelExists,
  LevelLoop,
  levelNames,
  levelStack,
  stackedServices,
} from "../../config/openrc/levels.ts";
import { allServices } from "../../config/openrc/services.ts";
import { ServiceStates } from "../../config/openrc/states.ts";
import { type Option, type ParsedOptions, valueOf } from "../../model/command_line/options.ts";
import { LEVELS } from "../../model/openrc/paths.ts";
import { printable } from "../../model/text/printable.ts";
import { writeAll } from "../../sys/io/write_all.ts";
import { bracketText, type Palette, type Tree } from "../../../compat/openrc/mod.ts";
import { columnsOf, OpenrcMessages } from "./messages.ts";
import { type OpenrcTool, runOpenrcTool, type ToolCall, ToolError } from "./tool.ts";
import { loadTreeAloud } from "./tree.ts";

const OPTIONS: readonly Option[] = [
  { short: "a", long: "all", help: "the services of all runlevels" },
  { short: "c", long: "crashed", help: "those that have crashed" },
  { short: "f", long: "format", argument: "FORMAT", help: "a form for programs: ini" },
  { short: "l", long: "list", help: "the runlevels" },
  { short: "m", long: "manual", help: "services that are up and in no runlevel" },
  { short: "r", long: "runlevel", help: "the present runlevel" },
  { short: "s", long: "servicelist", help: "all services" },
  { short: "S", long: "supervised", help: "supervised services" },
  { short: "u", long: "unused", help: "services that are in no runlevel" },
];

export const TOOL: OpenrcTool = { forms: ["[OPTION]... [RUNLEVEL]..."], options: OPTIONS, run };

/** Runs the program. Returns the exit status. */
export function main(args: string[], name: string): Promise<number> {
  return runOpenrcTool(TOOL, args, name);
}

/** The lists that an option asks for, instead of runlevels. The option that is given first counts. */
const LISTS: Readonly<Record<string, (status: Status) => number>> = {
  crashed: (status) => status.names(status.started.filter((service) => status.hasCrashed(service)), 1),
  list: (status) => status.names(levelNames(), 0),
  manual: (status) => status.services(unassigned().filter((service) => status.isManual(service))),
  runlevel: (status) => status.names([status.level], 0),
  servicelist: (status) => status.services(allServices()),
  supervised: (status) => status.services(status.started.filter((service) => status.isSupervised(service))),
  unused: (status) => status.services(unassigned()),
};

function unassigned(): string[] {
  const levels = levelNames();
  return allServices().filter((service) => !levels.some((level) => isInLevel(service, level)));
}

async function run(parsed: ParsedOptions, call: ToolCall): Promise<number> {
  const { options, args } = parsed;
  const format = valueOf(parsed, "format");
  const isIni = format?.toLowerCase() === "ini";
  if (format !== undefined && !isIni) {
    throw new ToolError(`${call.name}: invalid argument to --format switch`);
  }
  const list = [...options.keys()].find((option) => Object.hasOwn(LISTS, option));
  const isBrief = list !== undefined && ["crashed", "list", "runlevel"].includes(list);
  const tree = isBrief ? undefined : (await loadTreeAloud(isIni ? quietly(call) : call)).tree;
  const status = new Status(tree, call, isIni && list === undefined);
  if (list !== undefined) return LISTS[list]!(status);
  const known = args.filter(levelExists);
  for (const level of args.filter((one) => !known.includes(one))) {
    call.messages.error(`runlevel \`${level}' does not exist`);
  }
  if (args.length > 0 && known.length === 0) return 1;
  const isAll = options.has("all");
  const levels = [...isAll ? levelNames() : [], ...known];
  try {
    status.showLevels(levels.length > 0 ? levels : [status.level]);
    if (isAll || known.length === 0) status.showDynamic();
    return 0;
  } catch (error) {
    if (!(error instanceof LevelLoop)) throw error;
    put(2, loopText(error));
    return 1;
  }
}

/** The same call, of which nothing but what is asked for is printed: a program reads it. */
function quietly({ name, environment }: ToolCall): ToolCall {
  const quiet = { ...environment, EINFO_QUIET: "YES" };
  return { name, environment: quiet, messages: new OpenrcMessages(quiet) };
}

/** Writes a text with colours in it. */
function put(descriptor: 1 | 2, text: string): void {
  writeAll(descriptor, Buffer.from(text));
}

/** What is said of runlevels that stand on each other. */
export function loopText({ level, way }: LevelLoop): string {
  const ancestors = way.map((one) => `\t${one}\n`).join("");
  return `Loop detected in stacked runlevels attempting to enter runlevel ${level}!\nAncestors:\n${ancestors}`;
}

type Colour = "GOOD" | "WARN" | "BAD";

/** A service's state, as it is shown. Those of up to nine letters have one width. */
interface ShownState {
  text: string;
  colour: Colour;
}

/** Shows services. */
class Status {
  readonly #states = new ServiceStates();
  readonly #palette: Palette | undefined;
  readonly #columns = columnsOf(1);
  readonly level = this.#states.runlevel;

  constructor(private readonly tree: Tree | undefined, call: ToolCall, private readonly isIni: boolean) {
    this.#palette = call.messages.palette;
  }

  get started(): string[] {
    return this.#states.services("started");
  }

  hasCrashed(service: string): boolean {
    return hasCrashed(this.#states, service);
  }

  isSupervised(service: string): boolean {
    return this.#states.value(service, "child_pid") !== undefined;
  }

  isManual(service: string): boolean {
    return this.#states.state(service) !== "stopped" && !this.#states.is("hotplugged", service);
  }

  /** Prints names, a line each. @param otherwise The exit status where there are none */
  names(names: readonly string[], otherwise: number): number {
    put(1, names.map((name) => `${name}\n`).join(""));
    return names.length > 0 ? 0 : otherwise;
  }

  services(services: readonly string[]): number {
    this.#show(services, undefined);
    return 0;
  }

  /** @throws {LevelLoop} where they stand on each other. */
  showLevels(levels: readonly string[]): void {
    for (const level of levels) {
      this.#heading("", level);
      this.#show(servicesInOrder(levelDirectory(level)), level);
      for (const below of levelStack(level)) {
        if (levels.includes(below)) continue;
        this.#heading("Stacked ", below);
        this.#show(servicesInOrder(levelDirectory(below)), below);
      }
    }
  }

  /** Shows the services that no runlevel has, by what started them. */
  showDynamic(): void {
    this.#heading("Dynamic ", "hotplugged");
    this.#show(this.#states.services("hotplugged"), undefined);
    const levels = [this.level, LEVELS.sysinit, LEVELS.boot];
    const assigned = new Set(levels.flatMap(stackedServices));
    const others = allServices().filter((service) =>
      !assigned.has(service) && this.isManual(service) || this.#states.is("failed", service)
    );
    const isNeeded = (service: string) => levels.some((level) => this.#dependants(service, level).length > 0);
    this.#heading("Dynamic ", "needed/wanted");
    this.#show(others.filter(isNeeded), undefined);
    this.#heading("Dynamic ", "manual");
    this.#show(others.filter((service) => !isNeeded(service)), undefined);
  }

  #dependants(service: string, level: string): string[] {
    return this.tree?.order([service], {
      relations: ["needsme", "wantsme"],
      level,
      without: service,
      facts: serviceFacts(),
    }) ?? [];
  }

  /** Shows services in the order in which they would start. */
  #show(services: readonly string[], level: string | undefined): void {
    const wanted = new Set(services);
    const ordered = this.tree?.order(services, {
      relations: ["ineed", "iuse", "iafter"],
      level: level ?? this.level,
      isStrict: true,
      phase: "start",
      facts: serviceFacts(),
    }) ?? services;
    const shown = ordered.filter((service) =>
      wanted.has(service) && (level === undefined || isInLevel(service, level))
    );
    put(1, shown.map((service) => this.#line(service)).join(""));
  }

  #heading(kind: string, level: string): void {
    if (this.isIni) return put(1, `[${kind}${level}]\n`);
    const { HILITE = "", NORMAL = "" } = this.#palette ?? {};
    put(1, `${kind}Runlevel: ${HILITE}${printable(level)}${NORMAL}\n`);
  }

  #line(service: string): string {
    const { text, colour } = this.#shown(service);
    if (this.isIni) return `${service} = ${text}\n`;
    const style = { palette: this.#palette, columns: this.#columns, indent: 0 };
    const end = this.#palette ? "\n" : "";
    return ` ${printable(service)}${end}${bracketText(text, colour, service.length + 1, style)}`;
  }

  #shown(service: string): ShownState {
    const states = this.#states;
    switch (states.state(service)) {
      case "stopping":
        return { text: "stopping ", colour: "BAD" };
      case "starting":
        return { text: "starting ", colour: "WARN" };
      case "inactive":
        return { text: "inactive ", colour: "WARN" };
      case "started":
        if (this.hasCrashed(service)) {
          const isLeft = this.isSupervised(service) && states.value(service, "start_time") !== undefined;
          return { text: isLeft ? " unsupervised " : " crashed ", colour: "BAD" };
        }
        return { text: ` started ${this.#runningTime(service)}`, colour: "GOOD" };
      default:
        if (states.is("scheduled", service)) return { text: "scheduled", colour: "WARN" };
        if (states.is("failed", service)) return { text: "failed", colour: "WARN" };
        return { text: " stopped ", colour: "BAD" };
    }
  }

  /** Since when a supervised service runs, and how many times it was started; empty for others. */
  #runningTime(service: string): string {
    const time = this.#states.value(service, "start_time"),
      count = this.#states.value(service, "start_count");
    const begun = time === undefined ? NaN : Date.parse(time.replace(" ", "T"));
    if (count === undefined || Number.isNaN(begun)) return "";
    const seconds = Math.max(0, Math.floor((Date.now() - begun) / 1000));
    const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
    const days = Math.floor(seconds / 86400);
    const clock = `${two(seconds % 86400 / 3600)}:${two(seconds % 3600 / 60)}:${two(seconds % 60)}`;
    return `${days > 0 ? `${days} day(s) ` : ""}${clock} (${count})`;
  }
}
