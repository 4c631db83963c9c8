/** A script's output where several services share the streams, and these are no terminal. */

import { close, pipe } from "../../../sys/io/descriptors.ts";
import { type DescriptorReader, readDescriptor } from "../../../sys/io/streams.ts";
import type { OutputSink } from "../messages.ts";

const STREAMS = [1, 2];

/** Pipes for a script. */
export class PipedOutput {
  readonly #pipes = STREAMS.map((stream) => ({ stream, ...pipe() }));
  #readers: DescriptorReader[] = [];

  /** @param sink Takes copies of what comes */
  constructor(private readonly sink: OutputSink) {}

  /** The descriptors for the script. */
  get descriptors(): Record<number, number> {
    return Object.fromEntries(this.#pipes.map(({ stream, writer }) => [stream, writer]));
  }

  /** Reads from now on; the script has its own descriptors. */
  begin(): void {
    this.#readers = this.#pipes.map(({ stream, reader, writer }) => {
      close(writer);
      return readDescriptor(reader, {
        onData: (bytes) => this.sink(stream, new Uint8Array(bytes)),
        onEnd: () => {},
      });
    });
  }

  /** Takes what the script has left behind. */
  end(): void {
    for (const reader of this.#readers) {
      reader.drain();
      reader.close();
    }
  }
}
