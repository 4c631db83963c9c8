/** The parts of an init, and its course from the start to the exit. */

import process from "node:process";
import type { Configuration } from "../config/configuration.ts";
import { SIGINT, SIGQUIT } from "../model/signals.ts";
import { unlessRefused } from "../sys/call/refused.ts";
import { openReserve } from "../sys/process/limits.ts";
import { onChildChange, setChildSubreaper } from "../sys/process/processes.ts";
import { ignoreSentFaults } from "../sys/runtime/signal_handlers.ts";
import { VERSION } from "../model/version.ts";
import { SpawnQueue } from "../sys/spawn/spawn_queue.ts";
import type { InittabSequence } from "./inittab/inittab.ts";
import { COMMAND_JOB } from "./command_job.ts";
import { Course } from "./parts/course.ts";
import { RunningRecord } from "./adoption/running_record.ts";
import { setUpConfiguration } from "./configuration_setup.ts";
import { ControlEndpoint } from "./host/control_endpoint.ts";
import { configurationDirectories, configurationName } from "./host/directories.ts";
import { prepareMachine } from "./host/machine_boot.ts";
import { reportReady } from "./host/ready_descriptor.ts";
import type { Role } from "./host/role.ts";
import { ROLE_DEFAULTS } from "./host/role_defaults.ts";
import { sessionAddress, SessionFile } from "./host/session.ts";
import { openrcWanted } from "./host/sysv.ts";
import type { SignalActions, SignalTable } from "./host/signal_actions.ts";
import { warnOfFindings } from "./lint_warnings.ts";
import type { JobOutput } from "./logs/job_output.ts";
import { Messages } from "./logs/messages.ts";
import { StandardStreams } from "./logs/standard_streams.ts";
import type { HttpService } from "./ops/http_service.ts";
import { printJobList } from "./ops/job_list.ts";
import type { InitOptions } from "./options/option_table.ts";
import { setUpJobOutput } from "./output_setup.ts";
import { setUpRunning } from "./running_setup.ts";
import {
  optionalPart,
  type Part,
  type PartFault,
  type Parts,
  restoreParts,
  saveParts,
} from "./parts/part.ts";
import { Recovery } from "./reexec/recovery.ts";
import { Restart } from "./reexec/restart.ts";
import { adopt, closeUnused, filesOf, type Predecessor, restoreState } from "./reexec/takeover.ts";
import type { RunningInit } from "./running.ts";
import type { SavedProgram } from "./saved_program.ts";
import { startJobs } from "./start_check.ts";
import { tellProvidedNames } from "./sysv/provided_names.ts";
import type { ShippedBoot } from "./sysv/shipped_jobs.ts";
import { endOf, ExitStatus } from "./teardown/exit_status.ts";
import { HaltRunlevel } from "./teardown/halt_runlevel.ts";
import { endNamespace, haltMachine } from "./teardown/machine_halt.ts";
import { OrderedTeardown } from "./teardown/ordered_teardown.ts";
import { SessionTeardown } from "./teardown/session_teardown.ts";
import type { Requester, Teardown } from "./teardown/teardown.ts";

/** The module that serves HTTP. It is loaded only with `--http`. */
type HttpModule = typeof import("./ops/http_service.ts");

/** The module of inittab. It is loaded only where init is SysV's. */
type InittabModule = typeof import("./inittab/inittab.ts");

/** Why init exits. */
interface ExitReason {
  /** Some processes had to be killed, for the time for the teardown was over. */
  killed?: boolean;
  /** The exit status, whatever the jobs' are. */
  status?: number;
}

/** Signals that ask a program to end. */
const STOP_SIGNALS = [SIGINT, SIGQUIT];

/** The runlevel that Gentoo's inittab has for `default`. */
const OPENRC_RUNLEVEL = "3";

/** What is said where memory or descriptors are too short for that, with the reason behind it. */
const UNSAFE = "Signals of faults that other processes send to init end it, e.g. SIGSEGV: ";

/** How long those who read init's output have for the rest of it when the time for the teardown is over, in ms. */
const FINAL_FLUSH_TIME = 500;

/** How long clients wait until the jobs are loaded, in ms. A module may take longer, or hang. */
const LOAD_WAIT = 10_000;

/** How long those who have made requests of the init of before have to ask for the answers, in ms. They do so at once. */
const CLAIM_TIME = 10_000;

/** The parts of an init, and its course. */
export class InitProgram implements Part<SavedProgram> {
  readonly #spawner = new SpawnQueue();
  readonly #streams: StandardStreams;
  readonly #messages: Messages;
  readonly #output: JobOutput;
  /** The address of a user's session. */
  readonly #session: string | undefined;
  readonly #course: Course;
  readonly #init: RunningInit;
  readonly #configuration: Configuration;
  readonly #endpoint: ControlEndpoint;
  readonly #teardown: Teardown;
  readonly #exitStatus: ExitStatus;
  readonly #haltRunlevel: HaltRunlevel | undefined;
  readonly #inittab: InittabSequence | undefined;
  readonly #sessionFile: SessionFile;
  readonly #record: RunningRecord;
  readonly #http: HttpService | undefined;
  readonly #exit = Promise.withResolvers<ExitReason>();
  /** Resolves when init has started what it starts by itself. */
  readonly #begun = Promise.withResolvers<void>();
  /** Resolves when clients are answered. Undefined from then on. */
  #loading: PromiseWithResolvers<void> | undefined;
  /** How long the teardown may take, in seconds. */
  readonly #shutdownTimeout: number | undefined;
  /** The boot of a machine of SysV's without an inittab. */
  readonly #shippedBoot: ShippedBoot | undefined;
  readonly #restart: Restart;
  readonly #recovery: Recovery;
  #signals: SignalTable | undefined;

  /**
   * @param httpModule With `--http`.
   * @param isSuccessor True: it takes the place of another init of this process.
   * @param inittabModule Where init is SysV's. It behaves as on a machine then, in a container too.
   */
  constructor(
    private readonly options: InitOptions,
    private readonly role: Role,
    httpModule: HttpModule | undefined,
    private readonly inittabModule?: InittabModule,
    isSuccessor = false,
  ) {
    this.#shutdownTimeout = options.shutdownTimeout ?? ROLE_DEFAULTS[this.#manner].shutdownTimeout;
    this.#streams = new StandardStreams(
      options.logFormat ?? "plain",
      (message) => this.#messages.logOnce("warn", message),
    );
    this.#messages = new Messages(options.priority, this.#streams);
    this.#recovery = new Recovery({
      messages: this.#messages,
      isPossible: () => this.#restart.isPossible,
      restart: () => this.#restart.recover(),
      handle: (input) => this.#init.handle(input),
    });
    this.#recovery.watch();
    if (process.pid === 1) unlessRefused(ignoreSentFaults, ({ message }) => this.warn(UNSAFE + message));
    if (role === "machine" && !isSuccessor) prepareMachine(this.#messages);
    if (process.pid !== 1) setChildSubreaper();
    this.#session = options.user ? sessionAddress() : undefined;
    this.#course = new Course(
      { sysv: inittabModule !== undefined, openrc: openrcWanted(options, this.#manner) },
      this.#session,
    );
    this.#restart = new Restart({
      messages: this.#messages,
      spawner: this.#spawner,
      init: () => this.#init,
      parts: () => this.parts,
      signals: () => this.#signals,
      begun: this.#begun.promise,
    });
    this.#output = setUpJobOutput(options, this.#manner, this.#streams, this.#messages);
    this.#init = this.#makeInit();
    const onDone = (killed = false) => this.#exit.resolve({ killed });
    this.#teardown = options.user
      ? new SessionTeardown(this.#init, this.#messages, onDone)
      : new OrderedTeardown(
        this.#init,
        this.#messages,
        this.#shutdownTimeout && this.#shutdownTimeout * 1000,
        onDone,
      );
    const isOption = options.exitWith.length > 0 || options.command !== undefined;
    this.#exitStatus = new ExitStatus(this.#init, isOption, (job, exit) => {
      // Who names a job on the command line knows that init ends with it.
      if (!isOption) this.#messages.log(...endOf(job, exit));
      this.#beginTeardown("job");
    });
    this.#haltRunlevel = options.user
      ? undefined
      : new HaltRunlevel(this.#init, () => this.#init.stopping || this.#beginTeardown("shutdown"));
    this.#inittab = inittabModule && new inittabModule.InittabSequence({
      init: this.#init,
      messages: this.#messages,
      boot: options.boot,
      onSystemEnd: (environment) => this.#haltRunlevel?.reach(environment),
    });
    this.#leaveHaltToInittab();
    if (this.#inittab) tellProvidedNames(this.#init);
    this.#shippedBoot = this.#inittab?.shippedBoot(
      configurationDirectories(options),
      openrcWanted(options, this.#manner) ? OPENRC_RUNLEVEL : undefined,
    );
    this.#configuration = setUpConfiguration(
      options,
      this.#manner,
      this.#init,
      this.#messages,
      this.#shutdownTimeout,
      this.#shippedBoot?.jobs ?? [],
    );
    this.#endpoint = new ControlEndpoint(
      this.#init,
      this.#messages,
      this.#session,
      inittabModule !== undefined,
    );
    this.#sessionFile = new SessionFile(this.#messages);
    this.#record = new RunningRecord({
      isSession: options.user,
      configuration: configurationName(options),
      messages: this.#messages,
      running: () => this.#init.running(),
    });
    this.#http = httpModule && new httpModule.HttpService(this.#init, options.command && COMMAND_JOB);
  }

  /**
   * All parts that hold state across time, in the order in which they are restored: what waits to be written goes first,
   * and the teardown, which looks at all others, last. The configuration is not among them: files are read anew, and the
   * definitions in force are the engine's.
   */
  get parts(): Parts<SavedProgram> {
    return {
      streams: this.#streams,
      init: this.#init,
      course: this.#course,
      restart: this.#restart,
      recovery: this.#recovery,
      endpoint: this.#endpoint,
      sessionFile: this.#sessionFile,
      record: this.#record,
      exitStatus: this.#exitStatus,
      haltRunlevel: optionalPart(this.#haltRunlevel),
      inittab: optionalPart(this.#inittab),
      http: optionalPart(this.#http),
      teardown: this.#teardown,
    };
  }

  save(): SavedProgram {
    return saveParts(this.parts);
  }

  restore(saved: SavedProgram, onFault?: PartFault): Promise<void> {
    return restoreParts(this.parts, saved, onFault);
  }

  /** The role whose ways init has. */
  get #manner(): Role {
    return this.inittabModule ? "machine" : this.role;
  }

  #makeInit(): RunningInit {
    return setUpRunning(this.options, this.#manner, {
      messages: this.#messages,
      spawner: this.#spawner,
      output: this.#output,
      configuration: () => this.#configuration,
      session: () => this.#course.address,
      hasScripts: this.inittabModule !== undefined,
      loaded: () => this.#loading?.promise,
      reloadConfiguration: () => this.#reload(),
      endSession: () => this.#beginTeardown("logout"),
      restart: (executable) => this.#restart.ask(executable),
      restarts: () => this.#restart.count,
      crashes: () => this.#recovery.count,
      crashed: (where, error, input) => this.#recovery.crashed(where, error, input),
      restarting: () => this.#restart.isUnderWay,
      onMain: process.pid === 1 ? undefined : (main) => this.#record.add(main),
      onIdle: () => this.#teardown.check(),
    });
  }

  /** Logs a warning. */
  warn(message: string): void {
    this.#messages.log("warn", message);
  }

  /**
   * Runs until init is to exit, and exits; a machine is halted.
   *
   * @param predecessor The init whose place it takes: it goes on where that has stopped.
   */
  async run(signals: SignalTable, predecessor?: Predecessor): Promise<number> {
    this.#signals = signals;
    if (this.options.http) this.#http?.open(this.options.http, this.#messages);
    // Clients that come while thousands of files are read, at one go, are not refused.
    this.#loading = Promise.withResolvers();
    try {
      if (predecessor) await this.#goOn(predecessor, signals);
      else await this.#begin(signals);
    } catch (error) {
      if (process.pid !== 1 && !predecessor) throw error;
      this.#recovery.crashed("the start of init", error);
    }
    this.#begun.resolve();
    this.#answerClients();
    setTimeout(() => this.#init.pendingRequests.forgetUnclaimed(), CLAIM_TIME).unref();
    return this.#finish(await this.#exit.promise);
  }

  async #begin(signals: SignalTable): Promise<void> {
    signals.act(this.#signalActions);
    onChildChange(() => this.#init.reap());
    this.#endpoint.open();
    const loaded = this.#load();
    if (!this.#session && this.#endpoint.addresses.length > 0 && !this.#endpoint.isUsual) {
      this.#course.address = this.#endpoint.addresses[0];
    }
    if (this.#session) this.#sessionFile.open(this.#session);
    await Promise.race([loaded, this.#exit.promise]);
    this.#lint();
    this.#http?.loaded();
    this.#messages.attempt("the adoption of what runs", () => this.#adopt());
    if (this.#start()) this.#reportReady();
  }

  /** Goes on with what an init has left that had the same configuration and was killed. */
  #adopt(): void {
    const left = this.#record.open();
    for (const main of left) {
      this.#messages.attempt("the adoption of a process", () => this.#init.adopt(main));
    }
    const others = left.filter(({ pid }) => !this.#init.owns(pid)).map(({ pid }) => pid);
    if (others.length === 0) return;
    this.#messages.log(
      "warn",
      `Nothing is known any more of the jobs of these processes: ${others.join(" ")}`,
    );
  }

  /** Where the lines of inittab drive the system, they say when it ends, too. */
  #leaveHaltToInittab(): void {
    if (this.#haltRunlevel) this.#haltRunlevel.isActive = !this.#inittab?.drives;
  }

  /** Takes the place of an init of this process. The files are read anew, but nothing waits for that. */
  async #goOn({ state, descriptors, noted }: Predecessor, signals: SignalTable): Promise<void> {
    const handed = filesOf(descriptors);
    const isWhole = await restoreState(state, this, this.#messages);
    this.#leaveHaltToInittab();
    closeUnused(handed, this.parts);
    if (this.#endpoint.addresses.length === 0) await this.#endpoint.reopen();
    if (!isWhole) {
      await Promise.race([this.#load(), this.#exit.promise]);
      adopt(state.running, this.#init, this.#messages);
    }
    // Process 1 must not end by what descriptors or memory do not suffice for now.
    const attempt = (action: () => void) => this.#messages.attempt("the restart of init", action);
    attempt(() => signals.act(this.#signalActions));
    attempt(() => noted().forEach((signal) => signals.received(signal)));
    attempt(() => onChildChange(() => this.#init.reap()));
    attempt(() => this.#init.reap());
    attempt(() => this.#http?.loaded());
    this.#messages.log("message", `Restarted in place, as rouse ${VERSION}`);
    this.#init.tellRestarted();
    attempt(() => this.#recovery.resume());
    if (!isWhole) return;
    const isRead = this.#configuration.load(true);
    void isRead.then(() => this.#configuration.forgetMissing(this.#init.jobTable.values()));
  }

  /** Closes all and exits. */
  async #finish(reason: ExitReason): Promise<number> {
    this.#restart.close();
    this.#http?.close();
    this.#inittab?.close();
    this.#sessionFile.remove();
    this.#record.close();
    this.#configuration.close();
    // Who waits for lines and records gets the last ones, which have just come: they are told of in the next turn.
    await new Promise((resolve) => setImmediate(resolve));
    this.#endpoint.close();
    this.#init.close();
    this.#output.close();
    const time = this.#course.timeLeft((this.#shutdownTimeout ?? 0) * 1000, FINAL_FLUSH_TIME);
    await Promise.all([this.#streams.flush(time), this.#init.finishLogs(time)]);
    if (this.role === "machine") return await haltMachine(this.#haltRunlevel?.command, this.#messages);
    if (this.#inittab) endNamespace(this.#haltRunlevel?.command);
    process.exit(reason.status ?? this.#exitStatus.ofInit(this.#course.stopSignal, reason.killed));
  }

  /** Loads the configuration. Clients wait for that, and for the start that follows. */
  #load(): Promise<void> {
    setTimeout(() => this.#answerClients(), LOAD_WAIT).unref();
    return this.#configuration.load();
  }

  #answerClients(): void {
    this.#loading?.resolve();
    this.#loading = undefined;
  }

  /** Does what may start jobs, which might not be there yet. It waits as long as clients do. */
  #whenLoaded(what: string, action: () => void): void {
    if (!this.#loading) return action();
    void this.#loading.promise.then(() => this.#messages.attempt(what, action));
  }

  readonly #signalActions: SignalActions = {
    stop: (signal) => this.#stop(signal),
    reload: () => {
      this.#inittab?.reload();
      void this.#reload();
    },
    listen: () => {
      this.#whenLoaded("the opening of the FIFO", () => this.#inittab?.openFifo());
      this.#endpoint.open();
    },
    silence: () => this.#inittab?.closeFifo(),
    halt: () => this.#inittab?.request("0"),
    list: () => void printJobList(this.#init, this.#streams),
    // Before the command runs, and after it has ended, only init can do what the signal asks for.
    forward: (signal) =>
      this.#init.signal(COMMAND_JOB, signal) || !STOP_SIGNALS.includes(signal) || this.#stop(signal),
    event: (_, name) =>
      this.#whenLoaded(`the event ${name}`, () => {
        if (this.#inittab?.takesEvent(name)) return;
        this.#init.handle({ kind: "event", event: name, environment: [] });
      }),
    warn: (signal) =>
      this.#messages.logOnce("warn", `Ignored signal ${signal}: a machine is stopped by shutdown(8)`),
  };

  /** Starts what waits for the start of init. Returns false when init cannot go on. */
  #start(): boolean {
    if (this.#init.stopping) return false;
    const isStarted = startJobs({
      init: this.#init,
      configuration: this.#configuration,
      options: this.options,
      messages: this.#messages,
      variables: this.#shippedBoot?.variables ?? [],
    });
    if (isStarted) this.#inittab?.start();
    else this.#exit.resolve({ status: 1 });
    return isStarted;
  }

  #reportReady(): void {
    const { readyDescriptor } = this.options, [address] = this.#endpoint.addresses;
    if (readyDescriptor !== undefined) reportReady(readyDescriptor, address);
  }

  #beginTeardown(requester: Requester): void {
    this.#course.beginTeardown();
    // Else the teardown would end them, as it does all processes, and that would look like a mistake in a module.
    this.#configuration.endEvaluations();
    // What ends init may need the last descriptors.
    openReserve();
    this.#teardown.begin(requester);
  }

  #stop(signal: number): void {
    this.#course.stopSignal ??= signal;
    this.#beginTeardown("shutdown");
  }

  async #reload(): Promise<void> {
    await this.#configuration.reload();
    this.#lint();
  }

  #lint(): void {
    const directories = configurationDirectories(this.options);
    warnOfFindings(
      {
        init: this.#init,
        directories,
        withoutRunlevels: this.#manner !== "machine",
        shutdownTimeout: this.#shutdownTimeout,
        trial: this.options.startupEvent === undefined,
      },
      this.#messages,
    );
  }
}
