/** Pairs of descriptors: terminals and pipes that a job writes to and init reads from. */

import { passOutput } from "../../sys/machine/terminal.ts";
import { close, fchmod, O_WRONLY, open, openPty, openPtyPeer, pipe } from "../../sys/io/descriptors.ts";

/** The two ends of a terminal or a pipe. */
export interface DescriptorPair {
  readonly kind: "terminal" | "pipe";
  readonly reader: number;
  readonly writer: number;
}

/**
 * Opens a terminal: programs print line by line to one.
 *
 * @param isPlain It does not change what is written to it, such as line ends.
 * @throws {SystemError} when there is none.
 */
export function openTerminal(openPair = openPty, isPlain = false): DescriptorPair {
  const { master, slave } = openPair();
  if (isPlain) passOutput(slave);
  return { kind: "terminal", reader: master, writer: slave };
}

/**
 * Opens a pipe, whose end the job's user can open as /dev/stdout.
 *
 * @throws {SystemError} when descriptors or memory are short.
 */
export function openPipe(): DescriptorPair {
  const { reader, writer } = pipe();
  try {
    fchmod(writer, 0o666);
  } catch (error) {
    close(reader);
    close(writer);
    throw error;
  }
  return { kind: "pipe", reader, writer };
}

/**
 * Opens another writing end.
 *
 * @throws {SystemError} when descriptors or memory are short.
 */
export function openWriter({ kind, reader }: DescriptorPair): number {
  return kind === "terminal" ? openPtyPeer(reader) : open(`/proc/self/fd/${reader}`, O_WRONLY);
}
