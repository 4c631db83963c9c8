/** What programs print to a terminal, as a file should have it: without escape sequences, and with line ends alone. */

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
    const kept = new Uint8Array(bytes.length + 1);
    let length = 0;
    let isText = this.#state === "text", isReturned = this.#isReturned, isMidLine = this.#isMidLine;
    // Most bytes are text, of which no other function is to be called.
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (!isText || byte === ESCAPE) {
        isText = this.#follow(byte);
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
    this.#isReturned = isReturned;
    this.#isMidLine = isMidLine;
    return kept.subarray(0, length);
  }

  /** Follows the sequences. True where text goes on behind this byte. A line end ends a sequence that is broken. */
  #follow(byte: number): boolean {
    const state = this.#state;
    if (byte === ESCAPE) this.#state = "escape";
    else if (byte === NEWLINE || byte === CANCEL || byte === SUBSTITUTE) this.#state = "text";
    else if (state === "escape") this.#state = LONGER.get(byte) ?? (isIntermediate(byte) ? state : "text");
    else if (state === "control" && byte >= 0x40 && byte <= 0x7e) this.#state = "text";
    else if (state === "string" && byte === BELL) this.#state = "text";
    return this.#state === "text";
  }
}

/** Behind ESC, bytes that others follow, as in `ESC ( B`. */
function isIntermediate(byte: number): boolean {
  return byte >= 0x20 && byte <= 0x2f;
}

function hasControls(bytes: Uint8Array): boolean {
  return bytes.includes(ESCAPE) || bytes.includes(RETURN);
}
