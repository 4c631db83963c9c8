/** The pipes by which main processes tell that they are ready: they write a line to a descriptor (`ready fd`). */

import { close, pipe } from "../../sys/io/descriptors.ts";
import { type DescriptorReader, readDescriptor } from "../../sys/io/streams.ts";
import type { Part } from "../parts/part.ts";

const NEWLINE = 10;

/** A pipe that is read. */
interface ReadPipe {
  job: string;
  instance: string;
  fd: number;
}

/** What is saved of {@link ReadinessPipes}: the reading ends. */
export type SavedPipes = ReadPipe[];

/** The pipes that are read. */
export class ReadinessPipes implements Part<SavedPipes> {
  readonly #read = new Map<string, ReadPipe & { reader: DescriptorReader }>();

  /** @param onReady Called when the process of an instance has written a line. */
  constructor(private readonly onReady: (job: string, instance: string) => void) {}

  /**
   * Makes a pipe for the next main process of an instance, in place of the one before. Returns the writing end, which the
   * caller has to close.
   * @throws {SystemError}
   */
  open(job: string, instance: string): number {
    this.release(job, instance);
    const { reader, writer } = pipe();
    try {
      this.#watch({ job, instance, fd: reader });
    } catch (error) {
      close(writer);
      throw error;
    }
    return writer;
  }

  /** Closes the pipe of an instance. */
  release(job: string, instance: string): void {
    const key = `${job}/${instance}`;
    this.#read.get(key)?.reader.close();
    this.#read.delete(key);
  }

  /** Closes all. */
  close(): void {
    for (const { reader } of this.#read.values()) reader.close();
    this.#read.clear();
  }

  save(): SavedPipes {
    return Array.from(this.#read.values(), ({ job, instance, fd }) => ({ job, instance, fd }));
  }

  descriptors(): number[] {
    return this.save().map(({ fd }) => fd);
  }

  restore(saved: SavedPipes): void {
    for (const one of saved) this.#watch(one);
  }

  /** Reads until a line has come, or the process has closed the pipe. It is read on then, so that no write fails. */
  #watch({ job, instance, fd }: ReadPipe): void {
    const key = `${job}/${instance}`;
    let isReady = false;
    const reader = readDescriptor(fd, {
      onData: (bytes) => {
        if (isReady || !bytes.includes(NEWLINE)) return;
        isReady = true;
        this.onReady(job, instance);
      },
      onEnd: () => void this.#read.delete(key),
    });
    this.#read.set(key, { job, instance, fd, reader });
  }
}
