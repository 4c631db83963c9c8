/** The reader of output: moves bytes from a terminal or pipe to a sink. */

import { type DescriptorReader, readThrottled } from "../../sys/io/streams.ts";

/** Where output goes. */
export interface Sink {
  /** Takes bytes. They are valid until it returns. */
  take(bytes: Uint8Array): void;
  /** To be called when no more bytes will come. */
  end(): void;
  /** The bytes that were taken but not passed on, for the rest of their line has not come: another sink can take them. */
  readonly kept?: Uint8Array;
  /** Takes bytes that another sink had kept, in place of {@link take}. */
  resume?(bytes: Uint8Array): void;
  /** True when it should be given no more for now. */
  readonly full: boolean;
  /** True when all that it is given is lost, and the writer should notice. */
  readonly broken: boolean;
  /** Calls the listener once, when there is room again. */
  whenRoom(listener: () => void): void;
}

/** Looks at bytes on their way to the sink. What it returns is called when they are there. */
export type Look = (bytes: Uint8Array) => (() => void) | undefined;

/** Reads a descriptor until its end, and pauses while the sink is full. */
export class OutputReader {
  readonly #reader: DescriptorReader;
  #ended = false;
  #waiting = false;

  /**
   * @param look Looks at all bytes.
   * @param text Changes all bytes before anybody gets them.
   * @param onEnd Called when all has been read, or no more will be. It is not called after {@link close}.
   * @throws {SystemError} when the descriptor cannot be read. It is closed then.
   */
  constructor(
    readonly descriptor: number,
    readonly sink: Sink,
    private readonly onEnd: () => void,
    look?: Look,
    text?: { clean(bytes: Uint8Array): Uint8Array },
  ) {
    this.#reader = readThrottled(descriptor, {
      onData: (given) => {
        const bytes = text?.clean(given) ?? given;
        // Whoever is told may make system calls, which the bytes do not survive.
        const tell = look?.(bytes);
        sink.take(bytes);
        tell?.();
        if (this.#ended) return;
        if (sink.broken) this.#giveUp();
        else if (sink.full) this.#wait();
      },
      onEnd: () => {
        this.#ended = true;
        sink.end();
        onEnd();
      },
    });
  }

  /** Reads what there is now. If the sink is full, it is read when there is room. */
  drain(): void {
    if (!this.#ended && !this.#waiting) this.#reader.drain();
  }

  /** Reads what there is, even if the sink is full, and stops. */
  close(): void {
    if (this.#ended) return;
    this.#reader.drain();
    if (this.#ended) return;
    this.#reader.close();
    this.#ended = true;
    this.sink.end();
  }

  /** Closes the descriptor: a process that goes on writing gets SIGPIPE. */
  #giveUp(): void {
    this.#reader.close();
    this.#ended = true;
    this.onEnd();
  }

  /** Stops reading until the sink has room. The kernel blocks the writer meanwhile. */
  #wait(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#reader.pause();
    this.sink.whenRoom(() => {
      this.#waiting = false;
      if (this.#ended) return;
      if (this.sink.broken) this.#giveUp();
      else this.#reader.resume();
    });
  }
}
