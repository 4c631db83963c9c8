/**
 * The last output of jobs, as far as it passes through init. All jobs share the memory by need: a job that prints more than
 * its share pushes out its own output first, and never that of jobs which print little.
 */

import { Buffer } from "node:buffer";
import type { OutputLine, Page, PageQuery } from "../../model/insight/journal.ts";
import type { Part } from "../parts/part.ts";
import { Chunk, CHUNK_COST, type KeptLine, MARK_COST, OutputStreamRing } from "./output_chunks.ts";
import { type OutputKeeper, OutputSieve } from "./output_sieve.ts";

/** What all output takes at most, in bytes. */
const MOST_MEMORY = 8 << 20;

/** The smallest and the largest chunk, in bytes. */
const SMALLEST_CHUNK = 256, LARGEST_CHUNK = 64 << 10;

/** How much more than needed is freed when another job has to give way, in bytes: to look for it takes time. */
const SLACK = 64 << 10;

/** How many lines one page has at most, and how many characters. */
const MOST_OF_PAGE = 10_000, LARGEST_PAGE = 500_000;

/** How many bytes are gone, and the number of the last of them. */
interface Gone {
  gone: number;
  lastGone: number;
}

/** The output of a job. */
interface JobRing extends Gone {
  readonly name: string;
  /** In the order in which they were begun. */
  readonly chunks: Chunk[];
  /** What they take in memory. */
  size: number;
}

/** What is saved of {@link OutputRing}. */
export interface SavedRing {
  position: number;
  jobs: SavedJobOutput[];
  others?: Gone;
}

/** The output of a job, as it is saved. */
interface SavedJobOutput extends Gone {
  name: string;
  chunks: Array<{
    /** The number of its stream among those of the job, and the stream's instance. */
    stream: number;
    instance: string;
    /** In base64. */
    bytes: string;
    marks: Array<[offset: number, base: number, at: number]>;
    isCut: boolean;
  }>;
}

/** The last output of all jobs. */
export class OutputRing implements Part<SavedRing> {
  readonly #jobs = new Map<string, JobRing>();
  /** What is gone of jobs of which nothing is kept. */
  #others: Gone = { gone: 0, lastGone: 0 };
  #size = 0;
  /** The number of the last byte. */
  #position = 0;
  /** The bytes of a chunk that is gone, for the next one. */
  #spare: Uint8Array | undefined;

  /** The streams of which a sample is held back. */
  readonly #holding = new Set<OutputSieve>();

  /** Called when there is more. */
  onMore: () => void = () => {};

  /**
   * @param most What all output takes at most, in bytes.
   * @param now The time in ms since 1970.
   */
  constructor(private readonly most = MOST_MEMORY, private readonly now: () => number = Date.now) {}

  /** What the output takes in memory, in bytes. */
  get size(): number {
    return this.#size;
  }

  /** Keeps a stream of an instance's output from now on. It takes no memory until something comes. */
  keep(job: string, instance: string): OutputKeeper {
    const stream = new OutputStreamRing(job, instance);
    const sieve: OutputSieve = new OutputSieve(this.now, {
      onKept: (bytes, at, left) => {
        this.#holding.delete(sieve);
        if (left > 0) this.#leaveOut(stream, left, at);
        this.#take(stream, bytes, at);
      },
      onHeld: () => {
        this.#holding.add(sieve);
        this.onMore();
      },
      // What is left of a line counts as one.
      onEnd: () => stream.isMidLine && this.#take(stream, NEWLINE, this.now()),
    });
    return sieve;
  }

  /** Takes what the streams hold back. */
  #flush(): void {
    for (const sieve of this.#holding) sieve.flush();
  }

  /** Counts bytes that are not kept as gone. They end the line before them. */
  #leaveOut(stream: OutputStreamRing, count: number, at: number): void {
    if (stream.isMidLine) this.#take(stream, CUT, at);
    const job = this.#jobOf(stream.job);
    this.#position += count;
    job.gone += count;
    job.lastGone = this.#position;
  }

  #take(stream: OutputStreamRing, bytes: Uint8Array, at: number): void {
    for (let rest = bytes; rest.length > 0;) {
      let chunk = stream.chunks.at(-1);
      if (!chunk || chunk.room === 0) chunk = this.#begin(stream, rest.length);
      const part = rest.length <= chunk.room ? rest : rest.subarray(0, chunk.room), before = chunk.cost;
      chunk.add(part, this.#position, at);
      this.#position += part.length;
      const job = this.#jobOf(stream.job);
      this.#grow(job, chunk.cost - before);
      this.#makeRoom(job, 0);
      rest = rest.subarray(part.length);
    }
    this.onMore();
  }

  #jobOf(name: string): JobRing {
    let job = this.#jobs.get(name);
    if (!job) this.#jobs.set(name, job = { name, chunks: [], size: 0, gone: 0, lastGone: 0 });
    return job;
  }

  #grow(job: JobRing, cost: number): void {
    job.size += cost;
    this.#size += cost;
  }

  /** Begins a chunk: each of a stream is larger than the one before, so that little output takes little. */
  #begin(stream: OutputStreamRing, needed: number): Chunk {
    let job = this.#jobOf(stream.job);
    const share = this.most / this.#jobs.size, before = stream.chunks.at(-1)?.bytes.length ?? 0;
    const largest = Math.max(SMALLEST_CHUNK, Math.min(LARGEST_CHUNK, 2 ** Math.floor(Math.log2(share / 4))));
    let size = Math.max(SMALLEST_CHUNK, Math.min(2 * before, largest));
    while (size < needed && size < largest) size *= 2;
    this.#makeRoom(job, size + CHUNK_COST + MARK_COST + stream.instance.length);
    const spare = this.#spare?.length === size ? this.#spare : undefined;
    if (spare) this.#spare = undefined;
    const chunk = new Chunk(stream, spare ?? new Uint8Array(size));
    // Its last chunk may have had to go.
    job = this.#jobOf(stream.job);
    stream.chunks.push(chunk);
    job.chunks.push(chunk);
    this.#grow(job, chunk.cost);
    return chunk;
  }

  #makeRoom(job: JobRing, size: number): void {
    if (this.#size + size <= this.most) return;
    const hasMoreThanItsShare = job.size + size > this.most / this.#jobs.size;
    const bound = this.most - size - (hasMoreThanItsShare ? 0 : Math.min(SLACK, this.most / 8));
    while (this.#size > bound && hasMoreThanItsShare && job.chunks.length > 1) this.#drop(job);
    while (this.#size > bound) {
      const largest = this.#largest();
      if (!largest) return;
      this.#drop(largest);
    }
  }

  /** The job whose output takes most, of those that have some to give; undefined when none has any. */
  #largest(): JobRing | undefined {
    let several: JobRing | undefined, any: JobRing | undefined;
    for (const job of this.#jobs.values()) {
      if (job.chunks.length > 1 && job.size > (several?.size ?? 0)) several = job;
      if (job.size > (any?.size ?? 0)) any = job;
    }
    return several ?? any;
  }

  /** Drops the oldest chunk of a job. */
  #drop(job: JobRing): void {
    const chunk = job.chunks.shift()!;
    this.#grow(job, -chunk.cost);
    job.gone += chunk.length;
    job.lastGone = Math.max(job.lastGone, chunk.lastNumber);
    chunk.stream.drop();
    this.#spare = chunk.bytes;
    if (job.chunks.length === 0) this.#forget(job);
  }

  /** Forgets a job of which nothing is kept, which may never print again. */
  #forget({ name, gone, lastGone }: JobRing): void {
    this.#jobs.delete(name);
    this.#others = { gone: this.#others.gone + gone, lastGone: Math.max(this.#others.lastGone, lastGone) };
  }

  /** The lines that are asked for. */
  read({ jobs, after, since, most, last }: PageQuery): Page<OutputLine> {
    this.#flush();
    const chosen = jobs.length === 0
      ? [...this.#jobs.values()]
      : [...new Set(jobs)].flatMap((name) => this.#jobs.get(name) ?? []);
    const wanted = Math.min(most, MOST_OF_PAGE);
    const { lines, isAll } = select(chosen, { after, since, most: wanted, last });
    const { items, isWhole } = withTexts(lines, last);
    const isEnd = last || (isAll && isWhole);
    const next = isEnd ? Math.max(after, this.#position) : items.at(-1)?.number ?? after;
    // What is gone of the others may be that of jobs which are asked for.
    return {
      items,
      next,
      lost: [this.#others, ...chosen].reduce((sum, one) => sum + lostOf(one, after, next), 0),
    };
  }

  save(): SavedRing {
    this.#flush();
    const jobs = Array.from(this.#jobs.values(), ({ name, gone, lastGone, chunks }) => {
      const streams = [...new Set(chunks.map(({ stream }) => stream))];
      return {
        name,
        gone,
        lastGone,
        chunks: chunks.map(({ stream, bytes, length, marks }) => ({
          stream: streams.indexOf(stream),
          instance: stream.instance,
          bytes: Buffer.from(bytes.buffer, bytes.byteOffset, length).toString("base64"),
          marks,
          isCut: stream.isCut,
        })),
      };
    });
    return { position: this.#position, jobs, others: this.#others };
  }

  restore({ position, jobs, others }: SavedRing): void {
    this.#position = position;
    if (others) this.#others = others;
    for (const { name, gone, lastGone, chunks } of jobs) {
      const job = this.#jobOf(name), streams: OutputStreamRing[] = [];
      Object.assign(job, { gone, lastGone });
      for (const saved of chunks) {
        const stream = streams[saved.stream] ??= new OutputStreamRing(name, saved.instance);
        const bytes = Buffer.from(saved.bytes, "base64");
        // There is room for the end of its last line.
        const chunk = new Chunk(stream, Buffer.concat([bytes, NEWLINE]));
        chunk.length = bytes.length;
        chunk.marks.push(...saved.marks);
        stream.isCut = saved.isCut;
        stream.chunks.push(chunk);
        job.chunks.push(chunk);
        this.#grow(job, chunk.cost);
      }
      // Who reads on is another.
      for (const stream of streams) if (stream.isMidLine) this.#take(stream, NEWLINE, this.now());
    }
  }
}

const NEWLINE = Buffer.from("\n");

/** Ends a line whose rest is left out. */
const CUT = Buffer.from("…\n");

/** How many of these bytes, at most, have numbers in this range. */
function lostOf({ gone, lastGone }: Gone, after: number, next: number): number {
  return Math.max(0, Math.min(gone, Math.min(lastGone, next) - after));
}

interface Selection {
  after: number;
  since: number;
  most: number;
  last: boolean;
}

/**
 * The first lines of jobs' output that are wanted, or the last ones, in the order of their numbers. What cannot be among them
 * is not looked at.
 */
function select(
  jobs: JobRing[],
  { after, since, most, last }: Selection,
): { lines: KeptLine[]; isAll: boolean } {
  if (most === 0) return { lines: [], isAll: false };
  let lines: KeptLine[] = [], isAll = true;
  let lowest = after, highest = Infinity;
  const cut = () => {
    lines.sort((one, other) => one.number - other.number);
    if (lines.length <= most) return;
    isAll = false;
    lines = last ? lines.slice(-most) : lines.slice(0, most);
    if (last) lowest = lines[0]!.number;
    else highest = lines.at(-1)!.number;
  };
  for (const stream of new Set(jobs.flatMap(({ chunks }) => chunks.map((chunk) => chunk.stream)))) {
    for (const line of last ? stream.backward(lowest, since) : stream.forward(after, since)) {
      if (line.number > highest) break;
      lines.push(line);
      if (lines.length > 2 * most) cut();
      if (last && line.number < lowest) break;
    }
  }
  cut();
  return { lines, isAll };
}

/** The texts of lines, as many as fit into a page: the first ones, or the last ones. */
function withTexts(lines: KeptLine[], last: boolean): { items: OutputLine[]; isWhole: boolean } {
  const items: OutputLine[] = [];
  let size = 0;
  while (items.length < lines.length) {
    const line = lines.at(last ? -1 - items.length : items.length)!, { stream, number, at } = line;
    const text = stream.text(line);
    size += text.length + 100;
    if (items.length > 0 && size > LARGEST_PAGE) break;
    items.push({ number, at, job: stream.job, instance: stream.instance, text });
  }
  return { items: last ? items.reverse() : items, isWhole: items.length === lines.length };
}
