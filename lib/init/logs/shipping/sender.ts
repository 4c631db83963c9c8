/** A place that lines are sent to. What it does not take yet waits, within bounds; what is beyond is lost. */

import type { ShippedLine } from "./lines.ts";

/** How much waits for one place at most, in bytes, and what a line counts beside its own. */
const MAX_WAITING = 4 << 20, LINE_COST = 256;

/** The pause before a place that fails is tried again (ms): it doubles. */
const FIRST_PAUSE = 250, LONGEST_PAUSE = 15_000;

/** How sending has gone: so many of the lines are taken, or are refused and lost; `reason`: it is to be tried again later. */
export interface Sent {
  taken: number;
  /** Of the lines taken, these were refused for good. */
  refused?: ShippedLine[];
  reason?: string;
  /** The place has too much to do: it is tried again soon, and nobody is told. */
  isBusy?: boolean;
}

/** Sends lines, the first ones first. It does not throw. */
export type Send = (lines: readonly ShippedLine[]) => Promise<Sent>;

/** Who is told. */
interface SenderEvents {
  /** @param job Whose output could not be sent. */
  failing(reason: string, job: string): void;
  working(): void;
  /** It has dealt with a line, which was sent, or {@link ShippedLine.isLost}. */
  done(line: ShippedLine): void;
}

/** The lines for one place. */
export class Sender {
  #lines: ShippedLine[] = [];
  #size = 0;
  #isSending = false;
  #isFailing = false;
  #pause = FIRST_PAUSE;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #onEmpty: (() => void) | undefined;

  /** @param delay How long lines gather before they are sent, in ms. */
  constructor(
    private readonly send: Send,
    private readonly delay: number,
    private readonly events: SenderEvents,
  ) {}

  add(line: ShippedLine): void {
    const cost = costOf(line);
    if (this.#size + cost > MAX_WAITING) return this.#lose(line);
    this.#lines.push(line);
    this.#size += cost;
    if (!this.#isSending) this.#timer ??= setTimeout(() => void this.#advance(), this.delay);
  }

  /** Sends at once what there is. Resolves when it is sent. */
  empty(): Promise<void> {
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
      if (this.#isSending) return;
      clearTimeout(this.#timer);
      void this.#advance();
    });
  }

  /** Counts what is left as lost. */
  abandon(): void {
    this.#lines.forEach((line) => this.#lose(line));
    this.#lines = [];
  }

  #lose(line: ShippedLine): void {
    line.isLost = true;
    this.events.done(line);
  }

  async #advance(): Promise<void> {
    this.#timer = undefined;
    this.#isSending = true;
    while (this.#lines.length > 0) {
      const [first] = this.#lines;
      const { taken, refused = [], reason, isBusy } = await this.send(this.#lines);
      for (const line of refused) line.isLost = true;
      for (const line of this.#lines.splice(0, taken)) {
        this.#size -= costOf(line);
        this.events.done(line);
      }
      if (reason !== undefined) this.#noteFailing(reason, first!.job);
      else if (taken > 0) this.#noteWorking();
      if (reason !== undefined || isBusy) {
        this.#isSending = false;
        return this.#retry(isBusy ? FIRST_PAUSE / 10 : this.#pause);
      }
    }
    this.#isSending = false;
    this.#onEmpty?.();
  }

  #retry(pause: number): void {
    this.#timer = setTimeout(() => void this.#advance(), pause);
    if (pause === this.#pause) this.#pause = Math.min(pause * 2, LONGEST_PAUSE);
  }

  #noteFailing(reason: string, job: string): void {
    if (!this.#isFailing) this.events.failing(reason, job);
    this.#isFailing = true;
  }

  #noteWorking(): void {
    this.#pause = FIRST_PAUSE;
    if (this.#isFailing) this.events.working();
    this.#isFailing = false;
  }
}

/** What a line counts while it waits. */
function costOf({ text }: ShippedLine): number {
  return text.length + LINE_COST;
}
