/** The trace: what has happened, as a hash by which two histories are compared, and as text of what came last. */

/** So many lines are kept. */
const KEPT = 400;

/** The hash of a history. */
export class TraceHash {
  #one = 0x811c9dc5;
  #other = 0x9e3779b1;
  count = 0;
  readonly #lines: string[] = [];

  add(time: number, pid: number, what: string, result: number | string): void {
    this.count++;
    const line = `${time.toFixed(4)} ${pid} ${what} ${result}`;
    for (let at = 0; at < line.length; at++) {
      this.#one = Math.imul(this.#one ^ line.charCodeAt(at), 0x01000193);
    }
    this.#other = Math.imul(this.#other + this.#one ^ this.#other >>> 15, 0x2c1b3c6d);
    if (this.#lines.length < KEPT) this.#lines.push(line);
    else this.#lines[this.count % KEPT] = line;
  }

  /** Sixteen hexadecimal digits. */
  get digest(): string {
    return [this.#one, this.#other].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
  }

  /** The last lines. */
  get last(): string[] {
    if (this.#lines.length < KEPT) return [...this.#lines];
    const start = (this.count + 1) % KEPT;
    return [...this.#lines.slice(start), ...this.#lines.slice(0, start)];
  }
}
