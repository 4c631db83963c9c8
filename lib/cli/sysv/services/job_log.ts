/** The log of a service's job, and what of it the change of a moment ago has written. */

import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import { errorReason } from "../../../sys/call/errno.ts";
import { ifAllowed, unlessRefused } from "../../../sys/call/refused.ts";

/** Where init writes what jobs print, unless its option --logdir says otherwise. */
const DIRECTORY = "/var/log/upstart";

/** How much of what was written is read for a report, in bytes, and how many lines of that are shown. */
const MAX_READ = 16_384, MAX_LINES = 10;

/** How much of it is read as a whole, in bytes. */
const MAX_WHOLE = 1 << 20;

const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;

/** A log from a moment on. */
export class JobLog {
  readonly #path: string;
  #size: number;

  constructor(private readonly name: string) {
    this.#path = `${DIRECTORY}/${name}.log`;
    this.#size = ifAllowed(() => statSync(this.#path).size) ?? 0;
  }

  /** Lines for the user: where the output is, and the last of what has been written since. */
  report(): string {
    const lines = unlessRefused(() => this.#linesSince(), (error) => errorReason(error));
    const where = `${this.name}: what the script prints is in ${this.#path}`;
    if (typeof lines === "string") return `${where} or in init's --logdir (cannot be read: ${lines})`;
    if (lines.length === 0) return `${where}; this time it has printed nothing`;
    return [`${where}; this time it ends with`, ...lines.map((line) => `  ${line}`)].join("\n");
  }

  /**
   * What has been written since, or since the last call, or the last megabyte of that; nothing where the log cannot be read.
   */
  written(): Uint8Array {
    return ifAllowed(() => {
      const { bytes, size } = this.#bytesSince(MAX_WHOLE);
      this.#size = size;
      return bytes;
    }) ?? new Uint8Array();
  }

  #linesSince(): string[] {
    const text = this.#bytesSince(MAX_READ).bytes.toString("utf8").trimEnd();
    return text === "" ? [] : text.split(/\r?\n/).slice(-MAX_LINES).map(printable);
  }

  /** The last of what is new, and the size of the log. */
  #bytesSince(most: number): { bytes: Buffer; size: number } {
    const descriptor = openSync(this.#path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    try {
      const status = fstatSync(descriptor);
      if (!status.isFile()) return { bytes: Buffer.alloc(0), size: 0 };
      // A log that has become shorter is a new one.
      const begin = status.size < this.#size ? 0 : this.#size;
      const bytes = Buffer.alloc(Math.min(status.size - begin, most));
      const length = readSync(descriptor, bytes, 0, bytes.length, status.size - bytes.length);
      return { bytes: bytes.subarray(0, length), size: status.size };
    } finally {
      closeSync(descriptor);
    }
  }
}

/** Without control characters, which a terminal would obey. */
function printable(line: string): string {
  // deno-lint-ignore no-control-regex
  return line.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "?");
}
