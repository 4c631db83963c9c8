/** The programs `init` and `run`: the command line, and what is done about it. */

import process from "node:process";
import { writeAll } from "../sys/io/write_all.ts";
import { printable } from "../model/text/printable.ts";
import { UsageError, usageMessage } from "../model/command_line/usage_error.ts";
import { versionText } from "../model/version.ts";
import { restoreJitPolicy } from "../sys/runtime/jit.ts";
import { takeNotedSignals } from "../sys/runtime/signal_handlers.ts";
import { type HandedOver, takeHandedOver } from "./host/passed_descriptors.ts";
import { isGivenDescriptor } from "./host/ready_descriptor.ts";
import { type Role, roleOf } from "./host/role.ts";
import { sysvWanted } from "./host/sysv.ts";
import { SignalTable } from "./host/signal_actions.ts";
import { InitProgram } from "./init_program.ts";
import { takeState } from "./reexec/state_file.ts";
import type { Predecessor } from "./reexec/takeover.ts";
import {
  bootFlags,
  EVAL_FAILURE,
  helpText,
  type InitOptions,
  type Operands,
  overruled,
  parseCommandLine,
  readOptions,
  usageOf,
  ValueError,
} from "./options.ts";

/**
 * Runs init.
 *
 * @param name The name that the program was called by; with `run`, init runs a command as its job `main`.
 * @returns The exit status, when init is to exit.
 */
export async function main(args: string[], name: string): Promise<number> {
  const operands: Operands = name === "run" ? "command" : process.pid === 1 ? "ignored" : "none";
  let options: InitOptions, warnings: string[];
  try {
    const parsed = parseCommandLine(args, operands);
    if (parsed.options.has("help")) return print(helpText(operands));
    if (parsed.options.has("version")) return print(versionText("init"));
    options = readOptions(parsed, operands);
    warnings = overruled(parsed);
    if (operands === "ignored") options.boot = bootFlags(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const usage = usageOf(operands), message = printable(error.message);
    process.stderr.write(
      error instanceof ValueError ? `${usage}: ${message}\n` : usageMessage(usage, message),
    );
    if (operands !== "command" && args.includes("--daemon")) print(EVAL_FAILURE);
    return 1;
  }
  const handedOver = takeHandedOver();
  if (options.daemon && !handedOver) {
    const { startInBackground } = await import("./host/background.ts");
    return await startInBackground(args, options, name);
  }
  return await run(options, roleOf(options.user), warnings, handedOver);
}

function print(text: string): number {
  writeAll(1, text);
  return 0;
}

function predecessorOf({ state, signals, others }: HandedOver): Predecessor {
  return { state: takeState(state), descriptors: others, noted: () => takeNotedSignals(signals) };
}

/**
 * How long the runtime's compilers are held back while a machine of SysV's boots, in ms. What init does there runs a few times,
 * and compiling that would take longer, while everything waits for the first script, and then the scripts for a processor.
 */
const BOOT_TIME = 5000;

/**
 * @param warnings What is doubtful about the command line.
 * @param handedOver By the init whose place this one takes, which has warned.
 */
async function run(
  options: InitOptions,
  role: Role,
  warnings: readonly string[],
  handedOver?: HandedOver,
): Promise<number> {
  const predecessor = handedOver && predecessorOf(handedOver);
  // Whether init is SysV's does not change with the machine's files.
  Object.assign(options, predecessor?.state.program?.course.system);
  // First of all but that, so that signals that arrive while init starts are handled.
  const isSysv = sysvWanted(options, role);
  const signals = new SignalTable({ role, runsCommand: options.command !== undefined, isSysv });
  if (isSysv) setTimeout(restoreJitPolicy, BOOT_TIME);
  else restoreJitPolicy();
  const { readyDescriptor } = options;
  const isMisnamed = !handedOver && readyDescriptor !== undefined &&
    !isGivenDescriptor(readyDescriptor);
  if (isMisnamed) delete options.readyDescriptor;
  const http = options.http && await import("./ops/http_service.ts");
  const sysv = isSysv ? await import("./inittab/inittab.ts") : undefined;
  const program = new InitProgram(options, role, http, sysv, predecessor !== undefined);
  if (!predecessor) { for (const warning of warnings) program.warn(warning); }
  if (isMisnamed) program.warn(`Ignoring --ready-fd: descriptor ${readyDescriptor} is not open`);
  return await program.run(signals, predecessor);
}
