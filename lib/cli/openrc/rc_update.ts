/** The program rc-update(8): which services are in which runlevels. */

import { rmSync, symlinkSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import {
  isInLevel,
  levelDirectory,
  levelExists,
  LevelLoop,
  levelNames,
  levelStack,
} from "../../config/openrc/levels.ts";
import { allServices, scriptOf, scriptProblem } from "../../config/openrc/services.ts";
import { ServiceStates } from "../../config/openrc/states.ts";
import type { Option, ParsedOptions } from "../../model/command_line/options.ts";
import { INIT_D, LEVELS } from "../../model/openrc/paths.ts";
import { errorReason } from "../../sys/call/errno.ts";
import { type KernelError, unlessRefused } from "../../sys/call/refused.ts";
import { write } from "../output.ts";
import { type OpenrcTool, runOpenrcTool, type ToolCall, ToolError } from "./tool.ts";
import { loadTreeAloud } from "./tree.ts";

const OPTIONS: readonly Option[] = [
  { short: "a", long: "all", help: "in all runlevels" },
  { short: "s", long: "stack", help: "a runlevel instead of a service" },
  { short: "u", long: "update", help: "make the dependency tree anew" },
];

export const TOOL: OpenrcTool = {
  forms: [
    "[OPTION]... add SERVICE [RUNLEVEL]...",
    "[OPTION]... del SERVICE [RUNLEVEL]...",
    "[OPTION]... [show [RUNLEVEL]...]",
  ],
  options: OPTIONS,
  run,
};

/** The runlevels that neither stand on others nor bear them. */
const UNSTACKED: readonly string[] = [LEVELS.sysinit, LEVELS.boot, LEVELS.single, LEVELS.shutdown];

/** Changes one runlevel. False where that failed, which has been told. */
type Change = (level: string, name: string, call: ToolCall) => boolean;

/** What each command does, to a service and to a runlevel. */
const CHANGES: Readonly<Record<string, { service: Change; stack: Change; takesAll: boolean }>> = {
  add: { service: addService, stack: addStack, takesAll: false },
  del: { service: removeService, stack: removeStack, takesAll: true },
  delete: { service: removeService, stack: removeStack, takesAll: true },
};

/** Runs the program. Returns the exit status. */
export function main(args: string[], name: string): Promise<number> {
  return runOpenrcTool(TOOL, args, name);
}

async function run({ options, args }: ParsedOptions, call: ToolCall): Promise<number> {
  const { name } = call;
  if (options.has("update")) {
    const { failure } = await loadTreeAloud({ ...call, isForced: true });
    return failure === undefined ? 0 : 1;
  }
  const [command = "show", item, ...levels] = args;
  const change = Object.hasOwn(CHANGES, command) ? CHANGES[command] : undefined;
  if (!change && command !== "show") throw new ToolError(`${name}: invalid command \`${command}'`);
  if (change && item === undefined) throw new ToolError(`${name}: no service specified`);
  const unknown = levels.find((level) => !levelExists(level));
  if (unknown !== undefined) throw new ToolError(`${name}: \`${unknown}' is not a valid runlevel`);
  if (!change) return show(item === undefined ? levelNames() : [item, ...levels], call);
  if (options.has("all") && !change.takesAll) {
    throw new ToolError(`${name}: the -a option is invalid with ${command}`);
  }
  const named = levels.length > 0
    ? levels
    : options.has("all")
    ? levelNames()
    : [new ServiceStates().runlevel];
  return changeAll(named, item!, options.has("stack") ? change.stack : change.service, call);
}

function changeAll(levels: readonly string[], item: string, change: Change, call: ToolCall): number {
  let status = 0;
  for (const level of levels) {
    if (!levelExists(level)) {
      call.messages.error(`${call.name}: runlevel \`${level}' does not exist`);
      status = 1;
    } else if (!change(level, item, call)) status = 1;
  }
  return status;
}

function addService(level: string, service: string, { name, messages }: ToolCall): boolean {
  const problem = scriptProblem(service);
  if (problem !== undefined) {
    const what = problem === "missing" ? "does not exist" : "is not executable";
    messages.error(`${name}: service \`${service}' ${what}`);
    return false;
  }
  const base = basename(service);
  if (isInLevel(base, level)) {
    messages.info(`${name}: ${service} already installed in runlevel \`${level}'; skipping`);
    return true;
  }
  const script = scriptOf(service)!;
  const failure = level === LEVELS.boot && dirname(script) !== INIT_D
    ? "Operation not permitted"
    : makeLink(script, join(levelDirectory(level), base));
  if (failure !== undefined) {
    messages.error(`${name}: failed to add service \`${service}' to runlevel \`${level}': ${failure}`);
    return false;
  }
  messages.info(`service ${service} added to runlevel ${level}`);
  return true;
}

/** Makes a link; one to nothing that has its name is replaced. Gives why it could not. */
function makeLink(target: string, path: string): string | undefined {
  return unlessRefused(() => {
    rmSync(path, { force: true });
    symlinkSync(target, path);
    return undefined;
  }, errorReason);
}

function removeService(level: string, service: string, call: ToolCall): boolean {
  const { name, messages } = call;
  const error = removeLink(join(levelDirectory(level), basename(service)));
  if (!error) {
    messages.info(`service ${service} removed from runlevel ${level}`);
    return true;
  }
  messages.error(
    error.code === "ENOENT"
      ? `${name}: service \`${service}' is not in the runlevel \`${level}'`
      : `${name}: failed to remove service \`${service}' from runlevel \`${level}': ${errorReason(error)}`,
  );
  return false;
}

function removeLink(path: string): KernelError | undefined {
  return unlessRefused(() => unlinkSync(path), (error) => error) ?? undefined;
}

function addStack(level: string, below: string, { name, messages }: ToolCall): boolean {
  const failure = !levelExists(below)
    ? `runlevel \`${below}' does not exist`
    : level === below
    ? `cannot stack \`${below}' onto itself`
    : UNSTACKED.includes(level) || UNSTACKED.includes(below)
    ? "cannot stack the sysinit runlevel"
    : circleFailure(level, below) ?? stackFailure(level, below);
  if (failure !== undefined) {
    messages.error(`${name}: ${failure}`);
    return false;
  }
  messages.info(`runlevel ${below} added to runlevel ${level}`);
  return true;
}

/** A machine whose runlevels stand on each other enters none of them. */
function circleFailure(level: string, below: string): string | undefined {
  try {
    const isCircle = levelStack(below).includes(level);
    return isCircle ? `cannot stack \`${below}' to \`${level}', on which it stands itself` : undefined;
  } catch (error) {
    if (!(error instanceof LevelLoop)) throw error;
    return error.message;
  }
}

function stackFailure(level: string, below: string): string | undefined {
  return unlessRefused(() => {
    symlinkSync(`../${below}`, join(levelDirectory(level), below));
    return undefined;
  }, (error) => `failed to stack \`${below}' to \`${level}': ${errorReason(error)}`);
}

function removeStack(level: string, below: string, { name, messages }: ToolCall): boolean {
  const error = removeLink(join(levelDirectory(level), basename(below)));
  if (!error) {
    messages.info(`runlevel ${below} removed from runlevel ${level}`);
    return true;
  }
  messages.error(
    error.code === "ENOENT"
      ? `${name}: runlevel \`${below}' is not in the runlevel \`${level}'`
      : `${name}: failed to remove runlevel \`${below}' from runlevel \`${level}': ${errorReason(error)}`,
  );
  return false;
}

/** Prints a table of the services and the runlevels that each is in. */
function show(levels: readonly string[], { messages }: ToolCall): number {
  const columns = [...levels].sort();
  const lines = allServices().flatMap((service) => {
    const cells = columns.map((level) => isInLevel(service, level) ? level : " ".repeat(level.length));
    const isShown = messages.isVerbose || cells.some((cell) => cell.trim() !== "");
    return isShown ? [` ${service.padStart(20)} | ${cells.join(" ")}\n`] : [];
  });
  write(1, lines.join(""));
  return 0;
}
