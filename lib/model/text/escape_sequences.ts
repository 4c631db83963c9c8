/** Escape sequences in what programs print to a terminal (ECMA-48): where each ends. */

/** The bytes that begin and end sequences. */
export const ESCAPE = 0x1b, NEWLINE = 0x0a;
const BELL = 0x07, CANCEL = 0x18, SUBSTITUTE = 0x1a;

/** Where a byte stands: in the text, behind ESC, in a control sequence, or in a string such as a window's title. */
export type BytePlace = "text" | "escape" | "control" | "string";

/** What ESC and one more byte begin, where that is not all (5.3 and 5.6). */
const BEGUN: ReadonlyMap<number, BytePlace> = new Map([
  [0x5b, "control"], // [
  [0x50, "string"], // P
  [0x58, "string"], // X
  [0x5d, "string"], // ]
  [0x5e, "string"], // ^
  [0x5f, "string"], // _
]);

/** Where the byte behind this one stands. A string ends with BEL or ESC; a line end ends what is broken. */
export function placeAfter(byte: number, place: BytePlace): BytePlace {
  if (byte === ESCAPE) return "escape";
  if (byte === NEWLINE || byte === CANCEL || byte === SUBSTITUTE) return "text";
  if (place === "escape") return isIntermediate(byte) ? place : BEGUN.get(byte) ?? "text";
  const isEnd = place === "control" ? byte >= 0x40 && byte <= 0x7e : place === "string" && byte === BELL;
  return isEnd ? "text" : place;
}

/** Behind ESC, bytes that others follow, as in `ESC ( B`. */
function isIntermediate(byte: number): boolean {
  return byte >= 0x20 && byte <= 0x2f;
}
