/** Mutations of inputs: bytes, numbers, words and whole pieces are changed, moved, repeated and mixed, by a seed. */

import { Buffer } from "node:buffer";

/** A source of numbers that look random, and are the same for the same seed (mulberry32). */
export class Random {
  constructor(private state: number) {}

  /** A whole number from 0 to below a limit. */
  below(limit: number): number {
    let mixed = this.state = this.state + 0x6d2b79f5 | 0;
    mixed = Math.imul(mixed ^ mixed >>> 15, mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return Math.floor(((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32 * limit);
  }

  of<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }
}

/** Bytes that readers are known to treat in a way of their own. */
const ODD_BYTES = [0, 1, 9, 10, 13, 27, 32, 34, 39, 47, 58, 61, 92, 0x7f, 0x80, 0x9b, 0xc0, 0xed, 0xff];

/** Texts likewise. */
const ODD_TEXTS = [
  ..."-1|0|1e999|NaN|99999999999999999999|0x10|2147483648|4294967295|9007199254740993|__proto__".split("|"),
  ..."constructor|toString|../../..|/|//|.|..|%00|\r\n|\n\n|\0|\x1b[2J|\u2028|\ufeff|\ud800".split("|"),
  ..."{}|[]|null|true|\"\"|''|$|${|`|\\|#|;|&|<<|*|?|[!".split("|"),
];

/** The numbers that stand at the edges of what fits into one to four bytes. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** Makes a further input out of those that are known. */
export class Mutator {
  constructor(
    private readonly random: Random,
    private readonly words: readonly string[],
    private readonly longest: number,
  ) {}

  /** One of the inputs, changed a few times. */
  next(inputs: readonly Buffer[]): Buffer {
    let bytes = this.random.of(inputs);
    for (let times = 1 << this.random.below(4); times > 0; times--) {
      bytes = this.random.of(CHANGES)(bytes, this.random, inputs, this.words);
    }
    return bytes.subarray(0, this.longest);
  }

  /** An input in which a piece is repeated up to a length. */
  repeated(bytes: Buffer, length: number): (length: number) => Buffer {
    const start = this.random.below(bytes.length), size = 1 + this.random.below(Math.min(40, length));
    const piece = bytes.subarray(start, start + size);
    const before = bytes.subarray(0, start), behind = bytes.subarray(start + piece.length);
    return (length) => {
      const room = Math.max(0, length - before.length - behind.length);
      return Buffer.concat([before, Buffer.alloc(room, piece), behind]);
    };
  }
}

/** A change of an input. */
type Change = (bytes: Buffer, random: Random, inputs: readonly Buffer[], words: readonly string[]) => Buffer;

const CHANGES: readonly Change[] = [
  // A byte is another one, or a bit of it.
  (bytes, random) => replaced(bytes, random, Buffer.from([random.below(256)])),
  (bytes, random) => replaced(bytes, random, Buffer.from([random.of(ODD_BYTES)])),
  (bytes, random) => {
    const changed = Buffer.from(bytes);
    if (changed.length > 0) changed[random.below(changed.length)]! ^= 1 << random.below(8);
    return changed;
  },
  // A binary number.
  (bytes, random) => {
    const number = Buffer.alloc(4);
    number.writeUInt32LE(random.below(2) ? random.of(EDGES) : random.below(64));
    return replaced(bytes, random, random.below(2) ? number : number.reverse().subarray(random.below(4)));
  },
  // A number in the text.
  (bytes, random) => {
    const numbers = [...bytes.toString("latin1").matchAll(/\d+/g)];
    if (numbers.length === 0) return bytes;
    const { 0: { length }, index } = random.of(numbers);
    const number = random.below(2) ? random.of(ODD_TEXTS.slice(0, 9)) : String(random.below(300));
    return spliced(bytes, index, length, Buffer.from(number));
  },
  // Texts that are put in, or stand in the place of others.
  (bytes, random) => spliced(bytes, random.below(bytes.length + 1), 0, Buffer.from(random.of(ODD_TEXTS))),
  (bytes, random, _, words) => {
    const word = Buffer.from(random.of(words.length > 0 ? words : ODD_TEXTS), "latin1");
    return spliced(bytes, random.below(bytes.length + 1), random.below(2) * random.below(word.length), word);
  },
  // A piece goes, comes twice, or comes elsewhere.
  (bytes, random) => spliced(bytes, random.below(bytes.length + 1), 1 + random.below(16), Buffer.alloc(0)),
  (bytes, random) => {
    const piece = pieceOf(bytes, random);
    return spliced(
      bytes,
      random.below(bytes.length + 1),
      0,
      Buffer.concat(Array(1 + random.below(8)).fill(piece)),
    );
  },
  // A line goes, or comes elsewhere.
  (bytes, random) => {
    const lines = bytes.toString("latin1").split("\n");
    const [line = ""] = lines.splice(random.below(lines.length), 1);
    if (random.below(2)) lines.splice(random.below(lines.length + 1), 0, line, line);
    return Buffer.from(lines.join("\n"), "latin1");
  },
  // A piece of another input; the beginning of one with the end of another.
  (bytes, random, inputs) =>
    spliced(bytes, random.below(bytes.length + 1), random.below(16), pieceOf(random.of(inputs), random)),
  (bytes, random, inputs) => {
    const other = random.of(inputs);
    return Buffer.concat([
      bytes.subarray(0, random.below(bytes.length + 1)),
      other.subarray(random.below(other.length + 1)),
    ]);
  },
];

function replaced(bytes: Buffer, random: Random, piece: Buffer): Buffer {
  return spliced(bytes, random.below(bytes.length + 1), piece.length, piece);
}

function spliced(bytes: Buffer, at: number, removed: number, added: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)]);
}

function pieceOf(bytes: Buffer, random: Random): Buffer {
  const start = random.below(bytes.length + 1);
  return bytes.subarray(start, start + 1 + random.below(64));
}
