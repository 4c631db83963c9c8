/** The standard streams of jobs' processes (init(5), `console`), and the logs of their output. */

import { isFault } from "../../sys/call/fault.ts";
import type { Console } from "../../model/job.ts";
import { close, isTerminal, memfd, O_NOCTTY, O_RDWR, open, type openPty } from "../../sys/io/descriptors.ts";
import { isOfShortage, SystemError } from "../../sys/call/errno.ts";
import type { LogTarget, Rotation } from "../../model/logs/settings.ts";
import { ConsoleEcho } from "./console_echo.ts";
import { Channels, type OutputStream, type SavedChannels } from "./output_channels.ts";
import { type DescriptorPair, openPipe, openTerminal } from "./descriptor_pairs.ts";
import { type LogDescription, type LogLosses, LogStore, type SavedLogs } from "./files/log_store.ts";
import { PlainText } from "./files/plain_text.ts";
import type { OutputSource } from "./line_format.ts";
import { LineWatch, type SavedWatches } from "./line_watch.ts";
import { OutputRing, type SavedRing } from "../journal/output_ring.ts";
import type { OutputKeeper } from "../journal/output_sieve.ts";
import { logPath } from "../../model/logs/log_names.ts";
import type { Part } from "../parts/part.ts";
import type { Look } from "./output_reader.ts";
import { describeLog, type OutputSettings } from "./output_settings.ts";
import { type ProcessOutput, unlogged } from "./process_output.ts";
import type { StandardStreams } from "./standard_streams.ts";
import { NOWHERE, TeeSink } from "./tee_sink.ts";

/** The options of {@link JobOutput}. */
export interface JobOutputOptions {
  /** The directory of logs. Absent: `console log` is the same as `console none` (`--no-log`). */
  directory?: string;
  /** True: each line of a log begins with the time. */
  logTime?: boolean;
  /** A log directory that cannot be written: lines go to init's own streams instead, and a problem is reported. */
  missingDirectory?: string;
  /** How the logs of jobs are rotated that do not say it. Absent: as their semantics has it. */
  rotation?: Rotation | "none";
  /** Init's own streams. */
  streams?: StandardStreams;
  /** The same, if they stand for the system's console. */
  standard?: StandardStreams;
  /** The job whose main process reads init's standard input. If that is a terminal, the process has it to itself. */
  foreground?: string;
  /** Receives a message of what failed, and of what is done instead. */
  onProblem(message: string): void;
  /** Receives exceptions of init's own code. */
  onFault?(error: unknown): void;
  /** How long a log cannot be written, in ms, before that is told where it may pass; for tests. */
  patience?: number;
  /** The system's console; for tests. */
  consolePath?: string;
  /** Makes a terminal; for tests. */
  openTerminal?: typeof openPty;
}

/** A sink, and what is to be called when no more comes. */
type MadeSink = Pick<ReturnType<OutputStream["sink"]>, "sink" | "release">;
/** Where output goes but to files: see {@link JobOutput.ship}. */
type Ship = (log: LogDescription, targets: readonly LogTarget[], bytes: Uint8Array) => void;

const CONSOLE = "/dev/console";
const NULL = "/dev/null";

/** What is saved of {@link JobOutput}. */
export interface SavedOutput {
  logs: SavedLogs;
  channels: SavedChannels;
  recent: SavedRing;
  watches: SavedWatches;
  /** The problems that were reported. */
  reported: string[];
}

/** Where the output of processes goes, as the key of their channels: a log, or the lines of init's own streams. */
type Destination =
  & { job: string; instance: string }
  & (
    | { console: "log" | "pipe"; isPlain: boolean; log: LogDescription }
    | { input: number }
    | { isDiscarded: true }
  );

/** The output of all jobs. */
export class JobOutput implements Part<SavedOutput> {
  readonly #logs: LogStore;
  readonly #channels = new Channels();
  readonly #watch = new LineWatch();
  readonly #echo: ConsoleEcho;
  /** /dev/null, once a process has needed it. */
  #null: number | undefined;
  /** What stands in for it where it is missing. */
  #standIn: number | undefined;
  readonly #reported = new Set<string>();

  /** What jobs have printed last. */
  readonly recent = new OutputRing();

  /** Called when an instance has printed a line that {@link JobOutput.watchLines} waited for. */
  onMatch: (job: string, instance: string) => void = () => {};
  /** Called when a log was rotated: what is kept of it is to be looked after. */
  onRotated: (path: string, rotation: Rotation) => void = () => {};
  /** Passes output on to other places than files. */
  ship: Ship = () => {};
  /** Why output cannot be passed on to one of these places; undefined where it can. */
  shipProblem: (targets: readonly LogTarget[]) => string | undefined = () => undefined;

  constructor(private readonly options: JobOutputOptions) {
    const { logTime, onProblem, patience } = options;
    this.#logs = new LogStore({
      ...(logTime && { logTime }),
      ...(patience !== undefined && { patience }),
      onProblem,
      report: (what, reason) => this.#report(what, reason),
      onRotated: (path, rotation) => this.onRotated(path, rotation),
      ship: (log, targets, bytes) => this.ship(log, targets, bytes),
    });
    this.#echo = new ConsoleEcho(this.#consolePath);
  }

  get #consolePath(): string {
    return this.options.consolePath ?? CONSOLE;
  }

  /** Has the console show what scripts log that start from now on, until the function is called that it returns. */
  showScripts(): () => void {
    return this.#echo.show();
  }

  /** Has the console show all that scripts have printed so far: who writes to it next comes behind that. */
  showPrinted(): void {
    if (!this.#echo.isShowing) return;
    this.#channels.drainAll();
    this.#echo.showKept();
  }

  /**
   * Opens the streams for a process of a job's instance. What there is none of is replaced by something simpler.
   *
   * @throws {SystemError} when the console cannot be opened for `owner`, or while descriptors or memory are short.
   * @throws {Error} when a line is waited for in output that is not read here.
   */
  open(job: string, instance: string, console: Console, settings: OutputSettings = {}): ProcessOutput {
    const output = this.#open(job, instance, console, settings);
    if (settings.isScript && output.channel !== undefined) return this.#shown(job, output);
    if (output.channel !== undefined || !this.#watch.has(job, instance)) return output;
    const descriptor = output.descriptors[1]!;
    if ([this.#null, this.#standIn].includes(descriptor)) {
      return this.#connect(descriptor, { isDiscarded: true, job, instance });
    }
    output.spawned();
    throw new Error(
      `unable to wait for a line of its output, as init does not read it with console ${console}: ` +
        "use console log, pipe or none, or another kind of readiness",
    );
  }

  /** The streams of an init script, whose output the console may show when it ends. */
  #shown(job: string, output: ProcessOutput): ProcessOutput {
    const show = this.#echo.follow(job);
    if (!show) return output;
    const ended = () => {
      output.ended();
      show();
    };
    return { ...output, ended };
  }

  /** Has {@link JobOutput.onMatch} called when an instance prints a line that matches, once. */
  watchLines(job: string, instance: string, pattern: string): void {
    this.#watch.start(job, instance, pattern);
  }

  /** Ends {@link JobOutput.watchLines}. */
  endWatch(job: string, instance: string): void {
    this.#watch.stop(job, instance);
  }

  #open(job: string, instance: string, console: Console, settings: OutputSettings): ProcessOutput {
    const { missingDirectory, standard, foreground } = this.options;
    const isLogged = console === "log" || console === "pipe";
    const log = isLogged && describeLog(job, instance, settings, this.options);
    if (log) {
      const isPlain = console === "log" && settings.isPlain === true;
      return this.#connect(this.#nothing(), { console, isPlain, log, job, instance });
    }
    if (standard && (console === "owner" || (foreground === job && console === "output" && isTerminal(0)))) {
      return { ...unlogged(0), descriptors: { 0: 0, 1: 1, 2: 2 }, foreground: isTerminal(0) };
    }
    if (standard && isLogged && missingDirectory !== undefined) {
      const instead = "jobs that log print on init's own output instead";
      this.#report(`Failed to write to ${missingDirectory}, ${instead}`, "it is not there or not writable");
      return this.#lines(job, instance, this.#nothing());
    }
    if (standard && console === "output") {
      return this.#lines(job, instance, foreground === job ? 0 : this.#nothing());
    }
    if (console === "owner") return this.#console(true);
    if (console === "output") {
      try {
        return this.#console(false);
      } catch (error) {
        if (isOfShortage(error)) throw error;
        this.#report("Failed to open system console", error);
      }
    }
    return unlogged(this.#nothing());
  }

  /**
   * Writes all output that was kept because it could not be written.
   *
   * @returns The reason, as in strerror(3), when some of it still cannot.
   */
  notifyDiskWriteable(): string | undefined {
    return this.#logs.flush();
  }

  /**
   * Why a log of a job cannot be written, or its output not be shipped; undefined where all can.
   * @param to Where its output goes, by its definition
   */
  problem(job: string, to: readonly LogTarget[] = []): string | undefined {
    return this.#logs.problem(job) ?? this.shipProblem(to);
  }

  /** What was lost of the output of each job that has lost some. */
  get losses(): ReadonlyMap<string, LogLosses> {
    return this.#logs.losses;
  }

  /** Counts what was lost of a job's output. */
  addLosses(job: string, losses: Partial<LogLosses>): void {
    this.#logs.addLosses(job, losses);
  }

  /** Reads the rest of what the processes of a saved channel have written. See {@link ProcessOutput.channel}. */
  drain(channel: number): void {
    this.#channels.drain(channel);
  }

  save(): SavedOutput {
    return {
      logs: this.#logs.save(),
      channels: this.#channels.save(),
      recent: this.recent.save(),
      reported: [...this.#reported],
      watches: this.#watch.save(),
    };
  }

  descriptors(): number[] {
    return this.#channels.descriptors();
  }

  restore({ logs, channels, recent, reported, watches }: SavedOutput): void {
    this.recent.restore(recent);
    for (const problem of reported) this.#reported.add(problem);
    this.#watch.restore(watches);
    this.#logs.restore(logs);
    this.#channels.restore(channels, (key) => this.#streamsOf(JSON.parse(key)));
    this.#logs.forget();
  }

  /** Reads and writes the rest of all output, then stops. */
  close(): void {
    this.#channels.close();
    this.#echo.close();
    this.#logs.close();
    for (const descriptor of [this.#null, this.#standIn]) if (descriptor !== undefined) close(descriptor);
  }

  #console(owner: boolean): ProcessOutput {
    const descriptor = open(this.#consolePath, O_RDWR | O_NOCTTY);
    return {
      descriptors: { 0: descriptor, 1: descriptor, 2: descriptor },
      controllingTerminal: owner,
      spawned: () => close(descriptor),
      ended: () => {},
    };
  }

  /** The streams of a process, by where they go. */
  #streamsOf(destination: Destination): OutputStream[] {
    const { job, instance } = destination, { standard } = this.options;
    const watched = (made: MadeSink) => this.#watched(job, instance, made);
    // One terminal or pipe for both streams, whose output goes to a log.
    if ("log" in destination) {
      const { console, isPlain, log } = destination;
      const open = () => console === "log" ? this.#terminalOrPipe(isPlain) : openPipe();
      const sink = () => ({ ...watched(this.#logSink(log)), ...(isPlain && { text: new PlainText() }) });
      return [{ descriptors: [1, 2], open, sink }];
    }
    if ("isDiscarded" in destination) {
      return [{
        descriptors: [1, 2],
        open: openPipe,
        sink: () => watched({ sink: NOWHERE, release() {} }),
      }];
    }
    const { input } = destination;
    const stream = (name: OutputSource["stream"], descriptor: number): OutputStream => ({
      descriptors: [descriptor],
      open: openPipe,
      sink: () => {
        const sink = standard!.sink({ job, instance, stream: name }, input === 0);
        return watched({ sink, release() {} });
      },
    });
    return [stream("stdout", 1), stream("stderr", 2)];
  }

  /**
   * Looks at output on its way: for the line that an instance is to print, if there is one, for what is to be shown, and for
   * what is kept in memory.
   */
  #watched(job: string, instance: string, { sink, release }: MadeSink): ReturnType<OutputStream["sink"]> {
    // Most one-shot jobs print nothing.
    let kept: OutputKeeper | undefined;
    const look: Look = (bytes) => {
      kept ??= this.recent.keep(job, instance);
      kept.take(bytes);
      this.#echo.take(job, bytes);
      if (!this.#watch.look(job, instance, kept, bytes)) return undefined;
      return () => this.onMatch(job, instance);
    };
    const released = () => {
      kept?.end();
      release();
    };
    return { sink, release: released, look };
  }

  /** The log of an instance, where its output goes to one. */
  logOf(job: string, instance: string, console: Console, to?: readonly LogTarget[]): string | undefined {
    const { directory } = this.options;
    const isLogged = console === "log" || console === "pipe";
    if (directory === undefined || !isLogged || to?.includes("file") === false) return undefined;
    return logPath(directory, job, instance);
  }

  /** Two pipes whose lines go to init's own streams. */
  #lines(job: string, instance: string, input: number): ProcessOutput {
    return this.#connect(input, { input, job, instance });
  }

  /** @throws {SystemError} while descriptors or memory are short: no process runs without its log for that. */
  #connect(input: number, destination: Destination): ProcessOutput {
    try {
      const { outputs, ...rest } = this.#channels.connect(
        JSON.stringify(destination),
        this.#streamsOf(destination),
      );
      return { descriptors: { 0: input, ...outputs }, controllingTerminal: false, ...rest };
    } catch (error) {
      if (isOfShortage(error)) throw error;
      this.#report("Failed to connect a job with its log, its output is lost", error);
      return unlogged(this.#nothing());
    }
  }

  /**
   * /dev/null, for reading and writing. Where it is missing, a file in memory stands in for it until it is there.
   *
   * @throws {SystemError} while descriptors or memory are short: what is written to a file in memory would stay there.
   */
  #nothing(): number {
    try {
      return this.#null ??= open(NULL, O_RDWR);
    } catch (error) {
      if (isOfShortage(error)) throw error;
      this.#report(`Failed to open ${NULL}, a file in memory is used instead`, error);
      return this.#standIn ??= memfd("null", new Uint8Array());
    }
  }

  /** A terminal; if there is none, a pipe. `isPlain`: it does not change what is written to it. */
  #terminalOrPipe(isPlain: boolean): DescriptorPair {
    try {
      return openTerminal(this.options.openTerminal, isPlain);
    } catch (error) {
      if (isOfShortage(error)) throw error;
      this.#report("Failed to create pty, jobs log through pipes instead", error);
      return openPipe();
    }
  }

  /** Reports a problem, once and not for every process. */
  #report(what: string, error: unknown): void {
    if (isFault(error) && typeof error !== "string") this.options.onFault?.(error);
    const message = `${what}: ${error instanceof SystemError ? error.message : String(error)}`;
    if (this.#reported.has(message)) return;
    this.#reported.add(message);
    this.options.onProblem(message);
  }

  /** The sink of a log, and the function to be called when no more output comes. */
  #logSink(log: LogDescription): MadeSink {
    const { take, release } = this.#logs.open(log), { streams } = this.options;
    if (!streams || !log.to?.includes("stdout")) return { sink: { ...NOWHERE, take }, release };
    const source = { job: log.job, instance: log.instance, stream: "stdout" as const };
    return { sink: new TeeSink(streams.sink(source, false, true), take), release };
  }
}
