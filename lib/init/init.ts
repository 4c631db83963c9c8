/** The programs `init` and `run`: puts the parts together and runs. */

import * as fs from "node:fs";
import process from "node:process";
import { COMPILED_IN_JOBS } from "rouse:jobs";
import { formatStatus } from "../cli/status.ts";
import { ControlError } from "../control/supervisor.ts";
import { type Environment, environment } from "../model/environment.ts";
import { emptyJob } from "../model/job.ts";
import { SIGINT, SIGKILL, SIGQUIT } from "../model/signals.ts";
import { versionText } from "../model/version.ts";
import { raiseDescriptorLimit } from "../sys/limits.ts";
import { onChildChange, setChildSubreaper } from "../sys/processes.ts";
import { selfCommand } from "../sys/self.ts";
import { AppArmor } from "./apparmor.ts";
import { COMMAND_JOB, commandJob } from "./command.ts";
import type { Change } from "./configuration/catalogue.ts";
import { Configuration } from "./configuration/configuration.ts";
import { evaluator } from "./configuration/evaluation.ts";
import { formatReport } from "./configuration/report.ts";
import { ControlGroups } from "./control_groups.ts";
import { tellDoubts } from "./doubts.ts";
import { Ending } from "./ending.ts";
import { Listening } from "./listening.ts";
import { Messages } from "./messages.ts";
import {
  configurationDirectories,
  defaultConsole,
  logDirectory,
  type Options,
  parseOptions,
  PLACE_DEFAULTS,
  usage,
  UsageError,
  type Words,
} from "./options.ts";
import { JobOutput, type JobOutputOptions } from "./output/output.ts";
import { StandardStreams } from "./output/standard.ts";
import { type Place, placeOf } from "./place.ts";
import { RunningInit } from "./running.ts";
import { sessionAddress, SessionFile } from "./session.ts";
import { SessionEnd } from "./session_end.ts";
import { type Leaving, type Requester, Shutdown } from "./shutdown.ts";
import { SignalTable } from "./signals.ts";
import { endMachine, prepareMachine } from "./system/machine.ts";
import { LastRunlevel } from "./system/runlevels.ts";

/** Runs init, with a command when it is called `run`; the promise settles when it is to exit, with the exit status. */
export async function main(args: string[], name: string): Promise<number> {
  const words: Words = name === "run" ? "command" : process.pid === 1 ? "ignored" : "none";
  const [first = ""] = args;
  // What follows the command's name is the command's.
  const asked = words === "command" ? [first] : args;
  if (asked.includes("--help")) return print(usage(words));
  if (asked.includes("--version")) return print(versionText("init"));
  let options: Options;
  try {
    options = parseOptions(args, words);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${name}: ${error.message}\nTry \`${name} --help' for more information.\n`);
    return 1;
  }
  return await run(options, placeOf(options.user));
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

/** How it came that init leaves. */
interface Departure {
  /** Some processes had to be killed as the time was over. */
  killed?: boolean;
  /** The exit status, whatever else there is. */
  status?: number;
}

async function run(options: Options, place: Place): Promise<number> {
  // First of all, so that what comes while init starts counts.
  const signals = new SignalTable(place, options.command !== undefined);
  const defaults = PLACE_DEFAULTS[place];
  const time = options.shutdownTimeout ?? defaults.shutdownTimeout;
  const streams = new StandardStreams(
    options.logFormat ?? "plain",
    (message) => messages.tellOnce("warn", message),
  );
  const messages = new Messages(options.priority, streams);
  surviveFaults(messages);
  if (place === "machine") prepareMachine(messages);
  if (process.pid !== 1) setChildSubreaper();

  const left = Promise.withResolvers<Departure>();
  const output = new JobOutput({
    ...logs(options, place),
    ...((defaults.ownStreams || options.logFormat !== undefined) && { standard: streams }),
    ...(options.command && { foreground: COMMAND_JOB }),
    onProblem: (message) => messages.tell("warn", message),
  });
  const session = options.user ? sessionAddress() : undefined;
  const sessionEnvironment: string[] = session === undefined ? [] : [`UPSTART_SESSION=${session}`];
  const warnOnce = (message: string) => messages.tellOnce("warn", message);
  const init: RunningInit = new RunningInit(defaultEnvironment(options, place), environmentOfInit(), {
    messages,
    processes: {
      output,
      defaultConsole: defaultConsole(options, place),
      hookCommand: selfCommand("hook"),
      stopsForDebug: options.priority === "debug",
      descriptorLimit: raiseDescriptorLimit(),
      privileged: process.geteuid?.() === 0,
      controlGroups: new ControlGroups({ enabled: options.controlGroups, warn: warnOnce }),
      apparmor: new AppArmor({ warn: warnOnce }),
    },
    sessionEnvironment,
    reloadConfiguration: () => reload(),
    problem: (job) => {
      const report = configuration.problem(job);
      return report && formatReport(report);
    },
    endSession: () => begin("logout"),
    restart() {
      throw new ControlError("NotSupported", "Unable to restart init in place: stop it and start it again");
    },
    onIdle: () => leaving.check(),
  });
  let begun: number | undefined;
  const begin = (requester: Requester) => {
    begun ??= performance.now();
    leaving.begin(requester);
  };
  const leave = (killed = false) => left.resolve({ killed });
  const leaving: Leaving = options.user
    ? new SessionEnd(init, messages, leave)
    : new Shutdown(init, messages, time && time * 1000, leave);
  const ending = new Ending(init, options.exitWith, () => begin("job"));
  const last = options.user ? undefined : new LastRunlevel(init, () => init.stopping || begin("shutdown"));
  const http = options.http && (await import("./http/mod.ts")).serveHttp(init, options.http, messages);
  const configuration = configure(options, init, messages, time);
  const doubt = () => tellDoubts(init, messages, options.startupEvent === undefined);
  const reload = () => configuration.reload().then(doubt);
  const listening = new Listening(init, messages, session);

  let stopSignal: number | undefined;
  const stop = (signal: number) => {
    stopSignal ??= signal;
    begin("shutdown");
  };
  signals.act({
    stop,
    reload: () => void reload(),
    listen: () => void listening.open(),
    list: () => list(init, streams),
    // Before the command runs, and when it has ended, nobody else could do what the signal asks for.
    forward: (signal) => init.signal(COMMAND_JOB, signal) || !STOPS.includes(signal) || stop(signal),
    event: (_, name) => init.tell({ kind: "event", event: name, environment: [] }),
    tell: (signal) => messages.tell("warn", `Ignored signal ${signal}: a machine is stopped by shutdown(8)`),
  });
  onChildChange(() => init.reap());
  const loaded = configuration.load();
  await listening.open();
  if (!options.user && listening.addresses.length > 0 && !listening.isUsual) {
    sessionEnvironment.push(`UPSTART_SESSION=${listening.addresses[0]}`);
  }
  const sessionFile = session === undefined ? undefined : openSession(session, messages);
  await loaded;
  doubt();
  http?.loaded();
  if (options.exitWith !== undefined && !init.job(options.exitWith)) {
    messages.tell("error", `Unable to exit with ${options.exitWith}: there is no such job`);
    left.resolve({ status: 1 });
  } else if (!init.stopping) start(options, init);

  const departure = await left.promise;
  http?.close();
  sessionFile?.remove();
  configuration.close();
  listening.close();
  output.close();
  const elapsed = performance.now() - (begun ?? performance.now());
  await streams.flush(Math.max((time ?? 0) * 1000 - elapsed, LAST_WORDS));
  if (place === "machine") return await endMachine(last?.command, messages);
  const stopped = ending.awaited && stopSignal !== undefined ? 128 + stopSignal : 0;
  process.exit(departure.status ?? ending.status ?? (departure.killed ? 128 + SIGKILL : stopped));
}

/** Signals that ask a program to end. */
const STOPS = [SIGINT, SIGQUIT];

/** How long those who read init's output have for what is left of it when the time is over, in ms. */
const LAST_WORDS = 500;

/** Faults of init's own are told. Process 1 must not end by one: the machine would. */
function surviveFaults(messages: Messages): void {
  for (const failure of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(failure, (error: unknown) => {
      messages.tell("error", `Internal error: ${error instanceof Error ? error.stack : error}`);
    });
  }
}

/** The running configuration; of the job `main` the command line says what it runs, if it says anything. */
function configure(
  options: Options,
  init: RunningInit,
  messages: Messages,
  time: number | undefined,
): Configuration {
  const { command: words, startupEvent } = options;
  const withCommand = (change: Change): Change => {
    if (!words || change.name !== COMMAND_JOB) return change;
    const { killTimeout } = emptyJob("", "");
    const command = { words, startupEvent, killTimeout: time ?? killTimeout };
    return { name: COMMAND_JOB, definition: commandJob(command, change.definition) };
  };
  const onChanges = (changes: Change[]) =>
    init.tell({ kind: "definitions", changes: changes.map(withCommand) });
  if (words) onChanges([{ name: COMMAND_JOB, definition: undefined }]);
  const directories = configurationDirectories(options);
  return new Configuration({
    directories,
    compiledIn: Object.keys(COMPILED_IN_JOBS),
    evaluate: evaluator({ command: selfCommand("evaluate"), directories }),
    onChanges,
    onReport: (report) => messages.report("error", formatReport(report)),
  });
}

/** Sets going what there is to be set going. */
function start({ startupEvent, command }: Options, init: RunningInit): void {
  if (startupEvent !== undefined) {
    init.tell({ kind: "event", event: startupEvent, environment: [] });
  } else if (command && !init.job(COMMAND_JOB)?.definition.startOn) {
    const request = init.request({ kind: "start", job: COMMAND_JOB, environment: [], wait: false });
    // A failure to start is the job's end, which is seen to anyway.
    request.catch(() => {});
  }
}

/** Prints what `initctl list` would, for containers without a shell. */
function list(init: RunningInit, streams: StandardStreams): void {
  for (const job of init.jobs()) {
    const lines = Array.from(job.instances.values(), (instance) => {
      const { name, goal, state } = instance;
      return formatStatus(job.name, { name, goal, state, processes: instance.processes() });
    });
    for (const line of lines.length > 0 ? lines : [formatStatus(job.name)]) {
      streams.message({ priority: "message", message: line, text: line });
    }
  }
}

/** Where logs go, if anywhere. A container's directory may have to be made. */
function logs(options: Options, place: Place): Pick<JobOutputOptions, "directory" | "missingDirectory"> {
  const directory = logDirectory(options);
  if (directory === undefined) return {};
  if (place !== "container" || options.logdir !== undefined) return { directory };
  try {
    fs.mkdirSync(directory, { recursive: true });
    fs.accessSync(directory, fs.constants.W_OK);
    return { directory };
  } catch {
    return { missingDirectory: directory };
  }
}

function environmentOfInit(): Environment {
  return new Map(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Variables that take over this executable's engine, and never are any job's business. */
const ENGINE_VARIABLES = ["BUN_BE_BUN", "BUN_OPTIONS"];

/** Variables of another init's jobs, when one has started this init. */
const JOB_VARIABLES = ["UPSTART_SESSION", "UPSTART_JOB", "UPSTART_INSTANCE", "UPSTART_EVENTS"];

/** What every job's environment begins with: all that init has, or PATH and TERM alone. */
function defaultEnvironment(options: Options, place: Place): Environment {
  const own = environmentOfInit();
  for (const name of ENGINE_VARIABLES) own.delete(name);
  if (place === "container") JOB_VARIABLES.forEach((name) => own.delete(name));
  if (PLACE_DEFAULTS[place].inheritEnvironment && options.inheritEnvironment) return own;
  const kept = ["PATH", "TERM"].flatMap((name) => own.has(name) ? [`${name}=${own.get(name)}`] : []);
  return environment(kept);
}

function openSession(address: string, messages: Messages): SessionFile | undefined {
  try {
    return new SessionFile(address);
  } catch (error) {
    messages.tell("warn", `Failed to write the session file: ${(error as Error).message}`);
    return undefined;
  }
}
