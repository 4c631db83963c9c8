/** What OpenRC's log of the boot has: headings, and what was printed without what is meant for a terminal. */

const NEWLINE = 0x0a, ESCAPE = 0x1b, BRACKET = 0x5b, DELETE = 0x7f, SPACE = 0x20;

/** Takes what is meant for a terminal out of what is printed: escape sequences, and all other control characters. */
export class PlainOutput {
  #place: "text" | "escape" | "sequence" = "text";

  /** Gives a copy. A sequence may go on in the bytes that come next; a newline ends it in any case. */
  add(bytes: Uint8Array): Uint8Array {
    return bytes.filter((byte) => this.#isText(byte));
  }

  #isText(byte: number): boolean {
    if (byte === NEWLINE) this.#place = "text";
    else if (byte === ESCAPE) this.#place = "escape";
    else if (this.#place === "escape") this.#place = byte === BRACKET ? "sequence" : "text";
    else if (this.#place === "sequence") this.#place = isLetter(byte) ? "text" : "sequence";
    else return byte >= SPACE && byte !== DELETE;
    return byte === NEWLINE;
  }
}

function isLetter(byte: number): boolean {
  const small = byte | 0x20;
  return small >= 0x61 && small <= 0x7a;
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
