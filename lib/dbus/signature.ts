/** Signatures: the types of values, as the D-Bus specification writes them ("Type System"). */

import { BoundedCache } from "./bounded_cache.ts";
import { DEEPEST_NESTING, LONGEST_SIGNATURE } from "./limits.ts";
import { ProtocolError } from "./protocol_error.ts";

/** A complete type. */
export interface DBusType {
  /** The first character of its signature; `(` is a structure, `{` an entry of a dictionary. */
  readonly code: string;
  /** How many characters its signature has. */
  readonly length: number;
  /** Values begin at a multiple of so many bytes. */
  readonly alignment: number;
  /** The type of an array's elements, those of a structure's fields, or of an entry's key and value. */
  readonly children: readonly DBusType[];
}

/** The alignment of the types that are written with one character, in bytes. */
const ALIGNMENTS: Record<string, number> = {
  y: 1,
  b: 4,
  n: 2,
  q: 2,
  i: 4,
  u: 4,
  x: 8,
  t: 8,
  d: 8,
  s: 4,
  o: 4,
  g: 1,
  h: 4,
  v: 1,
};

const NO_CHILDREN: readonly DBusType[] = [];

/** Signatures that have been parsed, but for long ones: a character takes about 100 bytes. */
const parsed = new BoundedCache<readonly DBusType[]>(32);
const LONGEST_PARSED = 32;

/**
 * The complete types of a signature.
 *
 * @throws {ProtocolError} when it is none, or too long or nested too deeply.
 */
export function parseSignature(signature: string): readonly DBusType[] {
  const known = parsed.find(signature);
  if (known) return known;
  if (signature.length > LONGEST_SIGNATURE) throw new ProtocolError("a signature is too long");
  const types: DBusType[] = [];
  for (let at = 0; at < signature.length;) {
    const type = parseType(signature, at, 0, 0);
    types.push(type);
    at += type.length;
  }
  return signature.length > LONGEST_PARSED ? types : parsed.add(signature, types);
}

/** The type that begins at a position, within so many arrays and structures. */
function parseType(signature: string, at: number, arrays: number, structures: number): DBusType {
  const code = signature[at] ?? "";
  const alignment = ALIGNMENTS[code];
  if (alignment !== undefined) return { code, length: 1, alignment, children: NO_CHILDREN };
  if (code === "a") {
    checkNesting(arrays);
    const element = signature[at + 1] === "{"
      ? parseEntry(signature, at + 1, arrays + 1, structures)
      : parseType(signature, at + 1, arrays + 1, structures);
    return { code, length: 1 + element.length, alignment: 4, children: [element] };
  }
  if (code !== "(") throw invalid(signature);
  checkNesting(structures);
  const children: DBusType[] = [];
  let length = 1;
  // A structure has a field at least: values of no bytes could be read without end.
  do {
    const child = parseType(signature, at + length, arrays, structures + 1);
    children.push(child);
    length += child.length;
  } while (signature[at + length] !== ")");
  return { code, length: length + 1, alignment: 8, children };
}

/** An entry of a dictionary, which is there within arrays alone. Its key is of a basic type. */
function parseEntry(signature: string, at: number, arrays: number, structures: number): DBusType {
  checkNesting(structures);
  const key = parseType(signature, at + 1, arrays, structures + 1);
  const value = parseType(signature, at + 2, arrays, structures + 1);
  const length = 2 + value.length;
  if (key.length !== 1 || key.code === "v" || signature[at + length] !== "}") throw invalid(signature);
  return { code: "{", length: length + 1, alignment: 8, children: [key, value] };
}

/** @param around How many containers of the kind are around one more of them. */
function checkNesting(around: number): void {
  if (around >= DEEPEST_NESTING) throw new ProtocolError("a signature is nested too deeply");
}

function invalid(signature: string): ProtocolError {
  return new ProtocolError(`invalid signature ${JSON.stringify(signature)}`);
}
