/** Moving what comes out of a terminal or pipe to where it belongs. */

import { type DescriptorReader, readPaced } from "../../sys/streams.ts";

/** Where output goes. */
export interface Sink {
  /** Takes bytes, which are valid until it returns. */
  take(bytes: Uint8Array): void;
  /** No more will come. */
  end(): void;
  /** True when it is to be given no more for now. */
  readonly full: boolean;
  /** True when nothing that it is given gets anywhere, and the writer should know. */
  readonly broken: boolean;
  /** Calls the listener once when there is room again. */
  whenRoom(listener: () => void): void;
}

/** Reads a descriptor until its end. */
export class OutputReader {
  readonly #reader: DescriptorReader;
  #ended = false;
  #waiting = false;

  /** @param onEnd Called when all has been read; not after {@link close}. */
  constructor(descriptor: number, private readonly sink: Sink, onEnd: () => void) {
    this.#reader = readPaced(descriptor, {
      onData: (bytes) => {
        sink.take(bytes);
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

  /** Reads what there is right now, unless the sink is full: then it is read when there is room. */
  drain(): void {
    if (!this.#ended && !this.#waiting) this.#reader.drain();
  }

  /** Reads what there is, room or not, and stops. */
  close(): void {
    if (this.#ended) return;
    this.#reader.drain();
    if (this.#ended) return;
    this.#reader.close();
    this.#ended = true;
    this.sink.end();
  }

  /** Closes the descriptor: who goes on writing gets SIGPIPE. */
  #giveUp(): void {
    this.#reader.close();
    this.#ended = true;
  }

  /** Stops reading until the sink has room; the writer is blocked meanwhile. */
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
