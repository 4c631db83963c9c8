/** How a daemon is to run: the options that start-stop-daemon and supervise-daemon share. */

import process from "node:process";
import { type CapabilitySets, leadingNumber, parseCapabilities } from "../../../../compat/openrc/mod.ts";
import type { IoPriority } from "../../../model/fields.ts";
import type { Option } from "../../../model/command_line/options.ts";
import { lookupGroup, lookupUser, type User } from "../../../sys/access/users.ts";
import type { Scheduler } from "../../../sys/spawn/description.ts";
import { ToolError } from "../tool.ts";

/** The environment of a daemon, which options change. */
export type DaemonEnvironment = Record<string, string | undefined>;

/** How a daemon is to run. What is undefined stays as in this process. */
export interface DaemonSettings {
  environment: DaemonEnvironment;
  user?: User;
  gid?: number;
  chroot?: string;
  chdir?: string;
  umask: number;
  nice?: number;
  ioPriority?: IoPriority;
  oomScore?: number;
  scheduler?: string;
  schedulerPriority?: number;
  capabilities?: CapabilitySets;
  securebits?: number;
  noNewPrivileges?: boolean;
  /** The files that its output and its error output are appended to. */
  outputs: { 1?: string; 2?: string };
}

/** Takes the value of an option. @throws {ToolError} */
export type Setter<Target> = (target: Target, value: string, name: string) => void;

/** The options, without those that print. */
export const SETTING_OPTIONS: readonly Option[] = [
  {
    long: "capabilities",
    argument: "LIST",
    help: "inheritable (%), ambient (^) and forbidden (!) capabilities",
  },
  { long: "secbits", argument: "BITS", help: "its securebits" },
  { long: "no-new-privs", help: "it gains no privileges by programs that it executes" },
  {
    short: "I",
    long: "ionice",
    argument: "CLASS[:LEVEL]",
    help: "I/O priority: 1 real-time, 2 best-effort, 3 idle",
  },
  { short: "N", long: "nicelevel", argument: "N", help: "nice value" },
  { long: "oom-score-adj", argument: "N", help: "−1000 to 1000: who is killed first when memory is short" },
  { short: "d", long: "chdir", argument: "DIR", help: "working directory" },
  { short: "e", long: "env", argument: "NAME=VALUE", help: "a variable of its environment" },
  { short: "k", long: "umask", argument: "MODE", help: "file mode creation mask; 022 by default" },
  { short: "g", long: "group", argument: "GROUP", help: "its group" },
  { short: "u", long: "user", argument: "USER[:GROUP]", help: "its user" },
  { short: "r", long: "chroot", argument: "DIR", help: "its root directory" },
  { short: "1", long: "stdout", argument: "FILE", help: "append its output to a file" },
  { short: "2", long: "stderr", argument: "FILE", help: "append its error output to a file" },
];

/** What the options mean. */
export const SETTERS: Readonly<Record<string, Setter<DaemonSettings>>> = {
  capabilities(settings, value) {
    const sets = parseCapabilities(value);
    if (!sets) throw new ToolError("Could not parse iab: Invalid argument");
    settings.capabilities = sets;
  },
  secbits(settings, value) {
    if (value === "") throw new ToolError("Secbits are empty");
    if (!/^(0x[\da-f]+|\d+)$/i.test(value)) {
      throw new ToolError(`Could not parse secbits: invalid char ${/[^\dx]/i.exec(value)?.[0] ?? value}`);
    }
    settings.securebits = /^0\d/.test(value) ? Number.parseInt(value, 8) : Number(value);
  },
  "no-new-privs": (settings) => settings.noNewPrivileges = true,
  ionice: (settings, value, name) => setIoPriority(settings, value, `${name}: invalid ionice \`${value}'`),
  nicelevel: (settings, value, name) =>
    settings.nice = numberIn(value, `${name}: invalid nice level \`${value}'`),
  "oom-score-adj": (settings, value, name) =>
    settings.oomScore = numberIn(value, `${name}: invalid oom-score-adj \`${value}'`),
  chdir: (settings, value) => settings.chdir = value,
  chroot: (settings, value) => settings.chroot = value,
  env(settings, value) {
    const equals = value.indexOf("=");
    if (equals < 0) delete settings.environment[value];
    else settings.environment[value.slice(0, equals)] = value.slice(equals + 1);
  },
  umask(settings, value, name) {
    if (!/^[0-7]{1,4}$/.test(value)) throw new ToolError(`${name}: invalid mode \`${value}'`);
    settings.umask = Number.parseInt(value, 8);
  },
  group: (settings, value, name) => settings.gid = groupNamed(value, name),
  user(settings, value, name) {
    const [account = "", group] = value.split(":", 2);
    const user = lookupUser(account);
    if (!user) throw new ToolError(`${name}: user \`${account}' not found`);
    settings.user = user;
    settings.environment["HOME"] = user.home;
    settings.environment["USER"] = user.name;
    settings.gid ||= user.gid;
    if (group !== undefined) settings.gid = groupNamed(group, name);
  },
  stdout: (settings, value) => settings.outputs[1] = value,
  stderr: (settings, value) => settings.outputs[2] = value,
};

/** The settings before any option: what the environment says, as scripts set it. */
export function settingsOf(
  environment: DaemonEnvironment,
  name: string,
  warn: (text: string) => void,
): DaemonSettings {
  const settings: DaemonSettings = { environment: { ...environment }, umask: 0o022, outputs: {} };
  const given: Array<[variable: string, what: string, set: (value: string) => void]> = [
    ["SSD_NICELEVEL", "nice level", (value) => settings.nice = numberIn(value, "")],
    ["SSD_IONICELEVEL", "ionice level", (value) => setIoPriority(settings, value, "")],
    ["SSD_OOM_SCORE_ADJ", "oom_score_adj", (value) => settings.oomScore = numberIn(value, "")],
  ];
  for (const [variable, what, set] of given) {
    const value = environment[variable];
    try {
      if (value !== undefined) set(value);
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      warn(`${name}: invalid ${what} \`${value}' (${variable})`);
    }
  }
  const own = environment["USER"] === undefined || environment["HOME"] === undefined;
  const user = own ? lookupUser(String(process.getuid?.() ?? 0)) : undefined;
  settings.environment["USER"] ??= user?.name;
  settings.environment["HOME"] ??= user?.home;
  return settings;
}

/** The number at the beginning of a text. @throws {ToolError} */
export function numberIn(text: string, problem: string): number {
  const number = leadingNumber(text);
  if (number === undefined) throw new ToolError(problem);
  return number;
}

const IO_CLASSES: Readonly<Record<number, "realtime" | "best-effort" | "idle">> = {
  1: "realtime",
  2: "best-effort",
  3: "idle",
};

/** Class 0 is that of processes that never set one. */
function setIoPriority(settings: DaemonSettings, value: string, problem: string): void {
  const [number, level = "0"] = value.split(":", 2), name = IO_CLASSES[numberIn(number!, problem)];
  if (name === undefined) delete settings.ioPriority;
  else settings.ioPriority = (name === "idle" ? name : `${name} ${leadingNumber(level) ?? 0}`) as IoPriority;
}

function groupNamed(group: string, name: string): number {
  const found = lookupGroup(group);
  if (!found) throw new ToolError(`${name}: group \`${group}' not found`);
  return found.gid;
}

/** The scheduling policies by their names (sched(7)); the first priority of each that has several is 1. */
const POLICIES: Readonly<Record<string, number>> = { other: 0, fifo: 1, rr: 2, batch: 3, idle: 5 };

/** The scheduler; undefined where none is asked for. @throws {ToolError} */
export function schedulerOf({ scheduler, schedulerPriority }: DaemonSettings): Scheduler | undefined {
  if (scheduler === undefined) {
    return schedulerPriority === undefined ? undefined : { priority: schedulerPriority };
  }
  const policy = Object.hasOwn(POLICIES, scheduler) ? POLICIES[scheduler]! : leadingNumber(scheduler);
  if (policy === undefined) throw new ToolError(`Unknown scheduler: ${scheduler}`);
  const least = policy === POLICIES["fifo"] || policy === POLICIES["rr"] ? 1 : 0;
  return { policy, priority: schedulerPriority ?? least };
}
