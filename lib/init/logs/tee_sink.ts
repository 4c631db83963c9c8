/** Sinks that pass output on without keeping any. */

import type { Sink } from "./output_reader.ts";

/** Output that is read for the sake of what is in it. */
export const NOWHERE: Sink = { take() {}, end() {}, whenRoom() {}, full: false, broken: false };

/** Passes output on, and to init's own output, whose reader the writer waits for. */
export class TeeSink implements Sink {
  readonly broken = false;

  constructor(private readonly lines: Sink, private readonly also: (bytes: Uint8Array) => void) {}

  take(bytes: Uint8Array): void {
    this.lines.take(bytes);
    this.also(bytes);
  }

  resume(bytes: Uint8Array): void {
    this.lines.take(bytes);
  }

  end(): void {
    this.lines.end();
  }

  get kept(): Uint8Array {
    return this.lines.kept ?? new Uint8Array();
  }

  get full(): boolean {
    return this.lines.full;
  }

  whenRoom(listener: () => void): void {
    this.lines.whenRoom(listener);
  }
}
