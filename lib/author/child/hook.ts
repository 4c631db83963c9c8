/** The program `hook`, which is the hook child: runs one function of a job module. */

import { readFileSync } from "node:fs";
import process from "node:process";
import { formatWithOptions } from "node:util";
import { PROCESS_FIELDS } from "../../model/fields.ts";
import { followCommandLine, type Tool } from "../../model/command_line/tool.ts";
import { UsageError } from "../../model/command_line/usage_error.ts";
import { PROCESS_NAMES, type ProcessName } from "../../model/job.ts";
import { signalName, signalNumber } from "../../model/signals.ts";
import { restoreDescriptorLimit } from "../../sys/process/limits.ts";
import { dieOf } from "../../sys/process/signals.ts";
import type { HookContext } from "../context.ts";
import { exportedJobs } from "./exports.ts";
import { describeFailure, endAtUncaughtErrors } from "./failure.ts";
import { ImportGuard } from "./import_guard.ts";
import { initctl } from "./initctl.ts";
import type { JobSpecification } from "../job.ts";
import { importModule, localImports, provideAuthoringModule, useSources } from "./modules.ts";
import { moduleError } from "./source_location.ts";
import { shell } from "./shell.ts";
import { close } from "../../sys/io/descriptors.ts";
import { writeAll } from "../../sys/io/write_all.ts";

/** With `--given`, the descriptor from which {@link Given} is read, as JSON. */
const GIVEN_DESCRIPTOR = 9;

/** What init passes to the child besides its arguments. */
interface Given {
  /** The texts of the evaluated modules by their paths (lib/author/protocol.ts, `sources`). */
  sources?: Record<string, string>;
  /** `KEY=VALUE` strings for the function and the processes that it starts, which this runtime must not obey. */
  environment: string[];
}

const HOOK: Tool = {
  name: "hook",
  arguments: "MODULE JOB PROCESS",
  summary: "Run the function that is a process of a job, such as pre-start.",
  help:
    "An error is written to standard error with its location in the module. When the function throws after a signal has " +
    "told it to end, the process dies of that signal.\n\n" +
    "Exit status: 0, 1 when the module cannot be loaded or the function throws, 2 for wrong arguments.",
  options: [{ long: "given", help: `read the environment as JSON from descriptor ${GIVEN_DESCRIPTOR}` }],
  rules: { stopAtArgument: true },
  run({ args, rest, options }) {
    const [module, job, processName, extra] = [...args, ...rest];
    if (module === undefined || job === undefined || processName === undefined) {
      throw new UsageError("missing argument");
    }
    if (!isProcessName(processName)) throw new UsageError(`no process is called ${processName}`);
    if (extra !== undefined) throw new UsageError(`unexpected argument: ${extra}`);
    if (options.has("given")) useGiven(takeGiven());
    // The function and the processes that it starts get the limit that the job has: the runtime has raised it for itself.
    restoreDescriptorLimit();
    return runFunction(module, job, processName);
  },
};

/** The program `hook`. Returns its exit status. */
export function main(args: string[]): Promise<number> {
  return followCommandLine(HOOK, "rouse hook", args, writeAll);
}

async function runFunction(module: string, job: string, processName: ProcessName): Promise<number> {
  endAtUncaughtErrors();
  const specification = await load(module, job);
  if (!specification) return 1;
  const run = specification[PROCESS_FIELDS[processName]];
  if (typeof run !== "function") {
    complain(`${module}: the job ${job} has no function ${PROCESS_FIELDS[processName]} any more`);
    return 1;
  }
  const termination = new Termination(specification.killSignal ?? "TERM");
  process.once("exit", reportUnfinished);
  try {
    await run(context(specification, job, processName, termination) as Parameters<typeof run>[0]);
  } catch (error) {
    process.off("exit", reportUnfinished);
    if (termination.signal) dieOf(signalNumber(termination.signal)!);
    complain(describeFailure(error));
    process.exit(1);
  }
  process.off("exit", reportUnfinished);
  termination.release();
  // A server that main has started keeps the process alive. What a hook leaves running does not.
  if (processName !== "main") process.exit(0);
  return 0;
}

/** Reads what init passes, and closes the descriptor, so that the function's processes do not inherit it. */
function takeGiven(): Given {
  // By its name: not every engine's node:fs takes descriptors that it has not opened.
  const text = readFileSync(`/proc/self/fd/${GIVEN_DESCRIPTOR}`, "utf8");
  close(GIVEN_DESCRIPTOR);
  return JSON.parse(text);
}

function useGiven({ sources, environment }: Given): void {
  if (sources) useSources(sources);
  for (const pair of environment) {
    process.env[pair.slice(0, pair.indexOf("="))] = pair.slice(pair.indexOf("=") + 1);
  }
}

/** Writes a line to standard error at once. console.error would colour it on a terminal. */
function complain(line: string): void {
  writeAll(2, `${line}\n`);
}

/** At the exit of the process: reports a function that still awaits something although nothing is pending. */
function reportUnfinished(status: number): void {
  if (status !== 0) return;
  complain("the function never ends: it awaits something that does not come");
  process.exitCode = 1;
}

function isProcessName(name: string): name is ProcessName {
  return (PROCESS_NAMES as readonly string[]).includes(name);
}

async function load(module: string, job: string): Promise<JobSpecification | undefined> {
  provideAuthoringModule();
  const guard = new ImportGuard();
  try {
    guard.check(module);
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

/** Turns signals into the context's AbortSignal. Signals are handled once that has been read for the first time. */
class Termination {
  /** The signal that has arrived. */
  signal?: NodeJS.Signals;
  #controller?: AbortController;
  #alive?: ReturnType<typeof setInterval>;

  /** @param killSignal the job's. The runtime delivers no signals that have no name. */
  constructor(readonly killSignal: string | number) {}

  get abortSignal(): AbortSignal {
    if (!this.#controller) {
      const controller = this.#controller = new AbortController();
      // A signal listener alone does not keep the process alive.
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

  /** The function is done: only what it left running keeps the process alive from now on. */
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
    // console.log would colour objects on a terminal, and a job's log is one.
    log: (...values) => console.log("%s", formatWithOptions({ colors: false }, ...values)),
    emit: (event, variables = {}, { wait = true } = {}) => {
      const pairs = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
      return initctl(["emit", ...(wait ? [] : ["--no-wait"]), event, ...pairs]);
    },
    cancel: () => cancel(processName, termination),
    ready: () => {
      if (processName !== "main" || specification.expect !== "stop") {
        throw new Error(`ready() is for main of a job with expect: "stop"`);
      }
      process.kill(process.pid, "SIGSTOP");
    },
  };
}

/**
 * Without a job's name, `stop` and `start` apply to the job in whose environment they run. The stop tells the hook itself to
 * end: its signal is aborted then, and the function goes on. The command that asks for it is not reached.
 */
async function cancel(processName: ProcessName, termination: Termination): Promise<void> {
  void termination.abortSignal;
  if (processName === "pre-start") return await initctl(["stop", "--no-wait"], true);
  if (processName === "pre-stop") return await initctl(["start", "--no-wait"], true);
  throw new Error("cancel() is for preStart and preStop");
}
