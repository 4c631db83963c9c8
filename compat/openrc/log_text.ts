/** What OpenRC's log of the boot has: headings, and what was printed without what is meant for a terminal. */

const NEWLINE = 0x0a,
  BELL = 0x07,
  ESCAPE = 0x1b,
  SPACE = 0x20,
  SLASH = 0x2f,
  AT = 0x40,
  TILDE = 0x7e,
  DELETE = 0x7f;

/** Where a byte stands. A string, such as a window's title, ends with BEL or ESC \. */
type Place = "text" | "escape" | "sequence" | "string";

/** What an escape and one more character begin, where that is not all (ECMA-48, 5.3 and 5.6). */
const BEGUN: Readonly<Record<string, Place>> = {
  "[": "sequence",
  "]": "string",
  "P": "string",
  "X": "string",
  "^": "string",
  "_": "string",
};

/** Takes what is meant for a terminal out of what is printed: escape sequences, and all other control characters. */
export class PlainOutput {
  #place: Place = "text";

  /** Gives a copy. A sequence may go on in the bytes that come next; a newline ends it in any case. */
  add(bytes: Uint8Array): Uint8Array {
    return bytes.filter((byte) => {
      const isText = this.#place === "text" && byte >= SPACE && byte !== DELETE;
      this.#place = placeAfter(byte, this.#place);
      return isText || byte === NEWLINE;
    });
  }
}

/** Where the byte behind this one stands. */
function placeAfter(byte: number, place: Place): Place {
  if (byte === NEWLINE) return "text";
  if (byte === ESCAPE) return "escape";
  if (place === "escape") return isIntermediate(byte) ? place : BEGUN[String.fromCharCode(byte)] ?? "text";
  const isEnd = place === "sequence" ? byte >= AT && byte <= TILDE : place === "string" && byte === BELL;
  return isEnd ? "text" : place;
}

/** True for what stands between an escape and the character that ends it, as in `ESC ( B`. */
function isIntermediate(byte: number): boolean {
  return byte >= SPACE && byte <= SLASH;
}

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The heading where the log of a runlevel begins or ends, with the local time as asctime(3) has it. */
export function logHeading(level: string, what: "started" | "stopped", time: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  const day = `${DAYS[time.getDay()]} ${MONTHS[time.getMonth()]} ${String(time.getDate()).padStart(2)}`;
  return `\nrc ${level} logging ${what} at ${day} ${clock} ${time.getFullYear()}\n\n`;
}
