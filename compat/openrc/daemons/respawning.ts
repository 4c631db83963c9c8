/** How often a supervised daemon is started again. */

/** The limits of respawning. */
export interface RespawnLimits {
  /** How often at most; 0: always. */
  max: number;
  /** The count begins anew after so many seconds; 0: never. */
  period: number;
}

/** Counts the ends of one daemon. */
export class RespawnCount {
  /** When the first end of this period was, in seconds. */
  #since: number | undefined;
  #count = 0;

  constructor(private readonly limits: RespawnLimits) {}

  /** How often the daemon was started again. */
  get count(): number {
    return this.#count;
  }

  /**
   * Notes an end.
   * @param now In seconds
   * @returns false when it was one too many.
   */
  ended(now: number): boolean {
    const { max, period } = this.limits;
    this.#since ??= now;
    if (period > 0 && now - this.#since > period) {
      this.#count = 0;
      this.#since = undefined;
    } else this.#count++;
    return max === 0 || this.#count <= max;
  }
}
