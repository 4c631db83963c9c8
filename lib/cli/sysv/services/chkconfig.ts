/** The program chkconfig(8): tells and changes in which runlevels services start, as Red Hat's does. */

import type { Link } from "../../../../compat/sysv/mod.ts";
import { UsageError } from "../../../model/command_line/usage_error.ts";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { recordedRunlevel } from "../../../sys/utmp/records.ts";
import { requireRoot, runProgram, type SystemInvocation, type SystemProgram } from "../../system/program.ts";
import {
  askedKind,
  type LinkChoice,
  MANAGED_LEVELS,
  ManagedServices,
  ServiceError,
  type ServicePlan,
} from "./managed_links.ts";

export const CHKCONFIG: SystemProgram = {
  name: "chkconfig",
  arguments: "[NAME [on|off|reset|resetpriorities]]",
  summary: "List the runlevels in which services start, or change them.",
  help:
    "With NAME alone, the exit status tells whether the service starts in the present runlevel, or in that of " +
    "--level. on and off count for the levels 2345, the others for all, unless --level says otherwise.\n\n" +
    "Numbers and levels are those of the script's line `# chkconfig: 2345 20 80', or else of its LSB header. " +
    "Where insserv is set up, it numbers the links of scripts with a header.\n\n" +
    "Exit status: 0, or 1 when something is wrong or the service does not start.",
  options: [
    { long: "list", help: "list a service, or all" },
    { long: "add", help: "give a service a link in each runlevel" },
    { long: "del", help: "remove all links of a service" },
    { long: "level", argument: "LEVELS", help: "the runlevels that are meant, such as 35" },
    { long: "levels", argument: "LEVELS" },
    { long: "root", argument: "DIR", help: "the machine whose files lie below DIR" },
  ],
  run,
};

/** The program `chkconfig`. Returns its exit status. */
export function main(args: string[], name: string): Promise<number> {
  return runProgram(CHKCONFIG, args, name);
}

/** The levels for which `on` and `off` count when none is given. */
const USUAL = ["2", "3", "4", "5"];

/** A word behind a service's name: the levels that it is for, and the link that the service gets in each. */
interface Change {
  levels: readonly string[];
  choose: LinkChoice;
  /** The numbers become those that the script asks for. */
  fresh: boolean;
}

const CHANGES: Readonly<Record<string, Change>> = {
  on: { levels: USUAL, choose: () => "start", fresh: false },
  off: { levels: USUAL, choose: () => "stop", fresh: false },
  reset: { levels: MANAGED_LEVELS, choose: askedKind, fresh: true },
  resetpriorities: { levels: MANAGED_LEVELS, choose: (_, __, now) => now, fresh: true },
};

/** The options that are commands. */
const COMMANDS = ["list", "add", "del"] as const;

function run(invocation: SystemInvocation): number {
  const { args: [name, word, more], has, values } = invocation;
  const [command, other] = COMMANDS.filter(has);
  const excess = command === undefined ? more : word;
  if (excess !== undefined) throw new UsageError(`unexpected argument: ${excess}`);
  if (other !== undefined) throw new UsageError(`--${command} and --${other} exclude each other`);
  const services = new ManagedServices(values("root").at(-1) ?? "");
  const levels = parseLevels([...values("level"), ...values("levels")]);
  if (name === undefined && (command ?? "list") === "list") {
    return list(services.linked(), invocation);
  }
  if (name === undefined) throw new UsageError("missing service");
  if (command === "list") return listOne(services, name, invocation);
  if (command === undefined && word === undefined) return query(services, name, levels);
  if (values("root").length === 0) requireRoot();
  return change(services, name, invocation, (plan, fail) => {
    if (command === "add") return services.add(plan, fail);
    if (command === "del") return services.remove(name, fail);
    if (!Object.hasOwn(CHANGES, word!)) throw new UsageError(`unknown action: ${word}`);
    const { levels: usual, ...choice } = CHANGES[word!]!;
    services.set(plan, levels ?? usual, choice, fail);
  });
}

/** @throws {UsageError} for what is no runlevel. */
function parseLevels(given: string[]): string[] | undefined {
  if (given.length === 0) return undefined;
  const levels = [...new Set(given.join(""))];
  if (levels.length > 0 && levels.every((level) => MANAGED_LEVELS.includes(level))) return levels;
  throw new UsageError(`not runlevels between 0 and 6: ${given.join(" ")}`);
}

/** Carries out a change. Returns the exit status: 1 where a link could not be made or removed. */
function change(
  services: ManagedServices,
  name: string,
  { complain }: SystemInvocation,
  act: (plan: ServicePlan, fail: (message: string) => void) => void,
): number {
  let status = 0;
  act(services.plan(name), (message) => {
    complain(message);
    status = 1;
  });
  return status;
}

const NAME_WIDTH = 15;

function list(services: Array<[name: string, links: Link[]]>, { say }: SystemInvocation): number {
  for (const [name, links] of services) {
    const isOn = (level: string) => links.some((link) => link.level === level && link.kind === "start");
    const states = MANAGED_LEVELS.map((level) => `\t${level}:${isOn(level) ? "on" : "off"}`);
    say(name.padEnd(NAME_WIDTH) + states.join(""));
  }
  return 0;
}

function listOne(services: ManagedServices, name: string, invocation: SystemInvocation): number {
  services.plan(name);
  const links = services.links(name);
  if (links.length > 0) return list([[name, links]], invocation);
  throw new ServiceError(
    `service ${name} supports chkconfig, but is not referenced in any runlevel (run 'chkconfig --add ${name}')`,
  );
}

/** The exit status that tells whether a service starts in a level. */
function query(services: ManagedServices, name: string, levels: string[] | undefined): number {
  if (levels !== undefined && levels.length > 1) {
    throw new UsageError("only one runlevel may be specified for a chkconfig query");
  }
  const level = levels?.[0] ?? ifAllowed(() => recordedRunlevel())?.runlevel;
  if (level === undefined || level === "N") {
    throw new Error("the present runlevel is not known; name one by --level");
  }
  services.plan(name);
  return services.links(name).some((link) => link.kind === "start" && link.level === level) ? 0 : 1;
}
