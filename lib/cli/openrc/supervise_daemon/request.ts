/** What supervise-daemon is asked to do: its command line, checked. */

import { join } from "node:path";
import {
  leadingNumber,
  openrcSchedule,
  openrcSignal,
  type RespawnLimits,
  ScheduleError,
  type ScheduleItem,
} from "../../../../compat/openrc/mod.ts";
import type { Option, ParsedOptions } from "../../../model/command_line/options.ts";
import { RC_DIR } from "../../../model/openrc/paths.ts";
import { SIGTERM } from "../../../model/signals.ts";
import { expandHome } from "../daemons/program_file.ts";
import { type DaemonSettings, type Setter, SETTERS, settingsOf } from "../daemons/settings.ts";
import { type ToolCall, ToolError } from "../tool.ts";

/** The options beside those of {@link SETTING_OPTIONS}. */
export const OWN_OPTIONS: readonly Option[] = [
  { short: "S", long: "start", help: "start a daemon and its supervisor" },
  { short: "K", long: "stop", help: "stop both" },
  { short: "s", long: "signal", argument: "SIGNAL", help: "send the daemon a signal" },
  { short: "p", long: "pidfile", argument: "FILE", help: "the file with the supervisor's process number" },
  {
    short: "R",
    long: "retry",
    argument: "SCHEDULE",
    help: "seconds, or as TERM/5/KILL/5: how the daemon is stopped",
  },
  { short: "D", long: "respawn-delay", argument: "SECONDS", help: "the pause before it is started again" },
  { short: "m", long: "respawn-max", argument: "N", help: "how often at most; 10 by default, 0: always" },
  { short: "P", long: "respawn-period", argument: "SECONDS", help: "after this time the count begins anew" },
  { short: "A", long: "healthcheck-delay", argument: "SECONDS", help: "when to ask for its health first" },
  {
    short: "a",
    long: "healthcheck-timer",
    argument: "SECONDS",
    help: "how long to wait before it is asked again",
  },
  { long: "notify", argument: "WAY", help: "wait until it says that it is ready: fd:NUMBER or socket:ready" },
  { short: "H", long: "", argument: "SECONDS" },
  { long: "report", argument: "FD" },
];

/** What is to be done, and how the daemon is to run. */
export interface SuperviseRequest extends DaemonSettings {
  service: string;
  start: boolean;
  stop: boolean;
  signal: number | undefined;
  pidFile: string;
  /** By which a supervisor is told to send signals. */
  fifo: string;
  retry: string | undefined;
  /** In seconds. */
  respawnDelay: number;
  limits: RespawnLimits;
  /** In seconds; 0: never. */
  healthDelay: number;
  healthTimer: number;
  /** How the daemon says that it is ready. */
  notify?: string;
  /** The descriptor to which the supervisor says that the daemon has started. */
  report?: number;
  argv: string[];
}

/** How often a daemon is started again where nobody says it. */
const RESPAWN_MAX = 10;

const OWN: Readonly<Record<string, Setter<SuperviseRequest>>> = {
  start: (request) => request.start = true,
  stop: (request) => request.stop = true,
  signal(request, value, name) {
    request.signal = openrcSignal(value);
    if (request.signal === undefined) throw new ToolError(`${name}: \`${value}' is not a valid signal`);
  },
  pidfile: (request, value) => request.pidFile = value,
  retry: (request, value) => request.retry = value,
  "respawn-delay": (request, value) =>
    request.respawnDelay = atLeast(1, value, "Invalid respawn-delay value"),
  "respawn-max": (request, value) => request.limits.max = atLeast(0, value, "Invalid respawn-max value"),
  "respawn-period": (request, value) =>
    request.limits.period = atLeast(1, value, "Invalid respawn-period value"),
  "healthcheck-delay": (request, value, name) => request.healthDelay = healthTime("delay", value, name),
  "healthcheck-timer": (request, value, name) => request.healthTimer = healthTime("timer", value, name),
  "": (request, value, name) => request.healthTimer = healthTime("timer", value, name),
  notify: (request, value) => request.notify = value,
  report: (request, value) => request.report = Number(value),
};

/** @throws {ToolError} where the command line asks for what cannot be done. */
export function requestOf(parsed: ParsedOptions, service: string, call: ToolCall): SuperviseRequest {
  const { name, messages, environment } = call;
  const request: SuperviseRequest = {
    ...settingsOf(environment, name, (text) => messages.error(text)),
    service,
    start: false,
    stop: false,
    signal: undefined,
    pidFile: `/var/run/supervise-${service}.pid`,
    fifo: join(RC_DIR, `supervise-${service}.ctl`),
    retry: undefined,
    respawnDelay: 0,
    limits: { max: RESPAWN_MAX, period: 0 },
    healthDelay: 0,
    healthTimer: 0,
    argv: [...parsed.args],
  };
  for (const [option, value] of parsed.given) (OWN[option] ?? SETTERS[option])?.(request, value, name);
  const home = request.user?.home ?? request.environment["HOME"];
  if (request.chdir !== undefined) request.chdir = expandHome(request.chdir, home);
  if (request.chroot !== undefined) request.chroot = expandHome(request.chroot, home);
  if (request.argv[0] !== undefined) request.argv[0] = expandHome(request.argv[0], home);
  return request;
}

function atLeast(least: number, value: string, problem: string): number {
  const number = leadingNumber(value);
  if (number === undefined || number < least) throw new ToolError(`${problem} '${value}'`);
  return number;
}

function healthTime(what: string, value: string, name: string): number {
  const number = leadingNumber(value);
  if (number !== undefined && number >= 1) return number;
  throw new ToolError(`${name}: invalid health check ${what} ${value}`);
}

/** How the daemon is stopped. @throws {ToolError} */
export function scheduleOf(
  { retry, signal }: Pick<SuperviseRequest, "retry" | "signal">,
  name: string,
): ScheduleItem[] {
  try {
    return openrcSchedule(retry, signal ?? SIGTERM);
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    throw new ToolError(`${name}: ${error.message}`);
  }
}
