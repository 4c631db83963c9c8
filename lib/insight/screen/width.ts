/** Texts by the columns that they take on a terminal: East Asian characters and emoji take two. */

import stringWidth from "string-width";

/** Texts of which each character takes one column. */
const ASCII = /^[\x20-\x7e]*$/;

const ELLIPSIS = "…";

/** The columns of a text without control characters. */
export function columnsOf(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}

/** What a reader takes for one character. */
const characters = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The start of a text that takes at most so many columns, but has at least so many characters. */
function startOf(text: string, columns: number, least = 0): string {
  let kept = "", used = 0, count = 0;
  for (const { segment } of characters.segment(text)) {
    used += columnsOf(segment);
    if (used > columns && count >= least) break;
    kept += segment;
    count++;
  }
  return kept;
}

/** A text that takes at most so many columns; where it is longer, its start and `…`. */
export function cut(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  return columns > 0 ? `${startOf(text, columns - 1).trimEnd()}${ELLIPSIS}` : "";
}

/** A text with blanks, so that it takes so many columns. */
export function pad(text: string, columns: number, isRight = false): string {
  const blanks = " ".repeat(Math.max(0, columns - columnsOf(text)));
  return isRight ? blanks + text : text + blanks;
}

/**
 * A text as lines of at most so many columns, broken between words; a word that is longer is cut into pieces.
 * @param indent Stands in front of each line but the first
 */
export function wrapped(text: string, columns: number, indent = ""): string[] {
  const lines: string[] = [];
  const add = (line: string) => void lines.push(lines.length > 0 ? indent + line : line);
  const room = () => lines.length > 0 ? columns - indent.length : columns;
  let line = "";
  for (let word of text.split(" ")) {
    const joined = line === "" ? word : `${line} ${word}`;
    if (columnsOf(joined) <= room()) {
      line = joined;
      continue;
    }
    if (line !== "") add(line);
    while (columnsOf(word) > room()) {
      const piece = startOf(word, room(), 1);
      add(piece);
      word = word.slice(piece.length);
    }
    line = word;
  }
  if (line !== "" || lines.length === 0) add(line);
  return lines;
}
