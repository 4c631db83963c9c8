/** A bounded cache of values by their keys, for what clients can make init remember. */

/** How many values are held at least, and how many characters a key may have whose value is held. */
const MOST = 128, LONGEST_KEY = 512;

/** Holds `most` values to twice as many, those used last among them: the older half is dropped as a whole. */
export class BoundedCache<Value> {
  #recent = new Map<string, Value>();
  #former = new Map<string, Value>();

  constructor(private readonly most = MOST) {}

  /** The value of a key, if it is held. */
  find(key: string): Value | undefined {
    const recent = this.#recent.get(key);
    if (recent !== undefined) return recent;
    const former = this.#former.get(key);
    return former === undefined ? undefined : this.add(key, former);
  }

  /** Holds a value, if its key is not too long; gives the value. */
  add(key: string, value: Value): Value {
    if (key.length > LONGEST_KEY) return value;
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
