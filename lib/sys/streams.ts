/** Reading pipes, pty masters and the like as data comes, without a thread each. */

/** What a reader calls. */
export interface ReaderEvents {
  /** Data came; the bytes are the listener's to keep. */
  onData(bytes: Uint8Array): void;
  /** The last writer is gone and all data has been given, or reading failed (`errno`). The descriptor is closed by now. */
  onEnd(errno?: number): void;
}

/** A descriptor that is being read. */
export interface DescriptorReader {
  /** Stops reading for a while: the writer is blocked once the kernel's buffer is full. */
  pause(): void;
  resume(): void;
  /** Reads what the kernel holds right now (e.g. after the writer was reaped), without waiting for more. */
  drain(): void;
  /** Stops reading for good and closes the descriptor; no further calls are made. */
  close(): void;
}

/** Reads a descriptor until its end, event by event. It owns the descriptor from now on. */
export function readDescriptor(_fd: number, _events: ReaderEvents): DescriptorReader {
  throw new Error("not yet");
}
