/** The question for the runlevel on the console, where inittab names none. Init does not wait for the answer. */

import { Buffer } from "node:buffer";
import { close, O_NOCTTY, O_NONBLOCK, O_RDWR, open, read, write } from "../../sys/io/descriptors.ts";
import { EAGAIN, EINTR } from "../../sys/call/errno.ts";
import { unlessRefused } from "../../sys/call/refused.ts";
import { poller } from "../../sys/io/poller.ts";
import { CONSOLE } from "./entry_job.ts";

const QUESTION = "\nEnter runlevel: ";

/** Of a longer line, no more is looked at, in bytes. */
const MAX_LINE = 1024;

/** Asks, as often as {@link ask} is called. */
export class RunlevelPrompt {
  #descriptor: number | undefined;
  #line = "";

  /** @param onAnswer Receives a line; undefined when there is no console that somebody could answer on. */
  constructor(private readonly onAnswer: (text: string | undefined) => void) {}

  /** True while an answer is waited for. */
  get isAsking(): boolean {
    return this.#descriptor !== undefined;
  }

  ask(): void {
    const descriptor = this.#descriptor ??= this.#open();
    if (descriptor === undefined) return void setImmediate(() => this.onAnswer(undefined));
    this.#line = "";
    write(descriptor, Buffer.from(QUESTION));
  }

  /** Asks no longer. */
  stop(): void {
    if (this.#descriptor === undefined) return;
    poller().unwatch(this.#descriptor);
    close(this.#descriptor);
    this.#descriptor = undefined;
  }

  /** Undefined when there is no console, or nothing can be awaited from it. */
  #open(): number | undefined {
    return unlessRefused(() => {
      const descriptor = open(CONSOLE, O_RDWR | O_NOCTTY | O_NONBLOCK);
      return unlessRefused(() => {
        poller().watch(descriptor, () => this.#read(descriptor));
        return descriptor;
      }, () => {
        close(descriptor);
        return undefined;
      });
    }, () => undefined);
  }

  #read(descriptor: number): void {
    const bytes = read(descriptor);
    if (bytes === -EAGAIN || bytes === -EINTR) return;
    if (typeof bytes === "number" || bytes.length === 0) {
      this.stop();
      return this.onAnswer(undefined);
    }
    this.#line = (this.#line + Buffer.from(bytes).toString("latin1")).slice(0, MAX_LINE);
    const end = this.#line.indexOf("\n");
    if (end >= 0) this.onAnswer(this.#line.slice(0, end));
    else if (this.#line.length >= MAX_LINE) this.onAnswer("");
  }
}
