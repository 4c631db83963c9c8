/**
 * Init's own standard output and error, which its messages and, in a container, all jobs share: whole lines, in
 * order, kept apart, and never waited for. Who writes faster than they are read is made to wait.
 */

import { Buffer } from "node:buffer";
import * as fs from "node:fs";
import { DescriptorWriter, nonBlockingOutput } from "../../sys/writer.ts";
import { formatMessage, FORMATS, type LogFormat, type Source, type StreamName } from "./format.ts";
import type { Sink } from "./reader.ts";

/** So much may wait to be written before those who write are made to wait, in bytes. */
const MOST_WAITING = 64 * 1024;
/** Messages of init itself, which cannot be made to wait, are dropped beyond this, in bytes. */
const MOST_WAITING_MESSAGES = 1 << 20;
/** A line that grows longer than this is passed on in pieces, in bytes. */
const LONGEST_LINE = 64 * 1024;
/** How many writers go on at a time once there is room again. */
const WOKEN_AT_ONCE = 16;

const NEWLINE = 10;
const NOTHING = Buffer.alloc(0);

/** Where the lines of many go. */
class SharedStream {
  readonly #writer: DescriptorWriter;
  #waiters: Array<() => void> = [];
  /** Who has written the beginning of a line and not its end yet. */
  #midLine: object | undefined;
  /** True when nobody reads it any more. */
  broken = false;
  /** Called whenever nothing waits any more. */
  #onEmpty: (() => void) | undefined;

  constructor(fd: number, onBroken: (reason: string) => void) {
    this.#writer = new DescriptorWriter(nonBlockingOutput(fd), {
      onProgress: () => this.#progress(),
      onBroken: (error) => {
        this.broken = true;
        onBroken(error.message);
        this.#progress();
      },
    });
  }

  get waiting(): number {
    return this.#writer.waiting;
  }

  /** Writes lines, or a piece of one, which nobody else's line gets into the middle of. */
  write(bytes: Uint8Array, writer: object): void {
    if (this.#midLine !== undefined && this.#midLine !== writer) this.#writer.write(Buffer.from("\n"));
    this.#midLine = bytes.at(-1) === NEWLINE ? undefined : writer;
    this.#writer.write(bytes);
  }

  whenRoom(listener: () => void): void {
    this.#waiters.push(listener);
  }

  /** Resolves when all has been written. */
  empty(): Promise<void> {
    return new Promise((resolve) => {
      if (this.waiting === 0) resolve();
      else this.#onEmpty = resolve;
    });
  }

  #progress(): void {
    if (this.waiting < MOST_WAITING) {
      for (const resume of this.#waiters.splice(0, WOKEN_AT_ONCE)) resume();
      // Those woken may have little to say, and then nothing else would wake the others.
      if (this.#waiters.length > 0 && this.waiting === 0) setImmediate(() => this.#progress());
    }
    if (this.waiting === 0) this.#onEmpty?.();
  }
}

/** Init's two streams. */
export class StandardStreams {
  readonly #streams: Record<StreamName, SharedStream>;

  /** @param onBroken Told, in a sentence, that nobody reads a stream any more. */
  constructor(readonly format: LogFormat, onBroken: (message: string) => void = () => {}) {
    const open = (name: StreamName, fd: number) =>
      new SharedStream(fd, (reason) => onBroken(`Output on ${name} is lost: ${reason}`));
    const stderr = open("stderr", 2);
    this.#streams = { stdout: sameFile(1, 2) ? stderr : open("stdout", 1), stderr };
  }

  /** Prints a message of init's own on standard error: at once, unless somebody there reads slowly. */
  message(message: { priority: string; message: string; text: string }): void {
    const { stderr } = this.#streams;
    if (stderr.waiting < MOST_WAITING_MESSAGES) stderr.write(formatMessage(this.format, message), this);
  }

  /**
   * Where the bytes of one stream of one process go.
   *
   * @param isDirect The process is to notice when nobody reads the stream any more, as if it wrote to it itself;
   * others go on, and their lines are lost.
   */
  sink(source: Source, isDirect: boolean): Sink {
    return new LineSink(this.#streams[source.stream], source, this.format, isDirect);
  }

  /** Resolves when all has been written, or the time (ms) is over. */
  async flush(time: number): Promise<void> {
    const { stdout, stderr } = this.#streams;
    let timer;
    const late = new Promise((resolve) => timer = setTimeout(resolve, time));
    await Promise.race([Promise.all([stdout.empty(), stderr.empty()]), late]);
    clearTimeout(timer);
  }
}

/** True when two descriptors lead to the same pipe, terminal or file. */
function sameFile(one: number, other: number): boolean {
  try {
    const [first, second] = [fs.fstatSync(one), fs.fstatSync(other)];
    return first.dev === second.dev && first.ino === second.ino;
  } catch {
    return false;
  }
}

/** Turns bytes into whole lines of a format. */
class LineSink implements Sink {
  /** A line whose end has not come yet, in pieces. */
  #kept: Buffer[] = [];
  #keptBytes = 0;

  constructor(
    private readonly stream: SharedStream,
    private readonly source: Source,
    private readonly format: LogFormat,
    private readonly isDirect: boolean,
  ) {}

  get broken(): boolean {
    return this.isDirect && this.stream.broken;
  }

  get full(): boolean {
    return this.stream.waiting >= MOST_WAITING;
  }

  whenRoom(listener: () => void): void {
    this.stream.whenRoom(listener);
  }

  take(passing: Uint8Array): void {
    const bytes = new Uint8Array(passing);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      this.#keep(bytes.subarray(0, end));
      this.end();
    }
    this.#keep(bytes.subarray(end));
    if (this.#keptBytes > LONGEST_LINE) this.end();
  }

  end(): void {
    const [first = NOTHING, ...more] = this.#kept;
    this.#kept = [];
    this.#keptBytes = 0;
    this.#print(more.length === 0 ? first : Buffer.concat([first, ...more]));
  }

  #keep(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#kept.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    this.#keptBytes += bytes.length;
  }

  /** Prints lines. The last may lack its end: then it is a piece of one that goes on, or the end of all. */
  #print(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.stream.write(this.format === "plain" ? bytes : FORMATS[this.format](bytes, this.source), this);
  }
}
