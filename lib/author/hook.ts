/** The hook child: runs one function of a job module. */

import { Buffer } from "node:buffer";
import { closeSync, fstatSync, readSync } from "node:fs";
import process from "node:process";
import { formatWithOptions, inspect } from "node:util";
import { PROCESS_NAMES, type ProcessName } from "../model/job.ts";
import { signalName, signalNumber } from "../model/signals.ts";
import { dieOf } from "../sys/signals.ts";
import type { HookContext } from "./context.ts";
import { PROCESS_FIELDS } from "./definition.ts";
import { exportedJobs } from "./exports.ts";
import { initctl } from "./initctl.ts";
import type { JobSpecification } from "./job.ts";
import { importModule, localImports, provideAuthoringModule, useSources } from "./modules.ts";
import { moduleError, userFrames } from "./place.ts";
import { isCommandFailure, shell } from "./shell.ts";
import { writeAll } from "./write.ts";

const USAGE = "Usage: rouse hook [--sources] MODULE JOB PROCESS";

/** Where init lends the texts of the modules, with `--sources`: as JSON, by their paths. */
const SOURCES_DESCRIPTOR = 9;

/**
 * The program `hook`. Returns its exit status: 0, or 1 when the module cannot be loaded or the function threw,
 * which is said on standard error with the place in the user's file. A function that was told to end by a signal and
 * then throws dies of that signal.
 */
export async function main(args: string[]): Promise<number> {
  if (args[0] === "--sources") {
    args = args.slice(1);
    useSources(takeSources());
  }
  const [module, job, processName] = args;
  if (module === undefined || job === undefined || !isProcessName(processName) || args.length > 3) {
    complain(USAGE);
    return 2;
  }
  const specification = await load(module, job);
  if (!specification) return 1;
  const run = specification[PROCESS_FIELDS[processName]];
  if (typeof run !== "function") {
    complain(`${module}: the job ${job} has no function ${PROCESS_FIELDS[processName]} any more`);
    return 1;
  }
  const termination = new Termination(specification.killSignal ?? "TERM");
  process.once("exit", complainOfNoEnd);
  try {
    await run(context(specification, job, processName, termination) as Parameters<typeof run>[0]);
  } catch (error) {
    process.off("exit", complainOfNoEnd);
    if (termination.signal) dieOf(signalNumber(termination.signal)!);
    complain(describe(error));
    process.exit(1);
  }
  process.off("exit", complainOfNoEnd);
  termination.release();
  // A server that main has started keeps the process; whatever a hook left running does not.
  if (processName !== "main") process.exit(0);
  return 0;
}

/** Reads the texts, and leaves nothing of that to what the function starts. */
function takeSources(): Record<string, string> {
  const buffer = Buffer.alloc(fstatSync(SOURCES_DESCRIPTOR).size);
  const length = readSync(SOURCES_DESCRIPTOR, buffer, 0, buffer.length, 0);
  closeSync(SOURCES_DESCRIPTOR);
  return JSON.parse(buffer.toString("utf8", 0, length));
}

/** Writes a line to standard error at once, without the colours that console.error gives it on a terminal. */
function complain(line: string): void {
  writeAll(2, `${line}\n`);
}

/** A process ends when there is nothing left to wait for, even if a function still awaits something. */
function complainOfNoEnd(status: number): void {
  if (status !== 0) return;
  complain("the function never ends: it awaits something that does not come");
  process.exitCode = 1;
}

function isProcessName(name: string | undefined): name is ProcessName {
  return (PROCESS_NAMES as readonly (string | undefined)[]).includes(name);
}

async function load(module: string, job: string): Promise<JobSpecification | undefined> {
  provideAuthoringModule();
  try {
    const jobs = exportedJobs(await importModule(module), module) as JobSpecification[];
    const found = jobs.length === 1 ? jobs[0] : jobs.find(({ name }) => name === job);
    if (!found) complain(`${module}: defines no job ${job} any more`);
    return found;
  } catch (error) {
    const { file, line, reason } = moduleError(error, module, localImports(module));
    complain(`${file}:${line === undefined ? "" : `${line}:`} ${reason}`);
    return undefined;
  }
}

/** Turns signals into the context's AbortSignal, from when that is first asked for. */
class Termination {
  /** The signal that came. */
  signal?: NodeJS.Signals;
  #controller?: AbortController;
  #alive?: ReturnType<typeof setInterval>;

  /** Signals without a name never reach a listener. */
  constructor(readonly killSignal: string | number) {}

  get abortSignal(): AbortSignal {
    if (!this.#controller) {
      const controller = this.#controller = new AbortController();
      // Waiting for a signal alone does not keep a process.
      this.#alive = setInterval(() => {}, 2 ** 30);
      for (const name of new Set(["TERM", signalNameOf(this.killSignal)])) {
        const signal = `SIG${name}` as NodeJS.Signals;
        process.once(signal, () => {
          this.signal ??= signal;
          controller.abort(new Error(`told to end by ${signal}`));
        });
      }
    }
    return this.#controller.signal;
  }

  /** The function is done: from now on, the process stays for what that left running alone. */
  release(): void {
    clearInterval(this.#alive);
  }
}

function signalNameOf(signal: string | number): string {
  return typeof signal === "string" ? signal.replace(/^SIG/, "") : signalName(signal) ?? "TERM";
}

function context(
  specification: JobSpecification,
  job: string,
  processName: ProcessName,
  termination: Termination,
): HookContext {
  const { env } = process;
  const stopping = processName === "pre-stop" || processName === "post-stop";
  return {
    get $() {
      return shell();
    },
    get signal() {
      return termination.abortSignal;
    },
    env: { ...env } as HookContext["env"],
    job,
    instance: env.UPSTART_INSTANCE ?? "",
    events: ((stopping ? env.UPSTART_STOP_EVENTS : env.UPSTART_EVENTS) ?? "").split(" ").filter(Boolean),
    // A log is no place for colours, which console.log gives objects on a terminal.
    log: (...values) => console.log("%s", formatWithOptions({ colors: false }, ...values)),
    emit: (event, variables = {}, { wait = true } = {}) => {
      const pairs = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
      return initctl("emit", ...(wait ? [] : ["--no-wait"]), event, ...pairs);
    },
    cancel: () => cancel(processName),
    ready: () => {
      if (processName !== "main" || specification.expect !== "stop") {
        throw new Error(`ready() is for main of a job with expect: "stop"`);
      }
      process.kill(process.pid, "SIGSTOP");
    },
  };
}

/** Without a job's name, `stop` and `start` are about the job in whose environment they run. */
async function cancel(processName: ProcessName): Promise<void> {
  if (processName === "pre-start") return await initctl("stop", "--no-wait");
  if (processName === "pre-stop") return await initctl("start", "--no-wait");
  throw new Error("cancel() is for preStart and preStop");
}

/** An error with the lines of its stack that lie in users' files. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return `the function threw ${inspect(error)}, which is no Error`;
  // What zx throws tells the place, the command's last words and its end in its message.
  if (isCommandFailure(error)) return error.message.trim();
  const cause = error.cause === undefined ? "" : `\ncaused by ${describe(error.cause)}`;
  return [`${error.name}: ${error.message}`, ...userFrames(error.stack ?? "")].join("\n") + cause;
}
