/**
 * The channels between processes and init: terminals and pipes that processes write to and init reads from. The children
 * that a process leaves behind may hold its channel open for ever. When an instance has many channels, its next process
 * shares the newest.
 */

import { Buffer } from "node:buffer";
import { close } from "../../sys/io/descriptors.ts";
import { type DescriptorPair, openWriter } from "./descriptor_pairs.ts";
import { type Look, OutputReader, type Sink } from "./output_reader.ts";

/** An output stream of a process. */
export interface OutputStream {
  /** The process's descriptors that it is on. */
  descriptors: readonly number[];
  /** @throws {SystemError} when it cannot be opened. */
  open(): DescriptorPair;
  /** Where its bytes go, and what changes them on the way. `release` is to be called when no more will come. */
  sink(): { sink: Sink; release(): void; look?: Look; text?: { clean(bytes: Uint8Array): Uint8Array } };
}

/** The terminal or the pipes of one process, or of several of the same instance. */
interface Channel {
  /** Its number, by which processes are connected with it again when it was saved. */
  readonly number: number;
  readonly key: string;
  readonly pairs: DescriptorPair[];
  readonly readers: OutputReader[];
}

/** How many channels an instance may have. The system has about 4,096 terminals. */
const MAX_CHANNELS = 4;

/** What is saved of {@link Channels}. */
export interface SavedChannels {
  lastNumber: number;
  readers: SavedReader[];
}

/** A terminal or pipe that is read. */
interface SavedReader {
  /** The number of its channel, and the channel's key. */
  channel: number;
  key: string;
  /** Which of the channel's streams it is. */
  stream: number;
  kind: DescriptorPair["kind"];
  descriptor: number;
  /** The piece of a line that was read, in base64. */
  kept: string;
  /** True: other processes may share the channel. */
  isShared: boolean;
}

/** A reader's place, and what is to be done at its end. */
interface ReaderPlace {
  over(): void;
  channel: Channel;
  stream: number;
}

/** The connection of one process with its channel. */
interface OutputConnection {
  /** The channel's number. */
  readonly channel: number;
  /** The writing ends, by the process's descriptors. */
  readonly outputs: Record<number, number>;
  /** Closes init's copies of the writing ends. To be called after the spawn. */
  spawned(): void;
  /** Reads the rest of what the process has written. To be called after its exit. */
  ended(): void;
}

/** The channels of all processes. */
export class Channels {
  readonly #readers = new Map<OutputReader, ReaderPlace>();
  readonly #channels = new Map<string, readonly Channel[]>();
  #lastNumber = 0;

  /**
   * Connects a process with its output streams.
   *
   * @param key Stands for where the streams go: processes with the same key may share a channel.
   * @throws {SystemError} when a stream cannot be opened. Nothing is left open then.
   */
  connect(key: string, streams: readonly OutputStream[]): OutputConnection {
    const writers: number[] = [];
    let channel: Channel;
    try {
      const channels = this.#channels.get(key) ?? [];
      if (channels.length >= MAX_CHANNELS) {
        channel = channels.at(-1)!;
        for (const pair of channel.pairs) writers.push(openWriter(pair));
      } else {
        channel = this.#make(key, streams, writers);
      }
    } catch (error) {
      writers.forEach(close);
      throw error;
    }
    const outputs = streams.flatMap(({ descriptors }, index) =>
      descriptors.map((descriptor) => [descriptor, writers[index]!])
    );
    return {
      outputs: Object.fromEntries(outputs),
      spawned: () => writers.forEach(close),
      channel: channel.number,
      ended: () => channel.readers.forEach((reader) => reader.drain()),
    };
  }

  /** Reads what there is in a channel. It looks at all channels: {@link OutputConnection.ended} is faster. */
  drain(number: number): void {
    for (const [reader, { channel }] of this.#readers) if (channel.number === number) reader.drain();
  }

  /** Reads what there is in all channels. */
  drainAll(): void {
    for (const reader of [...this.#readers.keys()]) reader.drain();
  }

  /** The descriptors stay open, and are still read here. */
  save(): SavedChannels {
    const readers = Array.from(this.#readers, ([reader, { channel, stream }]) => ({
      channel: channel.number,
      key: channel.key,
      stream,
      kind: channel.pairs[stream]!.kind,
      descriptor: reader.descriptor,
      kept: Buffer.from(reader.sink.kept ?? []).toString("base64"),
      isShared: this.#channels.get(channel.key)?.includes(channel) ?? false,
    }));
    return { lastNumber: this.#lastNumber, readers };
  }

  descriptors(): number[] {
    return Array.from(this.#readers.keys(), ({ descriptor }) => descriptor);
  }

  /**
   * Goes on reading.
   *
   * @param streamsOf Gives the streams for a key.
   */
  restore({ lastNumber, readers }: SavedChannels, streamsOf: (key: string) => readonly OutputStream[]): void {
    this.#lastNumber = lastNumber;
    for (const all of Map.groupBy(readers, ({ channel }) => channel).values()) {
      const { channel: number, key, isShared } = all[0]!;
      const channel: Channel = { number, key, pairs: [], readers: [] };
      for (const { stream, kind, descriptor, kept } of all) {
        channel.pairs[stream] = { kind, reader: descriptor, writer: -1 };
        const makeSink = () => {
          const made = streamsOf(key)[stream]!.sink();
          const bytes = Buffer.from(kept, "base64");
          if (bytes.length > 0) made.sink.resume ? made.sink.resume(bytes) : made.sink.take(bytes);
          return made;
        };
        channel.readers.push(this.#read(channel, stream, makeSink));
      }
      if (isShared) this.#channels.set(key, [...this.#channels.get(key) ?? [], channel]);
    }
  }

  /** Reads what there is in all channels, then closes them. */
  close(): void {
    for (const reader of this.#readers.keys()) reader.close();
    this.#readers.clear();
    this.#channels.clear();
  }

  /**
   * Opens a new channel.
   *
   * @param writers Receives the writing ends, which the caller has to close, even on failure.
   * @throws {SystemError} when a stream cannot be opened. Nothing else is left open then.
   */
  #make(key: string, streams: readonly OutputStream[], writers: number[]): Channel {
    const channel: Channel = { number: ++this.#lastNumber, key, pairs: [], readers: [] };
    try {
      for (const [stream, { open, sink }] of streams.entries()) {
        const pair = open();
        writers.push(pair.writer);
        channel.pairs.push(pair);
        channel.readers.push(this.#read(channel, stream, sink));
      }
    } catch (error) {
      for (const reader of channel.readers) this.#abandon(reader);
      throw error;
    }
    this.#channels.set(key, [...this.#channels.get(key) ?? [], channel]);
    return channel;
  }

  /**
   * Reads a stream of a channel until its end.
   *
   * @throws {SystemError} when it cannot be read. It is closed then.
   */
  #read(channel: Channel, stream: number, makeSink: OutputStream["sink"]): OutputReader {
    const { sink, release, look, text } = makeSink();
    const descriptor = channel.pairs[stream]!.reader;
    const over = () => {
      release();
      this.#forget(channel);
    };
    try {
      const reader: OutputReader = new OutputReader(
        descriptor,
        sink,
        () => {
          this.#readers.delete(reader);
          over();
        },
        look,
        text,
      );
      this.#readers.set(reader, { over, channel, stream });
      return reader;
    } catch (error) {
      over();
      throw error;
    }
  }

  /** Lets no further process share a channel. */
  #forget(channel: Channel): void {
    const others = this.#channels.get(channel.key)?.filter((other) => other !== channel) ?? [];
    if (others.length > 0) this.#channels.set(channel.key, others);
    else this.#channels.delete(channel.key);
  }

  #abandon(reader: OutputReader): void {
    reader.close();
    this.#readers.get(reader)?.over();
    this.#readers.delete(reader);
  }
}
