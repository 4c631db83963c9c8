/** Running init scripts: one after another, or side by side with the output of each kept whole. */

import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import process from "node:process";
import type { RcSchedule, RcStep } from "../../../../compat/sysv/mod.ts";
import { actionExitInWords } from "../../../model/sysv/lsb_exits.ts";
import { errorReason } from "../../../sys/call/errno.ts";
import { isKernelError } from "../../../sys/call/refused.ts";
import { close, openPty } from "../../../sys/io/descriptors.ts";
import { readDescriptor } from "../../../sys/io/streams.ts";
import { SharedOutput, TerminalText } from "../../shared_output.ts";

/** How scripts are run. */
export interface ScriptRun {
  /** The path by which a script is called: that of its link, or its own. */
  pathOf(step: RcStep): string;
  environment: Record<string, string | undefined>;
  /** Told how a script has failed: a sentence. */
  onFailure(reason: string): void;
}

/** Runs scripts one after another. Each has the standard streams. */
export async function runOneByOne(steps: readonly RcStep[], run: ScriptRun): Promise<void> {
  for (const step of steps) await runStep(step, run, "inherit");
}

/**
 * Runs scripts side by side, as a schedule has them. Each writes to a terminal of its own, and so does what it leaves
 * behind; those that talk to the user have the standard streams, and so have all where the output is not shared.
 */
export async function runSideBySide(schedule: RcSchedule, run: ScriptRun, isShared: boolean): Promise<void> {
  const output = isShared ? new SharedOutput(1) : undefined;
  const running = new Set<Promise<void>>();
  while (!schedule.isOver) {
    for (const { step, isInteractive } of schedule.next()) {
      const end = isInteractive || !output
        ? runStep(step, run, "inherit")
        : runWithTerminal(step, run, output);
      const ended: Promise<void> = end.then(() => {
        running.delete(ended);
        schedule.ended(step);
      });
      running.add(ended);
    }
    await Promise.race(running);
  }
}

/** Runs a script that writes to a terminal of its own. */
async function runWithTerminal(step: RcStep, run: ScriptRun, output: SharedOutput): Promise<void> {
  const { name } = step;
  const { master, slave } = openPty();
  const text = new TerminalText();
  const reader = readDescriptor(master, {
    onData: (bytes) => output.data(name, text.add(bytes)),
    onEnd: () => {},
  });
  const onFailure = (reason: string) => output.data(name, new TextEncoder().encode(`${reason}\n`));
  const end = runStep(step, { ...run, onFailure: () => {} }, ["inherit", slave, slave]);
  close(slave);
  const failure = await end;
  reader.drain();
  reader.close();
  if (failure !== undefined) onFailure(failure);
  output.ended(name);
}

/** Runs a script to its end. Gives how it failed, which `onFailure` is told, too. */
async function runStep(step: RcStep, run: ScriptRun, stdio: StdioOptions): Promise<string | undefined> {
  const path = run.pathOf(step);
  const failure = await runFile([path, step.action], run, stdio);
  const reason = failure &&
    `rc: ${failure.hasRun ? `${path} ${step.action}` : `Unable to run ${path}`}: ${failure.reason}`;
  if (reason !== undefined) run.onFailure(reason);
  return reason;
}

/** How a script failed. */
interface Failure {
  /** False: it could not be started. */
  hasRun: boolean;
  reason: string;
}

/** Runs a file. One that the kernel does not know how to run is taken for a shell's, as a shell does. */
async function runFile(words: string[], run: ScriptRun, stdio: StdioOptions): Promise<Failure | undefined> {
  const [file = "", ...args] = words;
  try {
    const { status, signal } = await endOf(spawn(file, args, { env: run.environment, cwd: "/", stdio }));
    if (status === 0) return undefined;
    return { hasRun: true, reason: signal !== null ? `killed by ${signal}` : exitReason(status!) };
  } catch (error) {
    if (!isKernelError(error)) throw error;
    if (error.code === "ENOEXEC" && file !== SHELL) return await runFile([SHELL, ...words], run, stdio);
    return { hasRun: false, reason: errorReason(error) };
  }
}

function exitReason(status: number): string {
  const words = actionExitInWords(status);
  return `exit status ${status}${words === undefined ? "" : `: ${words}`}`;
}

const SHELL = "/bin/sh";

/** Waits for the end of a process. */
function endOf(child: ChildProcess): Promise<{ status: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (status, signal) => resolve({ status, signal }));
  });
}

/** The signals that end a script that hangs, by its user's keys, and not rc. */
const KEYS = ["SIGINT", "SIGQUIT", "SIGTSTP"] as const;

/** Has this process live on when its user interrupts a script. Children have the signals' defaults. */
export function surviveKeys(): void {
  for (const signal of KEYS) process.on(signal, () => {});
}
