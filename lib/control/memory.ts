/** What comes again and again is worked out once. */

/** How many values are held at least. */
const MOST = 128;

/** Keys that are longer than so many characters are not remembered. */
const LONGEST = 512;

/**
 * A table that forgets: it holds `most` values to twice as many, those used last among them. What a client
 * can make init remember has to be bounded.
 */
export class Memory<Value> {
  #recent = new Map<string, Value>();
  #former = new Map<string, Value>();

  constructor(private readonly most = MOST) {}

  /** The value of a key, made if it is not there. */
  get(key: string, make: () => Value): Value {
    const recent = this.#recent.get(key);
    if (recent !== undefined) return recent;
    const value = this.#former.get(key) ?? make();
    if (key.length > LONGEST) return value;
    if (this.#recent.size >= this.most) {
      this.#former = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(key, value);
    return value;
  }

  /** How many values are held. */
  get size(): number {
    return this.#recent.size + this.#former.size;
  }
}
