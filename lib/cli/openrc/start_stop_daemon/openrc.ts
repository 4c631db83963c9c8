/** The program start-stop-daemon(8), as OpenRC has it: starts, stops and signals daemons. */

import process from "node:process";
import { unlinkSync } from "node:fs";
import { openrcSchedule, ScheduleError } from "../../../../compat/openrc/mod.ts";
import { forgetDaemon } from "../../../config/openrc/daemons/notes.ts";
import { ServiceStates } from "../../../config/openrc/states.ts";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { SETTING_OPTIONS } from "../daemons/settings.ts";
import { runSchedule } from "../daemons/stopping.ts";
import { believedPid } from "../daemons/targets.ts";
import { type OpenrcTool, runOpenrcTool, type ToolCall, ToolError } from "../tool.ts";
import { OWN_OPTIONS, requestOf, type StartStopRequest } from "./openrc_request.ts";
import { startDaemon } from "./openrc_start.ts";

const TOOL: OpenrcTool = {
  forms: [
    "--start [OPTION]... [--] [PROGRAM] [ARGUMENT]...",
    "--stop [OPTION]... [PROGRAM]",
    "--signal SIGNAL [OPTION]... [PROGRAM]",
  ],
  options: [...OWN_OPTIONS, ...SETTING_OPTIONS],
  rules: { getopt: true },
  run(parsed, call) {
    const request = requestOf(parsed, call);
    return request.stops ? stopDaemon(request, call) : startDaemon(request, call);
  },
};

/** Returns the exit status. */
export function main(args: string[], name: string): Promise<number> {
  return runOpenrcTool(TOOL, args, name);
}

function stopDaemon(request: StartStopRequest, { name, messages }: ToolCall): number {
  const { exec, words, argv, pidFile, test, progress, oknodo, signal, retry, user } = request;
  const pid = pidFile === undefined ? undefined : believedPid(pidFile, name, messages, true);
  const target = { exec, words, uid: user?.uid, pid };
  const hasTarget = pid !== undefined && pid > 0 || exec !== undefined || words.length > 0 || user?.uid;
  const schedule = scheduleOf(retry ?? (test || oknodo ? "0" : undefined), signal, name);
  const stopped = hasTarget ? runSchedule(target, schedule, { test, progress }, { name, messages }) : 0;
  if (stopped < 0) return 1;
  if (test || oknodo) return stopped > 0 ? 0 : 1;
  // Also where nothing was stopped: the daemon may have ended by itself, and what is known of it is out of date.
  if (pidFile !== undefined) ifAllowed(() => unlinkSync(pidFile));
  const service = process.env["RC_SVCNAME"];
  if (service) forgetDaemon(new ServiceStates(), service, { exec, argv, pidFile });
  return 0;
}

function scheduleOf(text: string | undefined, signal: number, name: string) {
  try {
    return openrcSchedule(text, signal);
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    throw new ToolError(`${name}: ${error.message}`);
  }
}
