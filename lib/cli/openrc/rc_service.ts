/** The program rc-service(8): runs a service's script, wherever that is. */

import process from "node:process";
import { hasCrashed } from "../../config/openrc/daemons/crashed.ts";
import { allServices, scriptOf } from "../../config/openrc/services.ts";
import { ServiceStates } from "../../config/openrc/states.ts";
import { untrusted } from "../../config/openrc/untrusted.ts";
import { type Option, type ParsedOptions, valueOf } from "../../model/command_line/options.ts";
import { errnoMessage } from "../../sys/call/errno.ts";
import { executeProgram } from "../../sys/process/execute.ts";
import { write } from "../output.ts";
import { interpreterOf } from "./run/service.ts";
import { type OpenrcTool, runOpenrcTool, type ToolCall, ToolError } from "./tool.ts";

const OPTIONS: readonly Option[] = [
  { short: "d", long: "debug", help: "have the shell tell each command" },
  { short: "D", long: "nodeps", help: "no matter what it depends on" },
  { short: "e", long: "exists", argument: "SERVICE", help: "whether there is such a service" },
  { short: "c", long: "ifcrashed", help: "only when it has crashed" },
  { short: "i", long: "ifexists", help: "only when it exists" },
  { short: "I", long: "ifinactive", help: "only when it is inactive" },
  { short: "N", long: "ifnotstarted", help: "only when it is not started" },
  { short: "s", long: "ifstarted", help: "only when it is started" },
  { short: "S", long: "ifstopped", help: "only when it is stopped" },
  { short: "l", long: "list", help: "list all services" },
  { short: "r", long: "resolve", argument: "SERVICE", help: "the path of its script" },
  { short: "Z", long: "dry-run", help: "only tell what would be done" },
];

export const TOOL: OpenrcTool = {
  forms: [
    "[OPTION]... SERVICE ACTION...",
    "-e SERVICE",
    "-l",
    "-r SERVICE",
  ],
  options: OPTIONS,
  run,
};

/** The variables by which options reach the script. */
const VARIABLES: Readonly<Record<string, string>> = {
  debug: "RC_DEBUG",
  nodeps: "RC_NODEPS",
  "dry-run": "IN_DRYRUN",
};

/** When a condition holds. */
const CONDITIONS: Readonly<Record<string, (service: string, states: ServiceStates) => boolean>> = {
  ifcrashed: (service, states) => hasCrashed(states, service),
  ifinactive: (service, states) => states.state(service) === "inactive",
  ifnotstarted: (service, states) => states.state(service) !== "started",
  ifstarted: (service, states) => states.state(service) === "started",
  ifstopped: (service, states) => states.state(service) === "stopped",
};

/** Runs the program. Returns the exit status. */
export function main(args: string[], name: string): Promise<number> {
  return runOpenrcTool(TOOL, args, name);
}

async function run(parsed: ParsedOptions, call: ToolCall): Promise<number> {
  const { options, args: [service, ...actions] } = parsed;
  const asked = valueOf(parsed, "exists"), resolved = valueOf(parsed, "resolve");
  if (asked !== undefined) return scriptOf(asked) === undefined ? 1 : 0;
  if (options.has("list")) return list(allServices());
  if (resolved !== undefined) return list([scriptOf(resolved)].filter((path) => path !== undefined));
  if (service === undefined) throw new ToolError(`${call.name}: you need to specify a service`);
  const script = scriptOf(service);
  if (script === undefined) {
    if (options.has("ifexists")) return 0;
    throw new ToolError(`${call.name}: service \`${service}' does not exist`);
  }
  const states = new ServiceStates();
  const isWanted = Object.entries(CONDITIONS).every(([option, holds]) =>
    !options.has(option) || holds(service, states)
  );
  if (!isWanted) return 0;
  return await runScript(script, actions, variablesFor(options, call), call.name);
}

/** Runs a script. What the script would call for its interpreter takes no other process. Returns the exit status. */
async function runScript(
  script: string,
  actions: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  name: string,
): Promise<number> {
  const interpreter = interpreterOf(script);
  if (interpreter === undefined) throw new ToolError(`${name}: ${runInPlace(script, actions, environment)}`);
  for (const [variable, value] of Object.entries(environment)) {
    if (value === undefined) delete process.env[variable];
    else process.env[variable] = value;
  }
  const { main } = await import("./run/openrc_run.ts");
  return await main([script, ...actions], interpreter);
}

function list(names: readonly string[]): number {
  write(1, names.map((name) => `${name}\n`).join(""));
  return names.length > 0 ? 0 : 1;
}

/** The environment of the script. Only who asks for it here is not told what goes on. */
function variablesFor(
  options: ParsedOptions["options"],
  { environment }: ToolCall,
): Record<string, string | undefined> {
  const added = Object.entries(VARIABLES).filter(([option]) => options.has(option)).map((
    [, name],
  ) => [name, "yes"]);
  const quiet = options.has("quiet") ? environment["EINFO_QUIET"] : undefined;
  return { ...environment, EINFO_QUIET: quiet, ...Object.fromEntries(added) };
}

/** Runs a script in this process. Returns only where that fails: the reason. */
export function runInPlace(
  script: string,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const problem = untrusted(script);
  if (problem !== undefined) return `Not run: ${problem}`;
  const variables = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`]
  );
  return errnoMessage(executeProgram([script, ...args], variables).errno);
}
