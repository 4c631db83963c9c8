/** SysV's telinit(8), which is also what `init` does where it is not process 1: tells init of another runlevel. */

import { existsSync } from "node:fs";
import process from "node:process";
import { socketPath, SYSTEM_FILE_ADDRESS } from "../../../control/names.ts";
import { connectToSystem } from "../../../control/client/system.ts";
import { type Option, type ParsedOptions, parseOptions } from "../../../model/command_line/options.ts";
import { UsageError } from "../../../model/command_line/usage_error.ts";
import { CONTROL_FIFO, type ControlRequest } from "../../../model/sysv/control_request.ts";
import { write } from "../../output.ts";
import { sendRequest } from "./control_channel.ts";

const OPTIONS: Option[] = [
  { short: "e", long: "environment", argument: "VAR[=VAL]" },
  { short: "t", long: "time", argument: "SECONDS" },
  { long: "version" },
];

/** What telinit accepts besides an option. */
const LETTERS = /^[0-9SsQqAaBbCcUu]$/;

/** The seconds between SIGTERM and SIGKILL, unless somebody says another number. */
const SLEEP_TIME = 3;

/** The parser's complaints as getopt(3) has them. */
const COMPLAINTS: ReadonlyArray<[pattern: RegExp, text: string]> = [
  [/^invalid option: -(.)$/, "invalid option -- '$1'"],
  [/^missing argument: -(.)$/, "option requires an argument -- '$1'"],
  [/^(invalid option|missing argument|unexpected argument): --(.*)$/, "$1 -- '$2'"],
];

/** The program. Returns its exit status. */
export async function main(args: string[], name: string): Promise<number> {
  if (!existsSync(CONTROL_FIFO) && await isUpstarts()) {
    return (await import("../telinit.ts")).main(args, name);
  }
  const complain = (text: string) => write(2, `${name}: ${text}\n`);
  try {
    const parsed = parseOptions(args, OPTIONS);
    if (parsed.options.has("version")) {
      write(1, "SysV init version: 3.06\n\n");
      return 0;
    }
    const request = requestOf(parsed);
    if (process.geteuid?.() !== 0) throw new Error("must be superuser.");
    await sendRequest(request);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) complain(error instanceof Error ? error.message : String(error));
    else {
      const found = COMPLAINTS.find(([pattern]) => pattern.test(error.message));
      if (found) complain(error.message.replace(...found));
      write(2, `Usage: ${name} {-e VAR[=VAL] | [-t SECONDS] {0|1|2|3|4|5|6|S|s|Q|q|A|a|B|b|C|c|U|u}}\n`);
    }
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
  return { command: "runlevel", runlevel: letter, sleepTime: Math.min(Math.max(sleepTime, 0), 2 ** 31 - 1) };
}

/**
 * True where the system's init does not listen to SysV's clients, but to Upstart's. By its file alone: on the abstract socket
 * there may be that of another root directory.
 */
async function isUpstarts(): Promise<boolean> {
  if (!existsSync(socketPath(SYSTEM_FILE_ADDRESS))) return false;
  try {
    (await connectToSystem(process.env)).close();
    return true;
  } catch {
    return false;
  }
}
