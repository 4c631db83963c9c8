/** The loop of a fuzzer that is led by coverage: an input by which new blocks run is kept, and further ones are made of it. */

import { Buffer } from "node:buffer";
import process from "node:process";
import { Coverage } from "./coverage.ts";
import { corpusOf, longInputs, shapedInputs } from "./inputs.ts";
import { Mutator, Random } from "./mutation.ts";
import { failureOf, kindOf, shrunk } from "./shrink.ts";
import { type Target, USUAL_LENGTH } from "./target.ts";

/** So many inputs are read between two looks at the coverage, which takes a millisecond. */
const BATCH = 64;

/** So many further inputs of the right form there are for each batch. */
const SHAPED = 8;

/** One batch in so many also reads an input that is as long as it may be. */
const LONG_EVERY = 16;

/** One batch in so many also looks how the work grows with an input's length. */
const GROWTH_EVERY = 64;

/** The work may grow so many times when an input has twice its length: with its square. */
const LARGEST_GROWTH = 5;

/** What takes longer is told, in ms of the processor's time. */
const SLOW = 1000;

/** A fault: what was thrown, and a short input by which it is. */
export interface Fault {
  kind: string;
  error: unknown;
  input: Buffer;
}

/** How far a target's fuzzing has got. */
export interface Progress {
  runs: number;
  /** Blocks of the product's code that have run, and those that are known of the same functions. */
  covered: number;
  known: number;
  /** How many inputs are kept. */
  kept: number;
  faults: Fault[];
}

/** What is told of meanwhile. */
interface Watcher {
  /** Called before each input is read, so that one that never ends is known. */
  reading(input: Buffer): void;
  /** Called now and then. */
  progress(progress: Progress): void;
}

/** Fuzzes a target until a time, in ms since 1970. */
export async function fuzz(target: Target, seed: number, until: number, watcher: Watcher): Promise<Progress> {
  const coverage = await Coverage.start(), run = new FuzzRun(target, seed, coverage, watcher);
  await run.begin();
  while (Date.now() < until) await run.batch();
  return run.progress();
}

class FuzzRun {
  #runs = 0;
  #batches = 0;
  #covered = new Set<string>();
  #kept: Buffer[] = [Buffer.alloc(0)];
  #faults = new Map<string, Fault>();
  /** Inputs as long as they may be, which were not read yet. */
  #long: Buffer[] = [];
  readonly #random: Random;
  readonly #mutator: Mutator;
  readonly #longest: number;

  constructor(
    private readonly target: Target,
    private readonly seed: number,
    private readonly coverage: Coverage,
    private readonly watcher: Watcher,
  ) {
    this.#random = new Random(seed);
    this.#longest = target.longest ?? USUAL_LENGTH;
    this.#mutator = new Mutator(this.#random, target.words ?? [], Math.min(4096, this.#longest));
  }

  progress(): Progress {
    const faults = [...this.#faults.values()];
    return {
      runs: this.#runs,
      covered: this.#covered.size,
      known: this.coverage.known.size,
      kept: this.#kept.length,
      faults,
    };
  }

  /** Reads what is known. */
  async begin(): Promise<void> {
    await this.#readAll(corpusOf(this.target), true);
    this.#long = longInputs(this.target, this.#longest);
  }

  async batch(): Promise<void> {
    const number = this.#batches++;
    const shaped = shapedInputs(this.target, SHAPED, this.seed + number);
    const known = [...this.#kept, ...shaped];
    const mutated = Array.from({ length: BATCH - shaped.length }, () => this.#mutator.next(known));
    await this.#readAll([...shaped, ...mutated], false);
    if (number % LONG_EVERY === 0) await this.#readLong(this.#long.pop());
    if (number % GROWTH_EVERY === 0) await this.#watchGrowth();
    this.watcher.progress(this.progress());
  }

  /** Reads inputs, and keeps those by which new blocks run. */
  async #readAll(inputs: readonly Buffer[], keepsAll: boolean): Promise<void> {
    for (const input of inputs) await this.#read(input);
    const { blocks } = await this.coverage.take();
    if (keepsAll) this.#kept.push(...inputs);
    else if (blocks.some((block) => !this.#covered.has(block))) {
      for (const input of inputs) {
        await this.#read(input);
        const { blocks } = await this.coverage.take();
        if (blocks.every((block) => this.#covered.has(block))) continue;
        this.#kept.push(input);
        for (const block of blocks) this.#covered.add(block);
      }
    }
    for (const block of blocks) this.#covered.add(block);
  }

  async #read(input: Buffer): Promise<void> {
    this.#runs++;
    this.watcher.reading(input);
    const error = await failureOf(this.target, input);
    if (error !== undefined) await this.#note(error, input);
  }

  async #note(error: unknown, input: Buffer): Promise<void> {
    const kind = kindOf(error);
    if (this.#faults.has(kind)) return;
    this.#faults.set(kind, { kind, error, input });
    const short = await shrunk(this.target, input);
    this.#faults.set(kind, { kind, error: await failureOf(this.target, short) ?? error, input: short });
  }

  async #readLong(input: Buffer | undefined): Promise<void> {
    if (!input) return;
    const begun = process.cpuUsage();
    await this.#read(input);
    const { user, system } = process.cpuUsage(begun), time = (user + system) / 1000;
    if (time < SLOW) return;
    const kind = `slow ${input.subarray(0, 20).toString("latin1")}`;
    const error = new Error(`takes ${Math.round(time)} ms for ${input.length} bytes`);
    if (!this.#faults.has(kind)) this.#faults.set(kind, { kind, error, input });
  }

  /** Looks how much more work an input is in which a piece is repeated twice as often. */
  async #watchGrowth(): Promise<void> {
    const input = this.#random.of(this.#kept), length = Math.min(8192, this.#longest >> 1);
    if (input.length === 0 || input.length > length) return;
    const repeated = this.#mutator.repeated(input, length);
    const works: number[] = [];
    for (const times of [1, 2]) {
      await this.#read(repeated(times * length));
      works.push((await this.coverage.take()).work);
    }
    const [once, twice] = works as [number, number];
    if (twice > LARGEST_GROWTH * once + 10_000) {
      await this.#note(
        new Error(`takes ${twice} steps in place of ${once} for twice the length`),
        repeated(2 * length),
      );
    }
    await this.#readLong(repeated(this.#longest));
    await this.coverage.take();
  }
}
