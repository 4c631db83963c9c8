/** The pulse of an init: how long a client waits for its answer, asked again and again, from a thread of its own. */

import { within } from "./deadline.ts";

/** An answer: when it was asked for, in ms of Unix time, and how long it was waited for, in ms. */
export interface Beat {
  at: number;
  waited: number;
}

/** The waits of a client, in ms. */
export interface Waits {
  /** How many answers there were. */
  count: number;
  p50: number;
  p99: number;
  most: number;
}

/** What is asked of the thread: to connect to an address, or to tell of the answers since it was asked last. */
export type PulseRequest = { address: string; interval: number } | "tell";

/**
 * Asks an init for an answer every so often. The thread does nothing else, so what it waits for is init and the
 * processors: its waits are never less than the delay of init's loop.
 */
export class Pulse implements Disposable {
  readonly #thread = new Worker(new URL("./pulse_thread.ts", import.meta.url), { type: "module" });

  private constructor() {}

  /** @param interval How often, in ms */
  static async start(address: string, interval = 20): Promise<Pulse> {
    const pulse = new Pulse();
    await pulse.#ask({ address, interval });
    return pulse;
  }

  /** All answers since this was asked last. */
  beats(): Promise<Beat[]> {
    return this.#ask("tell");
  }

  #ask(request: PulseRequest): Promise<Beat[]> {
    const { promise, resolve, reject } = Promise.withResolvers<Beat[]>();
    this.#thread.onmessage = ({ data }) => resolve(data);
    this.#thread.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`The pulse was lost: ${event.message}`));
    };
    this.#thread.postMessage(request);
    return within("the pulse", promise);
  }

  [Symbol.dispose](): void {
    this.#thread.terminate();
  }
}

/** The figures of some answers. */
export function summary(beats: readonly Beat[]): Waits {
  const sorted = beats.map(({ waited }) => waited).sort((one, other) => one - other);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), most: at(1) };
}
