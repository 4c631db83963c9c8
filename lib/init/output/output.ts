/** Where the jobs' processes read from and write to (init(5), `console`), and the logs of what they print. */

import type { Console } from "../../model/job.ts";
import { close, O_NOCTTY, O_RDWR, open, openPty, pipe } from "../../sys/descriptors.ts";
import { SystemError } from "../../sys/errno.ts";
import { type DescriptorReader, readDescriptor } from "../../sys/streams.ts";
import { Budget, Log, logPath } from "./log.ts";

/** How {@link JobOutput} works. */
export interface JobOutputOptions {
  /** Where logs are written; absent: `console log` is as `console none` (`--no-log`). */
  directory?: string;
  /** Told, in a sentence, of what could not be had and what is done instead. */
  onProblem(message: string): void;
  /** The system's console; for tests. */
  consolePath?: string;
  /** Makes a terminal; for tests. */
  openTerminal?: typeof openPty;
}

/** The standard streams of one process. */
export interface ProcessOutput {
  /** For the spawn description: the child's descriptors 0, 1 and 2. */
  readonly descriptors: Record<number, number>;
  /** `console owner`: the child takes its descriptor 0 as its controlling terminal. */
  readonly controllingTerminal: boolean;
  /** To be called after the spawn, whether it succeeded or not: closes this process's copies. */
  spawned(): void;
  /**
   * To be called when the process has been reaped, before that is told to anyone: when it returns, all
   * that the process printed is in its log. What its children print goes on being logged until the last ends.
   */
  ended(): void;
}

/** A log while somebody writes to it. */
interface OpenLog {
  log: Log;
  writers: number;
}

const CONSOLE = "/dev/console";
const NULL = "/dev/null";

/** What a reading job may have written at a time before others get their turn, in bytes. */
const TURN = 256 * 1024;

/** The output of all jobs. */
export class JobOutput {
  readonly #logs = new Map<string, OpenLog>();
  readonly #readers = new Set<LogReader>();
  readonly #budget = new Budget();
  readonly #null = open(NULL, O_RDWR);
  readonly #told = new Set<string>();

  constructor(private readonly options: JobOutputOptions) {}

  /**
   * The streams for a process of a job's instance. Throws SystemError only for `owner`, whose console cannot
   * be opened; the others make do with less.
   */
  open(job: string, instance: string, console: Console): ProcessOutput {
    if (console === "log" && this.options.directory !== undefined) {
      return this.#logged(logPath(this.options.directory, job, instance));
    }
    if (console === "owner") return this.#console(true);
    if (console === "output") {
      try {
        return this.#console(false);
      } catch (error) {
        this.#tell("Failed to open system console", error);
      }
    }
    return plain(this.#null);
  }

  /**
   * Writes all output that was kept because it could not be written. Throws an Error with strerror(3)'s
   * sentence when some of it still cannot.
   */
  notifyDiskWriteable(): void {
    let problem: string | undefined;
    for (const { log } of this.#logs.values()) {
      problem = log.flush() ?? problem;
      this.#forgetUnused(log);
    }
    if (problem !== undefined) throw new Error(problem);
  }

  /** Reads and writes what there is, then stops. */
  close(): void {
    for (const reader of this.#readers) {
      reader.drain();
      reader.close();
    }
    this.#readers.clear();
    for (const { log } of this.#logs.values()) log.flush();
    this.#logs.clear();
    close(this.#null);
  }

  #console(owner: boolean): ProcessOutput {
    const descriptor = open(this.options.consolePath ?? CONSOLE, O_RDWR | O_NOCTTY);
    return {
      descriptors: { 0: descriptor, 1: descriptor, 2: descriptor },
      controllingTerminal: owner,
      spawned: () => close(descriptor),
      ended: () => {},
    };
  }

  #logged(path: string): ProcessOutput {
    const ends = this.#terminalOrPipe();
    if (!ends) return plain(this.#null);
    const { reader: descriptor, writer } = ends;
    const log = this.#acquire(path);
    const reader = new LogReader(descriptor, log, () => {
      this.#readers.delete(reader);
      this.#release(log);
    });
    this.#readers.add(reader);
    return {
      descriptors: { 0: this.#null, 1: writer, 2: writer },
      controllingTerminal: false,
      spawned: () => close(writer),
      ended: () => reader.drain(),
    };
  }

  /** A terminal, so that programs print line by line; failing that a pipe; failing that nothing. */
  #terminalOrPipe(): { reader: number; writer: number } | undefined {
    try {
      const { master, slave } = (this.options.openTerminal ?? openPty)();
      return { reader: master, writer: slave };
    } catch (error) {
      this.#tell("Failed to create pty, jobs log through pipes instead", error);
    }
    try {
      return pipe();
    } catch (error) {
      this.#tell("Failed to create pipe, output of jobs is not logged", error);
      return undefined;
    }
  }

  /** Tells each problem once, not for every process. */
  #tell(what: string, error: unknown): void {
    const message = `${what}: ${error instanceof SystemError ? error.message : String(error)}`;
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.options.onProblem(message);
  }

  #acquire(path: string): Log {
    const existing = this.#logs.get(path);
    if (existing) {
      existing.writers++;
      return existing.log;
    }
    const log = new Log(path, this.#budget);
    this.#logs.set(path, { log, writers: 1 });
    return log;
  }

  #release(log: Log): void {
    const open = this.#logs.get(log.path);
    if (open) open.writers--;
    this.#forgetUnused(log);
  }

  /** A log that nobody writes to any more is still needed for what it keeps. */
  #forgetUnused(log: Log): void {
    if (this.#logs.get(log.path)?.writers === 0 && !log.waiting) this.#logs.delete(log.path);
  }
}

function plain(descriptor: number): ProcessOutput {
  return {
    descriptors: { 0: descriptor, 1: descriptor, 2: descriptor },
    controllingTerminal: false,
    spawned: () => {},
    ended: () => {},
  };
}

/** Moves what comes out of a terminal or pipe to a log, in turns. */
class LogReader {
  readonly #reader: DescriptorReader;
  #turn = 0;
  #ended = false;

  constructor(descriptor: number, log: Log, onEnd: () => void) {
    this.#reader = readDescriptor(descriptor, {
      onData: (bytes) => {
        log.append(bytes);
        this.#count(bytes.length);
      },
      onEnd: () => {
        this.#ended = true;
        onEnd();
      },
    });
  }

  drain(): void {
    if (!this.#ended) this.#reader.drain();
  }

  close(): void {
    if (!this.#ended) this.#reader.close();
    this.#ended = true;
  }

  /** Lets others have their turn after a while: a job that prints without end shall not have init to itself. */
  #count(bytes: number): void {
    const before = this.#turn;
    this.#turn += bytes;
    if (before >= TURN || this.#turn < TURN) return;
    this.#reader.pause();
    setTimeout(() => {
      this.#turn = 0;
      if (!this.#ended) this.#reader.resume();
    }, 1);
  }
}
