/** The program start-stop-daemon(8), as dpkg has it: starts and stops daemons, and asks whether they run. */

import { commandHelp } from "../../../model/command_line/help.ts";
import { type ParsedOptions, parseOptions } from "../../../model/command_line/options.ts";
import { UsageError } from "../../../model/command_line/usage_error.ts";
import { VERSION } from "../../../model/version.ts";
import { write } from "../../output.ts";
import {
  actionOf,
  type DpkgAction,
  DpkgError,
  type DpkgRequest,
  OPTIONS,
  requestOf,
} from "./dpkg_request.ts";
import { startProgram } from "./dpkg_start.ts";
import { stopProgram } from "./dpkg_stop.ts";
import { DpkgTarget, STATUS } from "./dpkg_target.ts";

/** How the program speaks to whoever called it. */
export interface Speech {
  /** Unless it is to be quiet. */
  info(text: string): void;
  /** Where it is to be verbose. */
  debug(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

/** The exit statuses for what cannot be done, and for a wrong command line. */
const TROUBLE = 2, WRONG_USAGE = 3;

const HELP =
  "One of --start, --stop and --status says what to do. What is to be found is told by --exec, --pid, --ppid, " +
  "--pidfile, --user and --name, at least one of them, which must all be true.\n" +
  "A schedule has signals and seconds between slashes, and may have `forever' before what is repeated." +
  "\n\nExit status: 0, 1 when there was nothing to do, 2 when it cannot be done, 3 for wrong arguments. With --status: 0 when " +
  "it runs, 1 when it does not and its pid file is there, 3 when it does not, 4 when that is not known.";

const ACTIONS: Readonly<Record<DpkgAction, (request: DpkgRequest, speech: Speech) => number>> = {
  start: startProgram,
  stop: stopProgram,
  status: (request) => new DpkgTarget(request).find().status,
};

/** Returns the exit status. */
export function main(args: string[], name: string): number {
  let parsed: ParsedOptions | undefined;
  const error = (text: string) => write(2, `${name}: ${text}\n`);
  try {
    parsed = parseOptions(args, OPTIONS, { getopt: true });
    if (parsed.options.has("help")) return print(helpText(name));
    if (parsed.options.has("version")) return print(`${name} (rouse ${VERSION}), as dpkg has it\n`);
    const warn = (text: string) => error(`warning: ${text}`);
    const request = requestOf(parsed, warn);
    return ACTIONS[request.action](request, {
      info: (text) => request.isQuiet || write(1, text),
      debug: (text) => request.isVerbose && write(1, text),
      warn,
      error,
    });
  } catch (thrown) {
    if (!(thrown instanceof DpkgError || thrown instanceof UsageError)) throw thrown;
    error(thrown.message);
    const isUsage = !(thrown instanceof DpkgError) || thrown.isUsage;
    if (isUsage) write(2, `Try '${name} --help' for more information.\n`);
    if (parsed && actionOf(parsed) === "status") return STATUS.unknown;
    return isUsage ? WRONG_USAGE : TROUBLE;
  }
}

function helpText(name: string): string {
  const summary = "Start and stop daemons, or say whether one runs.";
  return commandHelp(name, { name, summary, arguments: "[--] [ARGUMENT]...", help: HELP }, OPTIONS);
}

function print(text: string): number {
  write(1, text);
  return 0;
}
