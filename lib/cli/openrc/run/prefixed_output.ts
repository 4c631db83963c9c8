/** A script's output on a terminal that several services share: each line begins with the service's name. */

import { Buffer } from "node:buffer";
import { close, openPty } from "../../../sys/io/descriptors.ts";
import { type DescriptorReader, readDescriptor } from "../../../sys/io/streams.ts";
import { copyTerminalSize } from "../../../sys/machine/terminal.ts";
import type { ServiceRun } from "./service_run.ts";

const OUTPUT = 1, ESCAPE = 0x1b, NEWLINE = 0x0a, UP = 0x41;

/** A terminal for a script. What is written to it comes out line by line, so that lines of others stay whole, too. */
export class PrefixedOutput {
  readonly #master: number;
  readonly #prefix: Buffer;
  #slave: number | undefined;
  #reader: DescriptorReader | undefined;
  #isInLine = false;

  constructor(private readonly run: ServiceRun) {
    const { prefix = "", messages } = run;
    const { master, slave } = openPty();
    copyTerminalSize(OUTPUT, slave);
    this.#master = master;
    this.#slave = slave;
    const { HILITE = "", NORMAL = "" } = messages.palette ?? {};
    this.#prefix = Buffer.from(`${HILITE}${prefix}${NORMAL}|`);
  }

  /** The descriptors for the script. */
  get descriptors(): Record<number, number> {
    return { 1: this.#slave!, 2: this.#slave! };
  }

  /** Reads from now on; the script has its own descriptor. */
  begin(): void {
    close(this.#slave!);
    this.#slave = undefined;
    this.#reader = readDescriptor(this.#master, {
      onData: (bytes) => this.run.messages.sink(OUTPUT, this.#prefixed(bytes)),
      onEnd: () => {},
    });
  }

  /** Writes what the script has left behind. */
  end(): void {
    this.#reader?.drain();
    this.#reader?.close();
  }

  #prefixed(bytes: Uint8Array): Buffer {
    const pieces: Uint8Array[] = [];
    for (let start = 0; start < bytes.length;) {
      const newline = bytes.indexOf(NEWLINE, start);
      const end = newline < 0 ? bytes.length : newline + 1;
      const line = bytes.slice(start, end);
      if (!this.#isInLine && !goesUp(line)) pieces.push(this.#prefix);
      pieces.push(line);
      this.#isInLine = newline < 0;
      start = end;
    }
    return Buffer.concat(pieces);
  }
}

/** True for what is written at the end of the line above: how something ended. */
function goesUp(line: Uint8Array): boolean {
  if (line[0] !== ESCAPE) return false;
  const letter = line.findIndex((byte, index) => index > 0 && (byte & 0xdf) >= 0x41 && (byte & 0xdf) <= 0x5a);
  return line[letter] === UP;
}
