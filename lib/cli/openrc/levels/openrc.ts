/** The programs openrc(8) and `rc`: enter a runlevel. */

import { existsSync } from "node:fs";
import process from "node:process";
import { levelExists } from "../../../config/openrc/levels.ts";
import { readSettings, unreadSettings } from "../../../config/openrc/rc_conf.ts";
import { scriptOf } from "../../../config/openrc/services.ts";
import { ServiceStates } from "../../../config/openrc/states.ts";
import { systemType } from "../../../config/openrc/system_type.ts";
import { type Option, type ParsedOptions, valueOf } from "../../../model/command_line/options.ts";
import { OLD_RC_CONF, RC_CONF } from "../../../model/openrc/paths.ts";
import { holdCompilersBack } from "../../../sys/runtime/jit.ts";
import { write } from "../../output.ts";
import { OpenrcMessages } from "../messages.ts";
import { runInPlace } from "../rc_service.ts";
import { describeSystem, filterEnvironment } from "../run/environment.ts";
import { type OpenrcTool, runOpenrcTool, type ToolCall, ToolError } from "../tool.ts";
import { enterLevel } from "./enter_level.ts";
import { setNextLevel } from "./next_level.ts";

const OPTIONS: readonly Option[] = [
  { short: "n", long: "no-stop", help: "stop no services" },
  {
    short: "o",
    long: "override",
    argument: "RUNLEVEL",
    help: "the runlevel that is entered next, instead of the one asked for",
  },
  { short: "s", long: "service", argument: "SERVICE", help: "run the service's script with the arguments" },
  { short: "S", long: "sys", help: "print the kind of container or machine" },
];

export const TOOL: OpenrcTool = {
  forms: ["[OPTION]... [RUNLEVEL]", "-s SERVICE ACTION..."],
  options: OPTIONS,
  run,
};

/** The old name of the program. */
const OLD_NAME = "rc";

/** Runs the program. Returns the exit status. */
export function main(args: string[], name: string): Promise<number> {
  return runOpenrcTool(TOOL, args, name);
}

async function run(parsed: ParsedOptions, call: ToolCall): Promise<number> {
  const { options, args } = parsed;
  const { name } = call;
  process.chdir("/");
  holdCompilersBack();
  const settings = readSettings();
  const environment = { ...call.environment };
  filterEnvironment(environment, settings);
  describeSystem(environment, settings, new ServiceStates());
  const messages = new OpenrcMessages(environment);
  for (const problem of unreadSettings()) messages.warn(problem);
  if (existsSync(OLD_RC_CONF)) {
    messages.warn(`${OLD_RC_CONF} still exists on your system and should be removed.`);
    messages.warn(`Please migrate to the appropriate settings in ${RC_CONF}`);
  }
  const next = valueOf(parsed, "override"), service = valueOf(parsed, "service");
  if (next !== undefined) return override(next, messages);
  if (service !== undefined) {
    const script = scriptOf(service);
    if (script === undefined) throw new ToolError(`${name}: service \`${service}' does not exist`);
    throw new ToolError(`${name}: ${runInPlace(script, args, environment)}`);
  }
  if (options.has("sys")) {
    const system = systemType(settings);
    if (system !== undefined) write(1, `${system}\n`);
    return 0;
  }
  if (name === OLD_NAME) messages.warn("rc is deprecated, please use openrc instead.");
  return await enterLevel({
    name,
    level: args[0],
    stopsNothing: options.has("no-stop"),
    settings,
    environment,
    messages,
  });
}

function override(level: string, messages: OpenrcMessages): number {
  if (!levelExists(level)) throw new ToolError(`runlevel \`${level}' does not exist`);
  if (!setNextLevel(level)) return 1;
  messages.info(`Overriding next runlevel to ${level}`);
  return 0;
}
