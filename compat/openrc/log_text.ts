/** What OpenRC's log of the boot has: headings, and what was printed without what is meant for a terminal. */

import { type BytePlace, NEWLINE, placeAfter } from "../../lib/model/text/escape_sequences.ts";

const SPACE = 0x20, DELETE = 0x7f;

/** Takes what is meant for a terminal out of what is printed: escape sequences, and all other control characters. */
export class PlainOutput {
  #place: BytePlace = "text";

  /** Gives a copy. A sequence may go on in the bytes that come next; a newline ends it in any case. */
  add(bytes: Uint8Array): Uint8Array {
    return bytes.filter((byte) => {
      const isText = this.#place === "text" && byte >= SPACE && byte !== DELETE;
      this.#place = placeAfter(byte, this.#place);
      return isText || byte === NEWLINE;
    });
  }
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
