/** What programs print to a terminal, as a file should have it: without escape sequences, and with line ends alone. */

import { Buffer } from "node:buffer";

const BELL = 0x07, NEWLINE = 0x0a, RETURN = 0x0d, CANCEL = 0x18, SUBSTITUTE = 0x1a, ESCAPE = 0x1b;

/** Where in a sequence (ECMA-48) the last byte was: behind ESC, in parameters, in a text that BEL or ESC ends. */
type State = "text" | "escape" | "control" | "string";

/** Bytes behind ESC that begin a longer sequence, and what follows. */
const LONGER: ReadonlyMap<number, State> = new Map([
  [0x5b, "control"], // [
  ...Array.from("]PX^_", (letter) => [letter.charCodeAt(0), "string"] as const),
]);

/** Takes the sequences out of a stream. A return within a line, by which progress is drawn, ends the line. */
export class PlainText {
  #state: State = "text";
  /** Something was printed since the last line end. */
  #isMidLine = false;
  /** A return has come, and nothing behind it yet. */
  #isReturned = false;

  /** The next piece. It is the same one where there is nothing to take out, and a copy otherwise. */
  clean(bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0) return bytes;
    if (this.#state === "text" && !this.#isReturned && !hasControls(bytes)) {
      this.#isMidLine = bytes.at(-1) !== NEWLINE;
      return bytes;
    }
    // Each return that is taken out makes room for the line end that it may become.
    const kept = Buffer.allocUnsafe(bytes.length + 1);
    let length = 0;
    for (const byte of bytes) {
      if (!this.#isText(byte)) continue;
      if (byte === RETURN) {
        this.#isReturned = true;
        continue;
      }
      if (this.#isReturned && this.#isMidLine && byte !== NEWLINE) kept[length++] = NEWLINE;
      this.#isReturned = false;
      this.#isMidLine = byte !== NEWLINE;
      kept[length++] = byte;
    }
    return kept.subarray(0, length);
  }

  /** Follows the sequences. True for a byte that is in none. A line end ends one that is broken. */
  #isText(byte: number): boolean {
    const state = this.#state;
    if (byte === ESCAPE) this.#state = "escape";
    else if (byte === NEWLINE || byte === CANCEL || byte === SUBSTITUTE) this.#state = "text";
    else if (state === "escape") this.#state = LONGER.get(byte) ?? (isIntermediate(byte) ? state : "text");
    else if (state === "control" && byte >= 0x40 && byte <= 0x7e) this.#state = "text";
    else if (state === "string" && byte === BELL) this.#state = "text";
    else if (state === "text") return true;
    return byte === NEWLINE;
  }
}

/** Behind ESC, bytes that others follow, as in `ESC ( B`. */
function isIntermediate(byte: number): boolean {
  return byte >= 0x20 && byte <= 0x2f;
}

function hasControls(bytes: Uint8Array): boolean {
  return bytes.includes(ESCAPE) || bytes.includes(RETURN);
}
