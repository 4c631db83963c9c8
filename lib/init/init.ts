/** The programs `init` and `run`: the command line, and what is done about it. */

import { existsSync, readlinkSync } from "node:fs";
import process from "node:process";
import { ifAllowed } from "../sys/call/refused.ts";
import { writeAll } from "../sys/io/write_all.ts";
import { printable } from "../model/text/printable.ts";
import { UsageError, usageMessage } from "../model/command_line/usage_error.ts";
import { versionText } from "../model/version.ts";
import { restoreJitPolicy } from "../sys/runtime/jit.ts";
import { takeNotedSignals } from "../sys/runtime/signal_handlers.ts";
import { type HandedOver, STATE_FILE, takeHandedOver } from "./host/passed_descriptors.ts";
import { isGivenDescriptor } from "./host/ready_descriptor.ts";
import { type Role, roleOf } from "./host/role.ts";
import { sysvWanted } from "./host/sysv.ts";
import { SignalTable } from "./host/signal_actions.ts";
import { InitProgram } from "./init_program.ts";
import { takeState } from "./reexec/state_file.ts";
import type { Predecessor } from "./reexec/takeover.ts";
import { bootFlags } from "./options/boot_flags.ts";
import {
  EVAL_FAILURE,
  helpText,
  overruled,
  parseCommandLine,
  readOptions,
  usageOf,
} from "./options/command_line.ts";
import { type InitOptions, type Operands, ValueError } from "./options/option_table.ts";

/**
 * Runs init.
 *
 * @param name The name that the program was called by; with `run`, init runs a command as its job `main`.
 * @returns The exit status, when init is to exit.
 */
export async function main(args: string[], name: string): Promise<number> {
  const operands: Operands = name === "run" ? "command" : process.pid === 1 ? "ignored" : "none";
  const handedOver = takeHandedOver();
  if (handedOver && isOfInit(handedOver)) return await goOn(args, operands, handedOver);
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
  if (options.daemon) {
    const { startInBackground } = await import("./host/background.ts");
    return await startInBackground(args, options, name);
  }
  return await run(options, roleOf(options.user), warnings);
}

/**
 * Takes the place of another init. That may have had options that are wrong by now: process 1 must not end for that, so they
 * are passed over.
 */
async function goOn(args: string[], operands: Operands, handedOver: HandedOver): Promise<number> {
  const warnings: string[] = [];
  const onProblem = ({ message }: UsageError) => warnings.push(`Ignoring an option of init: ${message}`);
  const parsed = parseCommandLine(args, operands, onProblem);
  const options = readOptions(parsed, operands, process.env, onProblem);
  if (operands === "ignored") options.boot = bootFlags(args);
  return await run(options, roleOf(options.user), warnings, predecessorOf(handedOver));
}

function print(text: string): number {
  writeAll(1, text);
  return 0;
}

/** False where somebody has copied the variable from an init's environment, as scripts in containers do. */
function isOfInit({ state }: HandedOver): boolean {
  const target = ifAllowed(() => readlinkSync(`/proc/self/fd/${state}`));
  return target === undefined ? !existsSync("/proc/self") : target.startsWith(`/memfd:${STATE_FILE}`);
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
 * @param predecessor The init whose place this one takes.
 */
async function run(
  options: InitOptions,
  role: Role,
  warnings: readonly string[],
  predecessor?: Predecessor,
): Promise<number> {
  // Whether init is SysV's does not change with the machine's files.
  Object.assign(options, predecessor?.state.program?.course?.system);
  // First of all but that, so that signals that arrive while init starts are handled.
  const isSysv = sysvWanted(options, role);
  const signals = new SignalTable({ role, runsCommand: options.command !== undefined, isSysv });
  if (isSysv) setTimeout(restoreJitPolicy, BOOT_TIME);
  else restoreJitPolicy();
  const { readyDescriptor } = options;
  const isMisnamed = !predecessor && readyDescriptor !== undefined &&
    !isGivenDescriptor(readyDescriptor);
  if (isMisnamed) delete options.readyDescriptor;
  const http = options.http && await import("./ops/http_service.ts");
  const sysv = isSysv ? await import("./inittab/inittab.ts") : undefined;
  const program = new InitProgram(options, role, http, sysv, predecessor !== undefined);
  for (const warning of warnings) program.warn(warning);
  if (isMisnamed) program.warn(`Ignoring --ready-fd: descriptor ${readyDescriptor} is not open`);
  return await program.run(signals, predecessor);
}
