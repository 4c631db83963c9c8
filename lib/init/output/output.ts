/** Where the jobs' processes read from and write to (init(5), `console`), and the logs of what they print. */

import type { Console } from "../../model/job.ts";
import {
  close,
  fchmod,
  isTerminal,
  memfd,
  O_NOCTTY,
  O_RDWR,
  open,
  openPty,
  pipe,
} from "../../sys/descriptors.ts";
import { SystemError } from "../../sys/errno.ts";
import { type Source, TimeStamps } from "./format.ts";
import { Budget, Log, logPath } from "./log.ts";
import { OutputReader, type Sink } from "./reader.ts";
import type { StandardStreams } from "./standard.ts";

/** How {@link JobOutput} works. */
export interface JobOutputOptions {
  /** Where logs are written; absent: `console log` is as `console none` (`--no-log`). */
  directory?: string;
  /** Lines of logs begin with the time. */
  logTime?: boolean;
  /** Where logs would be written if they could: their lines go to init's own streams, which is told. */
  missingDirectory?: string;
  /** Init's own streams, where they stand for the system's console. */
  standard?: StandardStreams;
  /** The job whose main process reads init's standard input, or has its terminal if that is one. */
  foreground?: string;
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
  /** The child stays in init's session and has the terminal there to itself. */
  readonly foreground?: boolean;
  /** To be called after the spawn, whether it succeeded or not: closes this process's copies. */
  spawned(): void;
  /**
   * To be called when the process has been reaped, before that is told to anyone: when it returns, all
   * that the process printed is in its log. What its children print goes on being logged until the last ends.
   */
  ended(): void;
}

/** What init reads from, and what a job writes to. */
interface Ends {
  reader: number;
  writer: number;
}

/** A log while somebody writes to it. */
interface OpenLog {
  log: Log;
  stamps: TimeStamps | undefined;
  writers: number;
}

const CONSOLE = "/dev/console";
const NULL = "/dev/null";

/** The output of all jobs. */
export class JobOutput {
  readonly #logs = new Map<string, OpenLog>();
  readonly #readers = new Set<OutputReader>();
  readonly #budget = new Budget();
  readonly #null: number;
  readonly #told = new Set<string>();

  constructor(private readonly options: JobOutputOptions) {
    this.#null = this.#openNull();
  }

  /**
   * The streams for a process of a job's instance. Throws SystemError only for `owner`, whose console cannot
   * be opened; the others make do with less.
   */
  open(job: string, instance: string, console: Console): ProcessOutput {
    const { directory, missingDirectory, standard, foreground } = this.options;
    const isLogged = console === "log" || console === "pipe";
    if (isLogged && directory !== undefined) {
      const ends = console === "log" ? this.#terminalOrPipe() : this.#pipe();
      return ends ? this.#logged(ends, logPath(directory, job, instance)) : plain(this.#null);
    }
    if (standard && (console === "owner" || (foreground === job && console === "output" && isTerminal(0)))) {
      return { ...plain(0), descriptors: { 0: 0, 1: 1, 2: 2 }, foreground: isTerminal(0) };
    }
    if (standard && isLogged && missingDirectory !== undefined) {
      const instead = "jobs that log print on init's own output instead";
      this.#tell(`Failed to write to ${missingDirectory}, ${instead}`, "it is not there or not writable");
      return this.#lines(standard, job, instance, this.#null);
    }
    if (standard && console === "output") {
      return this.#lines(standard, job, instance, foreground === job ? 0 : this.#null);
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
    for (const reader of this.#readers) reader.close();
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

  #logged({ reader: descriptor, writer }: Ends, path: string): ProcessOutput {
    const { log, stamps } = this.#acquire(path);
    const take = (bytes: Uint8Array) => log.append(stamps ? stamps.add(bytes) : bytes);
    const sink = { take, end() {}, whenRoom() {}, full: false, broken: false };
    const reader = this.#read(descriptor, sink, () => this.#release(log));
    return {
      descriptors: { 0: this.#null, 1: writer, 2: writer },
      controllingTerminal: false,
      spawned: () => close(writer),
      ended: () => reader.drain(),
    };
  }

  /** Two pipes whose lines go to init's own streams. */
  #lines(standard: StandardStreams, job: string, instance: string, input: number): ProcessOutput {
    const ends: Array<{ reader: OutputReader; writer: number }> = [];
    const connect = (stream: Source["stream"]) => {
      const { reader, writer } = openPipe();
      ends.push({
        reader: this.#read(reader, standard.sink({ job, instance, stream }, input === 0)),
        writer,
      });
      return writer;
    };
    try {
      return {
        descriptors: { 0: input, 1: connect("stdout"), 2: connect("stderr") },
        controllingTerminal: false,
        spawned: () => ends.forEach(({ writer }) => close(writer)),
        ended: () => ends.forEach(({ reader }) => reader.drain()),
      };
    } catch (error) {
      ends.forEach(({ writer }) => close(writer));
      this.#tell("Failed to create pipe, output of jobs is lost", error);
      return plain(this.#null);
    }
  }

  #read(descriptor: number, sink: Sink, onEnd: () => void = () => {}): OutputReader {
    const reader = new OutputReader(descriptor, sink, () => {
      this.#readers.delete(reader);
      onEnd();
    });
    this.#readers.add(reader);
    return reader;
  }

  #openNull(): number {
    try {
      return open(NULL, O_RDWR);
    } catch (error) {
      this.#tell(`Failed to open ${NULL}, a file in memory is used instead`, error);
      return memfd("null", new Uint8Array());
    }
  }

  /** A terminal, so that programs print line by line; failing that a pipe; failing that nothing. */
  #terminalOrPipe(): Ends | undefined {
    try {
      const { master, slave } = (this.options.openTerminal ?? openPty)();
      return { reader: master, writer: slave };
    } catch (error) {
      this.#tell("Failed to create pty, jobs log through pipes instead", error);
      return this.#pipe();
    }
  }

  #pipe(): Ends | undefined {
    try {
      return openPipe();
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

  #acquire(path: string): OpenLog {
    let open = this.#logs.get(path);
    if (!open) {
      const stamps = this.options.logTime ? new TimeStamps() : undefined;
      open = { log: new Log(path, this.#budget), stamps, writers: 0 };
      this.#logs.set(path, open);
    }
    open.writers++;
    return open;
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

/** A pipe whose end can be opened as /dev/stdout by the job's user, too. */
function openPipe(): Ends {
  const ends = pipe();
  fchmod(ends.writer, 0o666);
  return ends;
}

function plain(descriptor: number): ProcessOutput {
  return {
    descriptors: { 0: descriptor, 1: descriptor, 2: descriptor },
    controllingTerminal: false,
    spawned: () => {},
    ended: () => {},
  };
}
