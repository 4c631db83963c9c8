/** The memory trim: returns memory to the kernel once init is idle, which it is for most of its life. */

import * as ownProcess from "../../sys/process/memory.ts";

/** When memory is trimmed, in ms. */
interface TrimTimes {
  /** How long init must have been idle. */
  quiet: number;
  /** While init is never idle, how often garbage is collected; no memory is returned then. */
  busy: number;
}

/** See lib/sys/process/memory.ts. */
type Memory = Pick<
  typeof ownProcess,
  "collectGarbage" | "ownMemory" | "programMappings" | "releaseMemory" | "releasePages" | "residentMemory"
>;

/** The least that is trimmed, in bytes: a trim takes milliseconds, and what runs next finds nothing in memory. */
const LEAST_GAIN = 4 << 20;

/** After how many bytes from clients garbage is collected: the runtime does not count them. */
const COLLECT_AFTER_BYTES = 16 << 20;

/** Returns memory to the kernel, a while after the last activity. */
export class MemoryTrim {
  #lastActivity = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The resident memory after the last trim, in bytes. */
  #residentAfterTrim = 0;
  /** When garbage was last collected, in ms. */
  #collectedAt = 0;
  /** The private memory after the last collection, in bytes. */
  #ownAfterCollection = 0;
  /** Bytes from clients since garbage was last collected for them. */
  #receivedBytes = 0;

  constructor(
    private readonly times: TrimTimes = { quiet: 3000, busy: 60_000 },
    private readonly memory: Memory = ownProcess,
  ) {}

  /** To be called on every activity. It is cheap. */
  touch(): void {
    this.#lastActivity = performance.now();
    this.#timer ??= setTimeout(() => this.#check(), this.times.quiet);
  }

  /** To be called when so many bytes have come from clients. */
  received(bytes: number): void {
    this.touch();
    this.#receivedBytes += bytes;
    if (this.#receivedBytes < COLLECT_AFTER_BYTES) return;
    this.#receivedBytes = 0;
    this.memory.collectGarbage();
  }

  #check(): void {
    const now = performance.now(), quiet = now - this.#lastActivity;
    this.#timer = quiet < this.times.quiet
      ? setTimeout(() => this.#check(), this.times.quiet - quiet)
      : undefined;
    if (this.#timer === undefined) void this.#trim();
    else if (now - this.#collectedAt >= this.times.busy) this.#collect(now);
  }

  #collect(now: number): void {
    if (this.memory.ownMemory() - this.#ownAfterCollection < LEAST_GAIN) return;
    this.memory.collectGarbage();
    this.#collectedAt = now;
    this.#ownAfterCollection = this.memory.ownMemory();
  }

  async #trim(): Promise<void> {
    if (!this.#isWorthwhile) return;
    // Most of what a few commands load are pages of the executable.
    const program = this.memory.programMappings();
    this.memory.releasePages(program);
    if (this.#isWorthwhile) {
      await this.memory.releaseMemory();
      this.memory.releasePages(program);
      this.#residentAfterTrim = this.memory.residentMemory();
      this.#ownAfterCollection = this.memory.ownMemory();
    }
    // These looks have left garbage, for which the runtime would wake init, in seconds or in an hour. To collect it takes
    // pages of the executable again.
    await this.memory.releaseMemory();
    this.memory.releasePages(program);
  }

  get #isWorthwhile(): boolean {
    return this.memory.residentMemory() - this.#residentAfterTrim >= LEAST_GAIN;
  }
}
