/** A numbering of things, by which plain data refers to them. */

/** Numbers things from 0, in the order in which they are first asked for. */
export class Numbering<Thing> {
  readonly #numbers: Map<Thing, number>;

  constructor(first: Iterable<Thing> = []) {
    this.#numbers = new Map(Array.from(first, (thing, index) => [thing, index]));
  }

  has(thing: Thing): boolean {
    return this.#numbers.has(thing);
  }

  of(thing: Thing): number {
    const number = this.#numbers.get(thing) ?? this.#numbers.size;
    this.#numbers.set(thing, number);
    return number;
  }

  get all(): Thing[] {
    return Array.from(this.#numbers.keys());
  }
}
