/**
 * The standard output and error of init, which its messages and, in a container, all jobs share. Lines are written whole
 * and in order, and init never waits for a reader. Processes that write faster than the reader reads are made to wait.
 */

import { Buffer } from "node:buffer";
import * as fs from "node:fs";
import { DescriptorWriter, nonBlockingOutput } from "../../sys/io/writer.ts";
import { formatMessage, FORMATS, type LogFormat, type OutputSource, type StreamName } from "./line_format.ts";
import type { Part } from "../parts/part.ts";
import type { Sink } from "./output_reader.ts";
import { unlessRefused } from "../../sys/call/refused.ts";

/** How much may wait to be written before processes are made to wait, in bytes. */
const MAX_WAITING = 64 * 1024;
/** How much may wait before messages of init, which must not wait, are dropped, in bytes. */
const MAX_WAITING_MESSAGES = 1 << 20;
/** A line that is longer than this is written in pieces, in bytes. */
const MAX_LINE = 64 * 1024;
/** How many writers are woken at a time when there is room again. */
const WOKEN_AT_ONCE = 16;

const NEWLINE = 10;
const NOTHING = Buffer.alloc(0);

/** Who writes lines. Another one with the same key goes on with a line where a saved one has stopped. */
interface LineWriter {
  readonly key: string;
}

/** What is saved of a stream. */
interface SavedStream {
  /** What the kernel has not taken yet, in base64. */
  unwritten: string;
  /** The key of the writer whose line has not ended. */
  midLine?: string;
  broken: boolean;
}

/** What is saved of {@link StandardStreams}. */
export interface SavedStreams {
  stderr: SavedStream;
  /** Absent where it is the same as standard error. */
  stdout?: SavedStream;
}

/** A stream that many write lines to. */
class SharedStream implements Part<SavedStream> {
  readonly #writer: DescriptorWriter;
  #waiters: Array<() => void> = [];
  /** The writer that has written the beginning of a line, but not its end yet; its key, when it was restored. */
  #midLine: LineWriter | string | undefined;
  /** True when nobody reads it any more. */
  broken = false;
  /** Called when nothing waits any more. */
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

  /** Writes lines or a piece of one. A line that another writer has begun is ended first. */
  write(bytes: Uint8Array, writer: LineWriter): void {
    if (this.broken) return;
    const midLine = this.#midLine;
    const goesOn = midLine === writer || (typeof midLine === "string" && midLine === writer.key);
    if (midLine !== undefined && !goesOn) this.#writer.write(Buffer.from("\n"));
    this.#midLine = bytes.at(-1) === NEWLINE ? undefined : writer;
    this.#writer.write(bytes);
  }

  whenRoom(listener: () => void): void {
    this.#waiters.push(listener);
  }

  save(): SavedStream {
    const midLine = typeof this.#midLine === "object" ? this.#midLine.key : this.#midLine;
    return {
      unwritten: Buffer.from(this.#writer.unwritten).toString("base64"),
      ...(midLine !== undefined && { midLine }),
      broken: this.broken,
    };
  }

  restore({ unwritten, midLine, broken }: SavedStream): void {
    this.broken = broken;
    this.#midLine = midLine;
    this.#writer.write(Buffer.from(unwritten, "base64"));
  }

  /** Resolves when all has been written. */
  empty(): Promise<void> {
    return new Promise((resolve) => {
      if (this.waiting === 0) resolve();
      else this.#onEmpty = resolve;
    });
  }

  #progress(): void {
    if (this.waiting < MAX_WAITING) {
      for (const resume of this.#waiters.splice(0, WOKEN_AT_ONCE)) resume();
      // If the writers that were woken write nothing, no progress would wake the others.
      if (this.#waiters.length > 0 && this.waiting === 0) setImmediate(() => this.#progress());
    }
    if (this.waiting === 0) this.#onEmpty?.();
  }
}

/** The two streams of init. */
export class StandardStreams implements Part<SavedStreams>, LineWriter {
  readonly #streams: Record<StreamName, SharedStream>;
  /** Of init's own messages. */
  readonly key = "";

  /**
   * @param onBroken Receives a message when nobody reads a stream any more.
   * @param descriptors The streams' descriptors; for tests.
   */
  constructor(
    readonly format: LogFormat,
    onBroken: (message: string) => void = () => {},
    descriptors: Readonly<Record<StreamName, number>> = { stdout: 1, stderr: 2 },
  ) {
    const open = (name: StreamName) =>
      new SharedStream(descriptors[name], (reason) => onBroken(`Output on ${name} is lost: ${reason}`));
    const stderr = open("stderr"), isSame = sameFile(descriptors.stdout, descriptors.stderr);
    this.#streams = { stdout: isSame ? stderr : open("stdout"), stderr };
  }

  save(): SavedStreams {
    const { stdout, stderr } = this.#streams;
    return { stderr: stderr.save(), ...(stdout !== stderr && { stdout: stdout.save() }) };
  }

  restore({ stderr, stdout }: SavedStreams): void {
    this.#streams.stderr.restore(stderr);
    if (stdout) this.#streams.stdout.restore(stdout);
  }

  /** Prints a message of init's own on standard error: at once, unless its reader is slow. */
  message(message: { priority: string; message: string; text: string }): void {
    const { stderr } = this.#streams;
    if (stderr.waiting < MAX_WAITING_MESSAGES) stderr.write(formatMessage(this.format, message), this);
  }

  /**
   * The sink for one stream of one process.
   *
   * @param isDirect True: the process notices when nobody reads the stream any more, as if it wrote to it itself. False:
   * it goes on, and its lines are lost.
   * @param isNamed True: each line tells whose it is, in every format.
   */
  sink(source: OutputSource, isDirect: boolean, isNamed = false): Sink {
    const format = isNamed && this.format === "plain" ? "prefix" : this.format;
    return new LineSink(this.#streams[source.stream], source, format, isDirect);
  }

  /**
   * Resolves when all has been written, or the time is over.
   *
   * @param time In ms.
   */
  async flush(time: number): Promise<void> {
    const { stdout, stderr } = this.#streams;
    let timer;
    const late = new Promise((resolve) => timer = setTimeout(resolve, time));
    await Promise.race([Promise.all([stdout.empty(), stderr.empty()]), late]);
    clearTimeout(timer);
  }
}

/** True when two descriptors are open on the same pipe, terminal or file. */
function sameFile(one: number, other: number): boolean {
  return unlessRefused(() => {
    const [first, second] = [fs.fstatSync(one), fs.fstatSync(other)];
    return first.dev === second.dev && first.ino === second.ino;
  }, () => false);
}

/** A sink that collects bytes into whole lines and formats them. */
class LineSink implements Sink, LineWriter {
  /** The pieces of a line whose end has not come yet. */
  #kept: Buffer[] = [];
  #keptBytes = 0;

  constructor(
    private readonly stream: SharedStream,
    private readonly source: OutputSource,
    private readonly format: LogFormat,
    private readonly isDirect: boolean,
  ) {}

  get key(): string {
    return JSON.stringify(this.source);
  }

  get broken(): boolean {
    return this.isDirect && this.stream.broken;
  }

  get full(): boolean {
    return this.stream.waiting >= MAX_WAITING;
  }

  whenRoom(listener: () => void): void {
    this.stream.whenRoom(listener);
  }

  take(borrowed: Uint8Array): void {
    const bytes = new Uint8Array(borrowed);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      this.#keep(bytes.subarray(0, end));
      this.end();
    }
    this.#keep(bytes.subarray(end));
    if (this.#keptBytes > MAX_LINE) this.end();
  }

  get kept(): Uint8Array {
    return Buffer.concat(this.#kept);
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

  /** Prints lines. The last may be a piece, if it is long or the stream ends with it. */
  #print(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.stream.write(this.format === "plain" ? bytes : FORMATS[this.format](bytes, this.source), this);
  }
}
