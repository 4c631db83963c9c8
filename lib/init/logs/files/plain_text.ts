/** What programs print to a terminal, as a file should have it: without escape sequences, and with line ends alone. */

import { type BytePlace, ESCAPE, NEWLINE, placeAfter } from "../../../model/text/escape_sequences.ts";

const RETURN = 0x0d;

/** Takes the sequences out of a stream. A return within a line, by which progress is drawn, ends the line. */
export class PlainText {
  #place: BytePlace = "text";
  /** Something was printed since the last line end. */
  #isMidLine = false;
  /** A return has come, and nothing behind it yet. */
  #isReturned = false;

  /** The next piece. It is the same one where there is nothing to take out, and a copy otherwise. */
  clean(bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0) return bytes;
    if (this.#place === "text" && !this.#isReturned && !hasControls(bytes)) {
      this.#isMidLine = bytes.at(-1) !== NEWLINE;
      return bytes;
    }
    // Each return that is taken out makes room for the line end that it may become.
    const kept = new Uint8Array(bytes.length + 1);
    let length = 0;
    let place = this.#place, isReturned = this.#isReturned, isMidLine = this.#isMidLine;
    // Most bytes are text, of which no other function is to be called.
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (place !== "text" || byte === ESCAPE) {
        place = placeAfter(byte, place);
        if (byte !== NEWLINE) continue;
      }
      if (byte === RETURN) {
        isReturned = true;
        continue;
      }
      if (isReturned && isMidLine && byte !== NEWLINE) kept[length++] = NEWLINE;
      isReturned = false;
      isMidLine = byte !== NEWLINE;
      kept[length++] = byte;
    }
    this.#place = place;
    this.#isReturned = isReturned;
    this.#isMidLine = isMidLine;
    return kept.subarray(0, length);
  }
}

function hasControls(bytes: Uint8Array): boolean {
  return bytes.includes(ESCAPE) || bytes.includes(RETURN);
}
