/** A supervisor: watches one daemon, starts it again when it ends, and asks for its health. */

import { unlinkSync } from "node:fs";
import process from "node:process";
import { RespawnCount, type ScheduleItem } from "../../../../compat/openrc/mod.ts";
import { failureMessage } from "../../../config/files.ts";
import { forgetDaemon, noteDaemon } from "../../../config/openrc/daemons/notes.ts";
import { ServiceStates } from "../../../config/openrc/states.ts";
import type { Exit } from "../../../model/exit.ts";
import { errorReason } from "../../../sys/call/errno.ts";
import { ifAllowed, isKernelError, unlessRefused } from "../../../sys/call/refused.ts";
import { close, O_RDWR, open, read } from "../../../sys/io/descriptors.ts";
import { makeFifo, openFifo } from "../../../sys/io/fifo.ts";
import { poller } from "../../../sys/io/poller.ts";
import { writeAll } from "../../../sys/io/write_all.ts";
import { kill, onChildChange, reap, setProcessName } from "../../../sys/process/processes.ts";
import { onSignal } from "../../../sys/process/signals.ts";
import { removeFlags, SINGLE_THREAD_FLAGS } from "../../../sys/runtime/variables.ts";
import { spawn } from "../../../sys/spawn/spawn.ts";
import { describeDaemon, failureText, isSilenced } from "../daemons/child.ts";
import { writePidFile } from "../daemons/made_pid_file.ts";
import { awaitNotice, type DaemonNotice, noticeOf } from "../daemons/notice.ts";
import { runSchedule } from "../daemons/stopping.ts";
import { OpenrcMessages } from "../messages.ts";
import { type ToolCall, ToolError } from "../tool.ts";
import { STARTED } from "./launch.ts";
import { scheduleOf, type SuperviseRequest } from "./request.ts";
import { SystemLog } from "./system_log.ts";

const SECOND = 1000;

/** Signals that must not end a supervisor. */
const IGNORED: readonly NodeJS.Signals[] = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGPIPE"];

/** The mode of the FIFO. */
const FIFO_MODE = 0o600;

/** The supervisor of one daemon. */
export class DaemonSupervisor {
  readonly #states = new ServiceStates();
  readonly #log: SystemLog;
  readonly #respawns: RespawnCount;
  readonly #schedule: readonly ScheduleItem[];
  readonly #end = Promise.withResolvers<void>();
  readonly #silence: Array<() => void> = [];
  /** What the children that are no daemon are for: called with how they end. */
  readonly #helpers = new Map<number, (exit: Exit) => void>();
  #nothing = -1;
  /** Where the daemon says that it is ready, while that is waited for. */
  #notice: DaemonNotice | undefined;
  /** Ends that waiting. Gives whether the daemon has said so by now. */
  #endWaiting: (() => boolean) | undefined;
  #fifo: number | undefined;
  /** The daemon; undefined while there is none. */
  #child: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isEnding = false;
  #hasFailed = false;

  constructor(private readonly request: SuperviseRequest, private readonly call: ToolCall) {
    this.#log = new SystemLog(call.name);
    this.#respawns = new RespawnCount(request.limits);
    this.#schedule = scheduleOf(request, call.name);
  }

  /** Returns the exit status, once the daemon is not to run any more. */
  async run(): Promise<number> {
    const { service, report, pidFile, argv, umask } = this.request;
    removeFlags(SINGLE_THREAD_FLAGS);
    setProcessName(this.call.name);
    this.#nothing = open("/dev/null", O_RDWR);
    this.#listen();
    let problem: string | undefined;
    try {
      process.umask(umask);
      writePidFile(pidFile, process.pid, umask);
      noteDaemon(this.#states, service, { exec: argv[0], argv, pidFile });
      this.#keepValues();
      this.#openFifo();
      problem = await this.#startNoticed();
      if (problem === undefined) {
        say(report!, STARTED);
        await this.#end.promise;
      }
    } catch (error) {
      if (error instanceof ToolError) problem = error.message;
      else if (isKernelError(error)) problem = `${this.call.name}: ${failureMessage(error)}`;
      else throw error;
    } finally {
      this.#clean();
    }
    // Whoever is told may start another supervisor at once.
    if (problem !== undefined) {
      say(report!, problem);
      return 1;
    }
    return this.#hasFailed ? 1 : 0;
  }

  #listen(): void {
    for (const signal of IGNORED) process.on(signal, () => {});
    this.#silence.push(onSignal("SIGTERM", () => this.#stop()), onChildChange(() => this.#reap()));
  }

  #keepValues(): void {
    const { service, pidFile, argv, retry, respawnDelay, limits: { max, period } } = this.request;
    const values: Record<string, string | number> = {
      pidfile: pidFile,
      respawn_delay: respawnDelay,
      respawn_max: max,
      respawn_period: period,
      exec: argv[0]!,
      argc: argv.length,
      ...Object.fromEntries(argv.map((word, index) => [`argv_${index}`, word])),
      ...retry !== undefined && { retry },
    };
    for (const [key, value] of Object.entries(values)) this.#states.setValue(service, key, String(value));
  }

  #openFifo(): void {
    const { fifo } = this.request;
    ifAllowed(() => unlinkSync(fifo));
    makeFifo(fifo, FIFO_MODE);
    const fd = openFifo(fifo, FIFO_MODE);
    if (fd === undefined) return;
    this.#fifo = fd;
    poller().watch(fd, () => {
      const bytes = read(fd);
      if (typeof bytes !== "number") this.#order(new TextDecoder().decode(bytes));
    });
  }

  /** Orders of `supervise-daemon --signal`. Several may have come at once. */
  #order(text: string): void {
    for (const [, digits] of text.matchAll(/sig (\d+)/g)) {
      const child = this.#child;
      if (child === undefined) continue;
      this.#log.write("info", `Sending signal ${digits} to ${child}`);
      unlessRefused(() => kill(child, Number(digits)), (error) => {
        this.#log.write("error", `Unable to send signal ${digits} to ${child}: ${errorReason(error)}`);
      });
    }
  }

  /** Starts the daemon for the first time, and waits until it is ready where it says so. Gives why it could not. */
  async #startNoticed(): Promise<string | undefined> {
    const { notify, user, gid, argv } = this.request, { name } = this.call;
    if (notify === undefined) return this.#start();
    const notice = this.#notice = noticeOf(notify, name, user?.uid, gid);
    try {
      const problem = this.#start();
      if (problem !== undefined || await this.#isReady(notice)) return problem;
      if (this.#child !== undefined) this.#stopChild(this.#child);
      return `${name}: ${argv[0]} has not said that it is ready`;
    } finally {
      this.#notice = undefined;
      notice.close();
    }
  }

  /** Waits for what the daemon says, its end, or the order to stop it. What is told first counts. */
  #isReady(notice: DaemonNotice): Promise<boolean> {
    notice.begin();
    return new Promise<boolean>((resolve) => {
      const decide = (isReady: boolean) => {
        poller().unwatch(notice.fd);
        this.#endWaiting = undefined;
        resolve(isReady);
        return isReady;
      };
      this.#endWaiting = () => decide(!this.#isEnding && awaitNotice(notice, () => true));
      poller().watch(notice.fd, () => {
        const isReady = notice.hear();
        if (isReady !== undefined) decide(isReady);
      });
    });
  }

  /** Starts the daemon. Gives why it could not. */
  #start(): string | undefined {
    const { service, argv, outputs, environment, notify } = this.request,
      exec = argv[0]!,
      nothing = this.#nothing;
    // When it is started again, nobody listens.
    const [, unheard] = /^fd:(\d+)$/.exec(notify ?? "") ?? [];
    const descriptors: Record<number, number> = {
      ...unheard !== undefined && { [unheard]: nothing },
      ...this.#notice?.descriptors,
      0: nothing,
    };
    const settings = { ...this.request, environment: { ...environment, ...this.#notice?.environment } };
    for (const target of [1, 2] as const) {
      if (outputs[target] === undefined || isSilenced(environment)) descriptors[target] = nothing;
    }
    const { pid, failed } = spawn(describeDaemon(settings, exec, argv, descriptors));
    if (failed) return failureText(failed, this.request, exec, this.call.name);
    this.#child = pid;
    this.#log.write("info", `Child command line: ${argv.join(" ")}`);
    const values = { start_time: timeText(new Date()), start_count: this.#respawns.count, child_pid: pid };
    for (const [key, value] of Object.entries(values)) this.#states.setValue(service, key, String(value));
    this.#expectHealth(this.request.healthDelay || this.request.healthTimer);
    return undefined;
  }

  #reap(): void {
    for (const change of reap()) {
      if (!("exit" in change)) continue;
      const { pid, exit } = change;
      if (pid === this.#child) this.#ended(exit);
      const helper = this.#helpers.get(pid);
      this.#helpers.delete(pid);
      helper?.(exit);
    }
  }

  #ended(exit: Exit): void {
    const how = "status" in exit
      ? `exited with return code ${exit.status}`
      : `terminated by signal ${exit.signal}`;
    this.#log.write("warning", `${this.request.argv[0]}, pid ${this.#child}, ${how}`);
    this.#child = undefined;
    const wasReady = this.#endWaiting?.() ?? true;
    if (wasReady && !this.#isEnding) this.#respawn();
  }

  #respawn(): void {
    clearTimeout(this.#timer);
    const exec = this.request.argv[0];
    if (!this.#respawns.ended(performance.now() / SECOND)) {
      this.#log.write("warning", `respawned "${exec}" too many times, exiting`);
      this.#hasFailed = true;
      return this.#end.resolve();
    }
    this.#timer = setTimeout(() => {
      const problem = this.#start();
      if (problem === undefined) return;
      this.#log.write("error", problem);
      this.#respawn();
    }, this.request.respawnDelay * SECOND);
  }

  /** Has the service asked for its health after a time, in seconds; 0: never. */
  #expectHealth(seconds: number): void {
    clearTimeout(this.#timer);
    if (seconds > 0) this.#timer = setTimeout(() => this.#askHealth(), seconds * SECOND);
  }

  #askHealth(): void {
    const { service, healthTimer } = this.request, child = this.#child;
    this.#run("healthcheck", (isGood) => {
      if (this.#isEnding || this.#child !== child || child === undefined) return;
      if (isGood) return this.#expectHealth(healthTimer);
      this.#log.write("warning", `health check for ${service} failed`);
      this.#run("unhealthy", () => {
        if (this.#isEnding || this.#child !== child) return;
        this.#log.write("info", `stopping ${this.request.argv[0]}, pid ${child}`);
        this.#stopChild(child);
      });
    });
  }

  /** Runs an action of the service's script. */
  #run(action: string, done: (isGood: boolean) => void): void {
    const script = this.#states.script(this.request.service), nothing = this.#nothing;
    if (script === undefined) return done(true);
    const environment = Object.entries(process.env).flatMap(([key, value]) =>
      value === undefined ? [] : [`${key}=${value}`]
    );
    const { pid } = spawn({
      argv: [script, action],
      environment,
      descriptors: { 0: nothing, 1: nothing, 2: nothing },
    });
    if (pid === undefined) return done(false);
    this.#helpers.set(pid, (exit) => done("status" in exit && exit.status === 0));
  }

  #stop(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    clearTimeout(this.#timer);
    if (this.#child !== undefined) this.#stopChild(this.#child);
    this.#endWaiting?.();
    this.#end.resolve();
  }

  /** Stops the daemon by the schedule. Nothing else is done meanwhile. */
  #stopChild(pid: number): void {
    const messages = new OpenrcMessages({ EINFO_QUIET: "yes", EERROR_QUIET: "yes" });
    const stopped = runSchedule({ pid, words: [] }, this.#schedule, { test: false, progress: false }, {
      name: this.call.name,
      messages,
    });
    if (stopped < 0) this.#log.write("info", `Unable to kill ${pid}`);
  }

  #clean(): void {
    const { service, argv, pidFile, fifo } = this.request;
    for (const silence of this.#silence) silence();
    clearTimeout(this.#timer);
    if (this.#fifo !== undefined) {
      poller().unwatch(this.#fifo);
      close(this.#fifo);
    }
    forgetDaemon(this.#states, service, { exec: argv[0], argv, pidFile });
    this.#states.setValue(service, "child_pid", undefined);
    const script = this.#states.script(service);
    // A start that fails is the starter's to tell.
    if (script !== undefined && this.#states.state(service) !== "starting") {
      this.#states.setState(service, script, "stopped");
      if (this.#hasFailed) this.#states.setMark(service, script, "failed");
    }
    // The pid file goes last: without it another supervisor may be started.
    for (const path of [fifo, pidFile]) ifAllowed(() => unlinkSync(path));
  }
}

/** Says something to whoever waits for it, once. */
function say(report: number, text: string): void {
  writeAll(report, text);
  close(report);
}

/** A time as OpenRC's tools read it: `2026-01-31 08:00:00`. */
function timeText(time: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
  return `${day} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":")}`;
}
