/** SysV's telinit(8), which is also what `init` does where it is not process 1: tells init of another runlevel. */

import { existsSync } from "node:fs";
import process from "node:process";
import { socketPath, SYSTEM_FILE_ADDRESS } from "../../../control/names.ts";
import { connectIfThere } from "../../../control/client/system.ts";
import { type Option, type ParsedOptions, parseOptions } from "../../../model/command_line/options.ts";
import { UsageError } from "../../../model/command_line/usage_error.ts";
import { CONTROL_FIFO, type ControlRequest, SLEEP_TIME } from "../../../model/sysv/control_request.ts";
import { SYSVINIT_VERSION } from "../../../model/version.ts";
import { write } from "../../output.ts";
import { getoptMessage, reportFailure } from "./classic_usage.ts";
import { sendRequest } from "./init_request.ts";

const OPTIONS: Option[] = [
  { short: "e", long: "environment", argument: "VAR[=VAL]" },
  { short: "t", long: "time", argument: "SECONDS" },
  { long: "version" },
];

/** What telinit accepts besides an option. */
const LETTERS = /^[0-9SsQqAaBbCcUu]$/;

/** The largest number of a request's field. */
const MAX_SLEEP_TIME = 2 ** 31 - 1;

/** The program. Returns its exit status. */
export async function main(args: string[], name: string): Promise<number> {
  if (!existsSync(CONTROL_FIFO) && await isUpstarts()) {
    return (await import("../telinit.ts")).main(args, name);
  }
  return await reportFailure(name, () => run(args, name));
}

async function run(args: string[], name: string): Promise<number> {
  try {
    const parsed = parseOptions(args, OPTIONS);
    if (parsed.options.has("version")) {
      write(1, `SysV init version: ${SYSVINIT_VERSION}\n\n`);
      return 0;
    }
    const request = requestOf(parsed);
    if (process.geteuid?.() !== 0) throw new Error("must be superuser.");
    await sendRequest(request);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    if (error.message !== "") write(2, `${name}: ${getoptMessage(error.message)}\n`);
    write(2, `Usage: ${name} {-e VAR[=VAL] | [-t SECONDS] {0|1|2|3|4|5|6|S|s|Q|q|A|a|B|b|C|c|U|u}}\n`);
    return 1;
  }
}

/** @throws {UsageError} */
function requestOf({ options, args: [letter, ...more] }: ParsedOptions): ControlRequest {
  const variables = options.get("environment");
  if (variables) {
    if (letter !== undefined) throw new UsageError("");
    return { command: "environment", variables };
  }
  if (letter === undefined || more.length > 0 || !LETTERS.test(letter)) throw new UsageError("");
  const seconds = options.get("time")?.at(-1);
  const sleepTime = seconds === undefined ? SLEEP_TIME : Number.parseInt(seconds, 10) || 0;
  return {
    command: "runlevel",
    runlevel: letter,
    sleepTime: Math.min(Math.max(sleepTime, 0), MAX_SLEEP_TIME),
  };
}

/**
 * True where the system's init does not listen to SysV's clients, but to Upstart's. By its file alone: on the abstract socket
 * there may be that of another root directory.
 */
async function isUpstarts(): Promise<boolean> {
  if (!existsSync(socketPath(SYSTEM_FILE_ADDRESS))) return false;
  const client = await connectIfThere(process.env);
  client?.close();
  return client !== undefined;
}
