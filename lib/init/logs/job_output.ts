/** The standard streams of jobs' processes (init(5), `console`), and the logs of their output. */

import { isFault } from "../../sys/call/fault.ts";
import type { Console } from "../../model/job.ts";
import { close, isTerminal, memfd, O_NOCTTY, O_RDWR, open, type openPty } from "../../sys/io/descriptors.ts";
import { EACCES, ELOOP, ENOENT, ENXIO, EROFS, errnoMessage, SystemError } from "../../sys/call/errno.ts";
import { ConsoleEcho } from "./console_echo.ts";
import { Channels, type OutputStream, type SavedChannels } from "./output_channels.ts";
import { type DescriptorPair, openPipe, openTerminal } from "./descriptor_pairs.ts";
import { type OutputSource, TimeStamps } from "./line_format.ts";
import { LineWatch, type SavedWatches } from "./line_watch.ts";
import { LogFile, MemoryBudget, type SavedLog } from "./log_file.ts";
import { logPath } from "../../model/logs/log_names.ts";
import { OutputRing, type SavedRing } from "../journal/output_ring.ts";
import type { Part } from "../parts/part.ts";
import type { Look, Sink } from "./output_reader.ts";
import type { StandardStreams } from "./standard_streams.ts";

/** The options of {@link JobOutput}. */
export interface JobOutputOptions {
  /** The directory of logs. Absent: `console log` is the same as `console none` (`--no-log`). */
  directory?: string;
  /** True: each line of a log begins with the time. */
  logTime?: boolean;
  /** A log directory that cannot be written: lines go to init's own streams instead, and a problem is reported. */
  missingDirectory?: string;
  /** Init's own streams, if they stand for the system's console. */
  standard?: StandardStreams;
  /** The job whose main process reads init's standard input. If that is a terminal, the process has it to itself. */
  foreground?: string;
  /** Receives a message of what failed, and of what is done instead. */
  onProblem(message: string): void;
  /** Receives exceptions of init's own code. */
  onFault?(error: unknown): void;
  /** The system's console; for tests. */
  consolePath?: string;
  /** Makes a terminal; for tests. */
  openTerminal?: typeof openPty;
}

/** The standard streams of one process. */
export interface ProcessOutput {
  /** The child's descriptors 0, 1 and 2, for the spawn description. */
  readonly descriptors: Record<number, number>;
  /** `console owner`: the child takes its descriptor 0 as its controlling terminal. */
  readonly controllingTerminal: boolean;
  /** True: the child stays in init's session, and is the foreground process of its terminal. */
  readonly foreground?: boolean;
  /** The number of the channel that it is read from, if it is: {@link JobOutput.drain} does the same as `ended`. */
  readonly channel?: number;
  /** Closes init's copies. To be called after the spawn, whether it succeeded or not. */
  spawned(): void;
  /**
   * Reads the rest of the output. To be called when the process has been reaped, before clients learn of it: then all that
   * it printed is in its log. The output of its children is logged until the last of them exits.
   */
  ended(): void;
}

/** How many logs are kept that cannot be written and have no writers any more. */
const MAX_UNWRITTEN = 1000;

/** How many logs that cannot be written are named in messages at a time. */
const MAX_NAMED = 20;

/**
 * Upstart says nothing of a link in the place of a log, nor of a directory that is not there yet or that it may not write
 * to. A file system that is read-only is the rule when a machine boots, and when it goes down.
 */
const SILENT = new Set([ELOOP, ENOENT, EACCES, EROFS]);

/** A log with writers, or with output that could not be written yet. */
interface OpenLog {
  log: LogFile;
  stamps: TimeStamps | undefined;
  writers: number;
}

/** A sink, and what is to be called when no more comes. */
type MadeSink = Pick<ReturnType<OutputStream["sink"]>, "sink" | "release">;

const CONSOLE = "/dev/console";
const NULL = "/dev/null";

/** What is saved of {@link JobOutput}. */
export interface SavedOutput {
  /** The logs; `isMidLine`: the last line has not ended. */
  logs: Array<SavedLog & { isMidLine: boolean }>;
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
    | { console: "log" | "pipe"; path: string }
    | { input: number }
    | { isDiscarded: true }
  );

/** The output of all jobs. */
export class JobOutput implements Part<SavedOutput> {
  readonly #logs = new Map<string, OpenLog>();
  readonly #channels = new Channels();
  readonly #watch = new LineWatch();
  readonly #echo: ConsoleEcho;
  readonly #unwritten = new Set<LogFile>();
  readonly #budget = new MemoryBudget();
  readonly #null: number;
  readonly #reported = new Set<string>();
  /** The logs that were reported as failing, by path, until they are written again. */
  readonly #failing = new Set<string>();

  /** What jobs have printed last. */
  readonly recent = new OutputRing();

  /** Called when an instance has printed a line that {@link JobOutput.watchLines} waited for. */
  onMatch: (job: string, instance: string) => void = () => {};

  constructor(private readonly options: JobOutputOptions) {
    this.#null = this.#openNull();
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
   * Opens the streams for a process of a job's instance. What cannot be opened is replaced by something simpler.
   *
   * @param isScript True for an init script, see {@link showScripts}
   * @throws {SystemError} when the console cannot be opened for `owner`.
   * @throws {Error} when a line is waited for in output that is not read here.
   */
  open(job: string, instance: string, console: Console, isScript = false): ProcessOutput {
    const output = this.#open(job, instance, console);
    if (isScript && output.channel !== undefined) return this.#shown(job, output);
    if (output.channel !== undefined || !this.#watch.has(job, instance)) return output;
    if (output.descriptors[1] === this.#null) {
      return this.#connect(this.#null, { isDiscarded: true, job, instance });
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

  #open(job: string, instance: string, console: Console): ProcessOutput {
    const { directory, missingDirectory, standard, foreground } = this.options;
    const isLogged = console === "log" || console === "pipe";
    if (isLogged && directory !== undefined) {
      return this.#connect(this.#null, { console, path: logPath(directory, job, instance), job, instance });
    }
    if (standard && (console === "owner" || (foreground === job && console === "output" && isTerminal(0)))) {
      return { ...unlogged(0), descriptors: { 0: 0, 1: 1, 2: 2 }, foreground: isTerminal(0) };
    }
    if (standard && isLogged && missingDirectory !== undefined) {
      const instead = "jobs that log print on init's own output instead";
      this.#report(`Failed to write to ${missingDirectory}, ${instead}`, "it is not there or not writable");
      return this.#lines(job, instance, this.#null);
    }
    if (standard && console === "output") {
      return this.#lines(job, instance, foreground === job ? 0 : this.#null);
    }
    if (console === "owner") return this.#console(true);
    if (console === "output") {
      try {
        return this.#console(false);
      } catch (error) {
        this.#report("Failed to open system console", error);
      }
    }
    return unlogged(this.#null);
  }

  /**
   * Writes all output that was kept because it could not be written.
   *
   * @returns The reason, as in strerror(3), when some of it still cannot.
   */
  notifyDiskWriteable(): string | undefined {
    let problem: string | undefined;
    for (const { log } of this.#logs.values()) {
      problem = log.flush() ?? problem;
      this.#forgetUnused(log);
    }
    return problem;
  }

  /** Reads the rest of what the processes of a saved channel have written. See {@link ProcessOutput.channel}. */
  drain(channel: number): void {
    this.#channels.drain(channel);
  }

  save(): SavedOutput {
    const logs = Array.from(this.#logs.values(), ({ log, stamps }) => (
      { ...log.save(), isMidLine: stamps?.isMidLine ?? false }
    ));
    return {
      logs,
      channels: this.#channels.save(),
      recent: this.recent.save(),
      reported: [...this.#reported],
      watches: this.#watch.save(),
    };
  }

  restore({ logs, channels, recent, reported, watches }: SavedOutput): void {
    this.recent.restore(recent);
    for (const problem of reported) this.#reported.add(problem);
    this.#watch.restore(watches);
    for (const { isMidLine, ...saved } of logs) {
      const { log } = this.#log(saved.path, isMidLine);
      log.restore(saved);
      if (log.waiting && this.#failing.size < MAX_NAMED) this.#failing.add(log.path);
    }
    this.#channels.restore(channels, (key) => this.#streamsOf(JSON.parse(key)));
    for (const { log } of [...this.#logs.values()]) this.#forgetUnused(log);
  }

  /** Reads and writes the rest of all output, then stops. */
  close(): void {
    this.#channels.close();
    this.#echo.close();
    for (const { log } of this.#logs.values()) log.flush();
    this.#logs.clear();
    this.#unwritten.clear();
    close(this.#null);
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
    if ("path" in destination) {
      const { console, path } = destination;
      const open = () => console === "log" ? this.#terminalOrPipe() : openPipe();
      return [{ descriptors: [1, 2], open, sink: () => watched(this.#logSink(path)) }];
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
    const kept = this.recent.keep(job, instance);
    const look: Look = (bytes) => {
      kept.take(bytes);
      this.#echo.take(job, bytes);
      if (!this.#watch.look(job, instance, kept, bytes)) return undefined;
      return () => this.onMatch(job, instance);
    };
    const released = () => {
      kept.end();
      release();
    };
    return { sink, release: released, look };
  }

  /** The log of an instance, where its output goes to one. */
  logOf(job: string, instance: string, console: Console): string | undefined {
    const { directory } = this.options;
    const isLogged = directory !== undefined && (console === "log" || console === "pipe");
    return isLogged ? logPath(directory, job, instance) : undefined;
  }

  /** Two pipes whose lines go to init's own streams. */
  #lines(job: string, instance: string, input: number): ProcessOutput {
    return this.#connect(input, { input, job, instance });
  }

  #connect(input: number, destination: Destination): ProcessOutput {
    try {
      const { outputs, ...rest } = this.#channels.connect(
        JSON.stringify(destination),
        this.#streamsOf(destination),
      );
      return { descriptors: { 0: input, ...outputs }, controllingTerminal: false, ...rest };
    } catch (error) {
      this.#report("Failed to connect a job with its log, its output is lost", error);
      return unlogged(this.#null);
    }
  }

  #openNull(): number {
    try {
      return open(NULL, O_RDWR);
    } catch (error) {
      this.#report(`Failed to open ${NULL}, a file in memory is used instead`, error);
      return memfd("null", new Uint8Array());
    }
  }

  /** A terminal; if there is none, a pipe. */
  #terminalOrPipe(): DescriptorPair {
    try {
      return openTerminal(this.options.openTerminal);
    } catch (error) {
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

  /** Reports that a log cannot be written. */
  #reportFailing(path: string, errno: number): void {
    if (SILENT.has(errno)) return;
    if (errno === ENXIO) {
      this.#report(`Failed to write ${path}`, "there is something else than a file");
    } else if (this.#failing.size >= MAX_NAMED) {
      this.#report(`Failed to write more than ${MAX_NAMED} logs`, "the others are not named");
    } else if (!this.#failing.has(path)) {
      this.#failing.add(path);
      const reason = errnoMessage(errno);
      this.options.onProblem(`${path}: unable to write: ${reason}; its lines are kept in memory`);
    }
  }

  /** The sink of a log, and the function to be called when no more output comes. */
  #logSink(path: string): MadeSink {
    const open = this.#log(path), { log, stamps } = open;
    open.writers++;
    const take = (bytes: Uint8Array) => log.append(stamps ? stamps.add(bytes) : bytes);
    const release = () => {
      open.writers--;
      this.#forgetUnused(log);
    };
    return { sink: { ...NOWHERE, take }, release };
  }

  #log(path: string, isMidLine = false): OpenLog {
    let open = this.#logs.get(path);
    if (!open) {
      const stamps = this.options.logTime ? new TimeStamps(isMidLine) : undefined;
      const onFailing = (errno: number) => this.#reportFailing(path, errno);
      const onWritten = () => this.#failing.delete(path) && this.options.onProblem(`${path}: written again`);
      open = { log: new LogFile(path, this.#budget, onFailing, onWritten), stamps, writers: 0 };
      this.#logs.set(path, open);
    }
    return open;
  }

  /**
   * Forgets a log without writers. If it keeps output that could not be written, it stays, unless there are too many such
   * logs: each takes memory, however little it keeps.
   */
  #forgetUnused(log: LogFile): void {
    if (this.#logs.get(log.path)?.writers !== 0) return;
    this.#unwritten.delete(log);
    if (!log.waiting) return void this.#logs.delete(log.path);
    this.#unwritten.add(log);
    if (this.#unwritten.size <= MAX_UNWRITTEN) return;
    const [oldest] = this.#unwritten;
    this.#report(`Failed to write more than ${MAX_UNWRITTEN} logs`, "the output of the oldest is lost");
    oldest!.discard();
    this.#unwritten.delete(oldest!);
    this.#logs.delete(oldest!.path);
  }
}

/** Output that is read for the sake of what is in it. */
const NOWHERE: Sink = { take() {}, end() {}, whenRoom() {}, full: false, broken: false };

/** One descriptor for all three streams. */
function unlogged(descriptor: number): ProcessOutput {
  return {
    descriptors: { 0: descriptor, 1: descriptor, 2: descriptor },
    controllingTerminal: false,
    spawned: () => {},
    ended: () => {},
  };
}
