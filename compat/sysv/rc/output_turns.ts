/** Whose output is written when: that of scripts that run side by side is kept, and written whole. A pure state machine. */

/** After how long a silence, in ms, the output of a script that still runs is written. */
export const SILENCE = 3000;

/** How much is kept of a script, in bytes. What exceeds it is written at once. */
const LARGEST_KEPT = 256 << 10;

/** The output that is kept of a script. */
interface Kept {
  pieces: Uint8Array[];
  size: number;
  hasEnded: boolean;
}

/**
 * The turns. All functions give what is to be written now. When nothing has been written for {@link SILENCE}, the script
 * whose output is oldest has its turn: what it says is written as it comes, until it ends.
 */
export class OutputTurns {
  /** In the order in which their first output came, and the ended ones among them. */
  readonly #kept = new Map<string, Kept>();
  /** Whose turn it is. */
  #turn: string | undefined;
  /** When something was written last, or nothing was kept. */
  #written = 0;

  /** Output of a script. */
  data(script: string, bytes: Uint8Array, time: number): Uint8Array[] {
    if (this.#turn === script) return this.#write([bytes], time);
    if (this.#kept.size === 0 && this.#turn === undefined) this.#written = time;
    const kept = this.#kept.get(script) ?? { pieces: [], size: 0, hasEnded: false };
    this.#kept.set(script, kept);
    kept.pieces.push(bytes);
    kept.size += bytes.length;
    return kept.size > LARGEST_KEPT ? this.#write(this.#take(script), time) : [];
  }

  /** A script has ended, and all its output has come. */
  ended(script: string, time: number): Uint8Array[] {
    if (this.#turn === script) this.#turn = undefined;
    const kept = this.#kept.get(script);
    if (kept) kept.hasEnded = true;
    return this.#turn === undefined ? this.#write(this.#takeEnded(), time) : [];
  }

  /** When {@link tick} has something to do next; undefined while nothing is kept. */
  get due(): number | undefined {
    return this.#kept.size === 0 ? undefined : this.#written + SILENCE;
  }

  /** To be called when it is due. */
  tick(time: number): Uint8Array[] {
    if (this.due === undefined || time < this.due) return [];
    const ended = this.#takeEnded();
    if (ended.length > 0) return this.#write(ended, time);
    const [oldest] = this.#kept.keys();
    if (this.#turn === undefined) this.#turn = oldest;
    return this.#write(this.#turn === oldest ? this.#take(oldest!) : [], time);
  }

  #take(script: string): Uint8Array[] {
    const { pieces } = this.#kept.get(script)!;
    this.#kept.delete(script);
    return pieces;
  }

  #takeEnded(): Uint8Array[] {
    return [...this.#kept].filter(([, { hasEnded }]) => hasEnded).flatMap(([script]) => this.#take(script));
  }

  #write(pieces: Uint8Array[], time: number): Uint8Array[] {
    if (pieces.length > 0 || this.#turn !== undefined) this.#written = time;
    return pieces;
  }
}
