/** One stream of output on its way into memory. Of a flood only samples are kept: all of it would cost as much as the log does. */

/** A stream that brings more bytes than this within so many ms is a flood. */
const FLOOD = 512 << 10, FLOOD_TIME = 100;

/** Of what comes beyond that, the last bytes of each such time (ms) are kept: so many, or up to twice as many. */
const SAMPLE_SIZE = 4096, SAMPLE_TIME = 10;

const NEWLINE = 10;

/** Where a stream's output is kept. */
export interface OutputKeeper {
  /** Takes bytes, which are valid until it returns. */
  take(bytes: Uint8Array): void;
  /** No more bytes will come. */
  end(): void;
}

/** What gets the bytes that are kept. */
export interface SieveEvents {
  /** These bytes are kept, which came at that time; `left`: so many before them are not. They are valid until it returns. */
  onKept(bytes: Uint8Array, at: number, left: number): void;
  /** A sample is held back for now: {@link OutputSieve.flush} gives it. */
  onHeld(): void;
  onEnd(): void;
}

/** Lets through what does not come too fast. */
export class OutputSieve implements OutputKeeper {
  #since = 0;
  #count = 0;
  /** The last bytes that have come, and when the first and the last of them did. */
  #sample: Uint8Array | undefined;
  #length = 0;
  #heldSince = 0;
  #heldAt = 0;
  /** How many bytes before those are left out. */
  #left = 0;

  /** @param now The time in ms since 1970. */
  constructor(private readonly now: () => number, private readonly events: SieveEvents) {}

  take(bytes: Uint8Array): void {
    const at = this.now();
    if (at - this.#since >= FLOOD_TIME || at < this.#since) {
      this.#since = at;
      this.#count = 0;
    }
    this.#count += bytes.length;
    if (this.#count > FLOOD) return this.#hold(bytes, at);
    this.flush();
    this.#sample = undefined;
    this.events.onKept(bytes, at, 0);
  }

  end(): void {
    this.flush();
    this.events.onEnd();
  }

  /** Passes on what is held back, from the beginning of a line where something before it is left out. */
  flush(): void {
    const sample = this.#sample?.subarray(0, this.#length);
    if (!sample?.length) return;
    const begin = this.#left > 0 ? sample.indexOf(NEWLINE) + 1 : 0, left = this.#left + begin;
    this.#length = this.#left = 0;
    this.events.onKept(sample.subarray(begin), this.#heldAt, left);
  }

  #hold(bytes: Uint8Array, at: number): void {
    if (this.#length > 0 && Math.abs(at - this.#heldSince) >= SAMPLE_TIME) this.flush();
    if (this.#length === 0) this.#heldSince = at;
    this.#heldAt = at;
    this.#sample ??= new Uint8Array(2 * SAMPLE_SIZE);
    const part = bytes.length > SAMPLE_SIZE ? bytes.subarray(-SAMPLE_SIZE) : bytes;
    if (part !== bytes) this.#shorten(0);
    else if (this.#length + part.length > this.#sample.length) this.#shorten(SAMPLE_SIZE);
    this.#left += bytes.length - part.length;
    this.#sample.set(part, this.#length);
    this.#length += part.length;
    this.events.onHeld();
  }

  /** Leaves out what is held back but so many of the last bytes. */
  #shorten(length: number): void {
    this.#sample!.copyWithin(0, this.#length - length, this.#length);
    this.#left += this.#length - length;
    this.#length = length;
  }
}
