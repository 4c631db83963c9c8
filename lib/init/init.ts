/** The programs `init` and `run`: puts the parts together and runs. */

import process from "node:process";
import { COMPILED_IN_JOBS } from "rouse:jobs";
import { ControlError } from "../control/supervisor.ts";
import { emptyJob } from "../model/job.ts";
import { SIGINT, SIGKILL, SIGQUIT } from "../model/signals.ts";
import { versionText } from "../model/version.ts";
import { raiseDescriptorLimit } from "../sys/limits.ts";
import { onChildChange, setChildSubreaper } from "../sys/processes.ts";
import { Spawner } from "../sys/spawner.ts";
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
import { defaultEnvironment, environmentOfInit } from "./environment.ts";
import { openOutput } from "./job_output.ts";
import { list } from "./listing.ts";
import { Listening } from "./listening.ts";
import { Messages } from "./messages.ts";
import {
  configurationDirectories,
  defaultConsole,
  type Options,
  parseOptions,
  PLACE_DEFAULTS,
  usage,
  UsageError,
  type Words,
} from "./options.ts";
import type { JobOutput } from "./output/output.ts";
import { StandardStreams } from "./output/standard.ts";
import { type Place, placeOf } from "./place.ts";
import { RunningInit } from "./running.ts";
import { sessionAddress, SessionFile } from "./session.ts";
import { SessionEnd } from "./session_end.ts";
import { type Leaving, type Requester, Shutdown } from "./shutdown.ts";
import { type Actions, SignalTable } from "./signals.ts";
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

/** What `--http` loads. */
type HttpModule = typeof import("./http/mod.ts");

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
  const http = options.http && await import("./http/mod.ts");
  return await new Program(options, place).run(signals, http);
}

/** The parts of an init, and its course. */
class Program {
  readonly #streams: StandardStreams;
  readonly #messages: Messages;
  readonly #output: JobOutput;
  /** The address of a user's session. */
  readonly #session: string | undefined;
  /** What jobs are told of where init listens. */
  readonly #sessionEnvironment: string[] = [];
  readonly #init: RunningInit;
  readonly #configuration: Configuration;
  readonly #listening: Listening;
  readonly #leaving: Leaving;
  readonly #ending: Ending;
  readonly #lastRunlevel: LastRunlevel | undefined;
  readonly #left = Promise.withResolvers<Departure>();
  /** Seconds that the way down may take. */
  readonly #time: number | undefined;
  /** When the way down began, in ms. */
  #begun: number | undefined;
  #stopSignal: number | undefined;

  constructor(private readonly options: Options, private readonly place: Place) {
    this.#time = options.shutdownTimeout ?? PLACE_DEFAULTS[place].shutdownTimeout;
    const warnOnce = (message: string) => this.#messages.tellOnce("warn", message);
    this.#streams = new StandardStreams(options.logFormat ?? "plain", warnOnce);
    this.#messages = new Messages(options.priority, this.#streams);
    surviveFaults(this.#messages);
    if (place === "machine") prepareMachine(this.#messages);
    if (process.pid !== 1) setChildSubreaper();
    this.#session = options.user ? sessionAddress() : undefined;
    if (this.#session) this.#sessionEnvironment.push(`UPSTART_SESSION=${this.#session}`);
    this.#output = openOutput(options, place, this.#streams, this.#messages);
    this.#init = this.#makeInit(warnOnce);
    const leave = (killed = false) => this.#left.resolve({ killed });
    this.#leaving = options.user
      ? new SessionEnd(this.#init, this.#messages, leave)
      : new Shutdown(this.#init, this.#messages, this.#time && this.#time * 1000, leave);
    this.#ending = new Ending(this.#init, options.exitWith, () => this.#begin("job"));
    this.#lastRunlevel = options.user
      ? undefined
      : new LastRunlevel(this.#init, () => this.#init.stopping || this.#begin("shutdown"));
    this.#configuration = configure(options, this.#init, this.#messages, this.#time);
    this.#listening = new Listening(this.#init, this.#messages, this.#session);
  }

  #makeInit(warnOnce: (message: string) => void): RunningInit {
    const { options, place } = this;
    return new RunningInit(defaultEnvironment(options, place), environmentOfInit(), {
      messages: this.#messages,
      processes: {
        spawner: new Spawner(),
        output: this.#output,
        defaultConsole: defaultConsole(options, place),
        hookCommand: selfCommand("hook"),
        stopsForDebug: options.priority === "debug",
        descriptorLimit: raiseDescriptorLimit(),
        privileged: process.geteuid?.() === 0,
        controlGroups: new ControlGroups({ enabled: options.controlGroups, warn: warnOnce }),
        apparmor: new AppArmor({ warn: warnOnce }),
      },
      sessionEnvironment: this.#sessionEnvironment,
      reloadConfiguration: () => this.#reload(),
      problem: (job) => {
        const report = this.#configuration.problem(job);
        return report && formatReport(report);
      },
      endSession: () => this.#begin("logout"),
      restart() {
        throw new ControlError("NotSupported", "Unable to restart init in place: stop it and start it again");
      },
      onIdle: () => this.#leaving.check(),
    });
  }

  /** Runs until init is to exit, and exits. */
  async run(signals: SignalTable, httpModule: HttpModule | undefined): Promise<number> {
    const { options } = this;
    const http = options.http && httpModule?.serveHttp(this.#init, options.http, this.#messages);
    signals.act(this.#actions);
    onChildChange(() => this.#init.reap());
    const loaded = this.#configuration.load();
    await this.#listening.open();
    if (!this.#session && this.#listening.addresses.length > 0 && !this.#listening.isUsual) {
      this.#sessionEnvironment.push(`UPSTART_SESSION=${this.#listening.addresses[0]}`);
    }
    const sessionFile = this.#session && openSession(this.#session, this.#messages);
    await Promise.race([loaded, this.#left.promise]);
    this.#doubt();
    http?.loaded();
    this.#start();

    const departure = await this.#left.promise;
    http?.close();
    if (sessionFile) sessionFile.remove();
    this.#configuration.close();
    this.#listening.close();
    this.#output.close();
    const elapsed = performance.now() - (this.#begun ?? performance.now());
    await this.#streams.flush(Math.max((this.#time ?? 0) * 1000 - elapsed, LAST_WORDS));
    if (this.place === "machine") return await endMachine(this.#lastRunlevel?.command, this.#messages);
    process.exit(this.#status(departure));
  }

  readonly #actions: Actions = {
    stop: (signal) => this.#stop(signal),
    reload: () => void this.#reload(),
    listen: () => void this.#listening.open(),
    list: () => list(this.#init, this.#streams),
    // Before the command runs, and when it has ended, nobody else could do what the signal asks for.
    forward: (signal) =>
      this.#init.signal(COMMAND_JOB, signal) || !STOPS.includes(signal) || this.#stop(signal),
    event: (_, name) => this.#init.tell({ kind: "event", event: name, environment: [] }),
    tell: (signal) =>
      this.#messages.tell("warn", `Ignored signal ${signal}: a machine is stopped by shutdown(8)`),
  };

  /** Sets going what there is to be set going. */
  #start(): void {
    const { exitWith, startupEvent, command } = this.options;
    if (exitWith !== undefined && !this.#init.job(exitWith)) {
      this.#messages.tell("error", `Unable to exit with ${exitWith}: there is no such job`);
      this.#left.resolve({ status: 1 });
    } else if (this.#init.stopping) return;
    else if (startupEvent !== undefined) {
      this.#init.tell({ kind: "event", event: startupEvent, environment: [] });
    } else if (command && !this.#init.job(COMMAND_JOB)?.definition.startOn) {
      const what = { kind: "start" as const, job: COMMAND_JOB, environment: [], wait: false };
      // A failure to start is the job's end, which is seen to anyway.
      Promise.try(() => this.#init.request(what)).catch(() => {});
    }
  }

  #begin(requester: Requester): void {
    this.#begun ??= performance.now();
    this.#leaving.begin(requester);
  }

  #stop(signal: number): void {
    this.#stopSignal ??= signal;
    this.#begin("shutdown");
  }

  async #reload(): Promise<void> {
    await this.#configuration.reload();
    this.#doubt();
  }

  #doubt(): void {
    tellDoubts(this.#init, this.#messages, this.options.startupEvent === undefined);
  }

  /** The exit status. */
  #status({ status, killed }: Departure): number {
    if (status !== undefined) return status;
    if (this.#ending.status !== undefined) return this.#ending.status;
    if (killed) return 128 + SIGKILL;
    return this.#ending.awaited && this.#stopSignal !== undefined ? 128 + this.#stopSignal : 0;
  }
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

function openSession(address: string, messages: Messages): SessionFile | undefined {
  try {
    return new SessionFile(address);
  } catch (error) {
    messages.tell("warn", `Failed to write the session file: ${(error as Error).message}`);
    return undefined;
  }
}
