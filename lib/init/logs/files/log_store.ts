/** The logs of all instances: where their output goes, what is told of logs that cannot be written, and what was lost. */

import type { LogLimit, LogTarget, Rotation } from "../../../model/logs/settings.ts";
import { EACCES, ELOOP, ENOENT, ENXIO, EROFS } from "../../../sys/call/errno.ts";
import type { Part } from "../../parts/part.ts";
import { TimeStamps } from "../line_format.ts";
import { LogFile, MemoryBudget, type SavedLog } from "./log_file.ts";
import { RateLimit, type SavedRate } from "./rate_limit.ts";

/** How many logs are kept that cannot be written and have no writers any more. */
const MAX_UNWRITTEN = 1000;

/** How many logs that cannot be written are named in messages at a time. */
const MAX_NAMED = 20;

/**
 * When a machine boots, and when it goes down, the rule is a file system that is read-only or not there yet. These are told
 * only when they last.
 */
const PASSING = new Set([ELOOP, ENOENT, EACCES, EROFS]);

/** How long they last then, in ms. */
const PATIENCE = 10_000;

/** An instance's log. */
export interface LogDescription {
  job: string;
  instance: string;
  path: string;
  /** True: it has the line ends of files, not those of terminals. */
  isPlain?: boolean;
  rotation?: Rotation;
  limit?: LogLimit;
  /** Where output goes but to init's own streams. Absent: to the file. */
  to?: LogTarget[];
}

/** What the store needs of others. */
interface LogWorld {
  /** True: each line of a log begins with the time. */
  logTime?: boolean;
  /** Receives a message of what failed, or works again. */
  onProblem(message: string): void;
  /** The same for one that is to be said once. */
  report(what: string, reason: string): void;
  /** Told of a log that was rotated. */
  onRotated(path: string, rotation: Rotation): void;
  /** Passes output on to other places than files. The bytes may change later. */
  ship(log: LogDescription, targets: readonly LogTarget[], bytes: Uint8Array): void;
  /** For tests. */
  patience?: number;
}

/** What was lost of a job's output. */
export interface LogLosses {
  /** Bytes that no file and no other place would take. */
  lostBytes: number;
  /** Lines that were beyond its limit, and their bytes. */
  droppedLines: number;
  droppedBytes: number;
}

/** A log with writers, or with output that could not be written yet. */
interface OpenLog {
  description: LogDescription;
  log: LogFile;
  stamps: TimeStamps | undefined;
  limit: RateLimit | undefined;
  writers: number;
}

/** What is saved of {@link LogStore}. */
export interface SavedLogs {
  /** `isMidLine`: the last line has not ended. */
  logs: Array<SavedLog & { isMidLine: boolean; description: LogDescription; rate?: SavedRate }>;
  losses: Array<[job: string, losses: LogLosses]>;
}

/** The logs that are written. */
export class LogStore implements Part<SavedLogs> {
  readonly #logs = new Map<string, OpenLog>();
  readonly #unwritten = new Set<LogFile>();
  readonly #budget = new MemoryBudget();
  /** The logs that were reported as failing, by path, until they are written again. */
  readonly #failing = new Set<string>();
  /** The logs that cannot be written, with the timers of those that are told if that lasts. */
  readonly #waiting = new Map<OpenLog, ReturnType<typeof setTimeout> | undefined>();
  readonly #losses = new Map<string, LogLosses>();

  constructor(private readonly world: LogWorld) {}

  /** What takes the output of an instance, and the function to be called when no more of it comes. */
  open(description: LogDescription): { take(bytes: Uint8Array): void; release(): void } {
    const open = this.#log(description);
    open.writers++;
    return {
      take: (bytes) => open.limit ? open.limit.take(bytes) : this.#write(open, bytes),
      release: () => {
        open.writers--;
        if (open.writers === 0) open.limit?.close();
        this.#forgetUnused(open.log);
      },
    };
  }

  /**
   * Writes all output that was kept because it could not be written.
   *
   * @returns The reason, as in strerror(3), when some of it still cannot.
   */
  flush(): string | undefined {
    let problem: string | undefined;
    for (const { log } of this.#logs.values()) {
      problem = log.flush() ?? problem;
      this.#forgetUnused(log);
    }
    return problem;
  }

  /** Why a log of a job cannot be written; undefined where all can. */
  problem(job: string): string | undefined {
    for (const { description, log } of this.#waiting.keys()) {
      if (description.job === job && log.failure !== undefined) {
        return `unable to write ${log.path}: ${log.failure}`;
      }
    }
    return undefined;
  }

  /** What was lost of the output of each job that has lost some. */
  get losses(): ReadonlyMap<string, LogLosses> {
    return this.#losses;
  }

  /** Counts what was lost of a job's output. */
  addLosses(job: string, added: Partial<LogLosses>): void {
    const losses = this.#losses.get(job) ?? { lostBytes: 0, droppedLines: 0, droppedBytes: 0 };
    for (const key of Object.keys(added) as Array<keyof LogLosses>) losses[key] += added[key] ?? 0;
    this.#losses.set(job, losses);
  }

  save(): SavedLogs {
    const logs = Array.from(this.#logs.values(), ({ description, log, stamps, limit }) => ({
      ...log.save(),
      description,
      isMidLine: stamps?.isMidLine ?? false,
      ...(limit && { rate: limit.save() }),
    }));
    return { logs, losses: [...this.#losses] };
  }

  /** To be called before what writes is restored: {@link LogStore.forget} follows that. */
  restore({ logs, losses }: SavedLogs): void {
    for (const [job, lost] of losses) this.#losses.set(job, lost);
    for (const { isMidLine, description, rate, ...saved } of logs) {
      const open = this.#log(description, isMidLine), { log } = open;
      log.restore(saved);
      if (rate) open.limit?.restore(rate);
      if (!log.waiting) continue;
      this.#waiting.set(open, undefined);
      if (this.#failing.size < MAX_NAMED) this.#failing.add(log.path);
    }
  }

  /** Forgets the logs that nobody writes, and that keep nothing. */
  forget(): void {
    for (const { log } of [...this.#logs.values()]) this.#forgetUnused(log);
  }

  /** Writes the rest, then stops. */
  close(): void {
    for (const { log, limit } of this.#logs.values()) {
      limit?.close();
      log.flush();
    }
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#logs.clear();
    this.#waiting.clear();
    this.#unwritten.clear();
  }

  #write({ description, log, stamps }: OpenLog, bytes: Uint8Array): void {
    const { to } = description;
    if (to && to.some((target) => target !== "file")) this.world.ship(description, to, bytes);
    if (!to || to.includes("file")) log.append(stamps ? stamps.add(bytes) : bytes);
  }

  /** The log of an instance. Of several descriptions, the latest counts. */
  #log(description: LogDescription, isMidLine = false): OpenLog {
    const { path } = description;
    let open = this.#logs.get(path);
    if (!open) {
      const stamps = this.world.logTime ? new TimeStamps(isMidLine) : undefined;
      open = { description, log: this.#file(path), stamps, limit: undefined, writers: 0 };
      this.#logs.set(path, open);
    }
    open.description = description;
    open.log.rotation = description.rotation;
    open.log.lineEnd = description.isPlain ? "\n" : "\r\n";
    this.#setLimit(open);
    return open;
  }

  #setLimit(open: OpenLog): void {
    const { limit, job } = open.description;
    if (JSON.stringify(limit) === JSON.stringify(open.limit?.limit)) return;
    open.limit?.close();
    open.limit = limit && new RateLimit(
      limit,
      (bytes) => this.#write(open, bytes),
      ({ lines, bytes }) => this.addLosses(job, { droppedLines: lines, droppedBytes: bytes }),
    );
  }

  #file(path: string): LogFile {
    const { report, onRotated } = this.world;
    return new LogFile(path, this.#budget, {
      onFailing: (errno) => this.#noteFailing(path, errno),
      onWritten: () => this.#noteWritten(path),
      onLost: (lostBytes) => this.addLosses(this.#logs.get(path)!.description.job, { lostBytes }),
      onRotated: (rotation) => onRotated(path, rotation),
      onUnrotated: (reason) => report(`${path}: unable to rotate, it grows on`, reason),
    });
  }

  #noteFailing(path: string, errno: number): void {
    const open = this.#logs.get(path)!;
    if (!PASSING.has(errno)) {
      this.#waiting.set(open, undefined);
      return this.#reportFailing(path, errno);
    }
    const tell = () => this.#reportFailing(path, errno);
    this.#waiting.set(open, setTimeout(tell, this.world.patience ?? PATIENCE));
  }

  #noteWritten(path: string): void {
    this.#noteDone(this.#logs.get(path)!);
    if (this.#failing.delete(path)) this.world.onProblem(`${path}: written again`);
  }

  #noteDone(open: OpenLog): void {
    clearTimeout(this.#waiting.get(open));
    this.#waiting.delete(open);
  }

  /** Reports that a log cannot be written. */
  #reportFailing(path: string, errno: number): void {
    const { report, onProblem } = this.world;
    if (errno === ENXIO) {
      report(`Failed to write ${path}`, "there is something else than a file");
    } else if (this.#failing.size >= MAX_NAMED) {
      report(`Failed to write more than ${MAX_NAMED} logs`, "the others are not named");
    } else if (!this.#failing.has(path)) {
      this.#failing.add(path);
      onProblem(
        `${path}: unable to write: ${this.#logs.get(path)!.log.failure}; its lines are kept in memory`,
      );
    }
  }

  /**
   * Forgets a log without writers. If it keeps output that could not be written, it stays, unless there are too many such
   * logs: each takes memory, however little it keeps.
   */
  #forgetUnused(log: LogFile): void {
    const open = this.#logs.get(log.path);
    if (open?.writers !== 0) return;
    this.#unwritten.delete(log);
    if (!log.waiting) return this.#forgetLog(open);
    this.#unwritten.add(log);
    if (this.#unwritten.size <= MAX_UNWRITTEN) return;
    const [oldest] = this.#unwritten;
    this.world.report(`Failed to write more than ${MAX_UNWRITTEN} logs`, "the output of the oldest is lost");
    oldest!.discard();
    this.#unwritten.delete(oldest!);
    this.#forgetLog(this.#logs.get(oldest!.path)!);
  }

  #forgetLog(open: OpenLog): void {
    this.#noteDone(open);
    this.#logs.delete(open.log.path);
  }
}
