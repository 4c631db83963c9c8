/** Long commands in several lines. */

/** The start of an argument before which a command is broken well: an option, or an operator of the shell. */
const BEGINNING = /^(?:-|&&$|\|\|?$|;$|>|<|2>)/;

/**
 * A command as lines of at most so many characters, as far as its words allow: joined by single blanks they are the
 * command again. Lines begin at options where they can.
 */
export function brokenLine(command: string, width: number): string[] {
  const lines: string[] = [];
  for (const part of parts(command)) {
    for (const words of part.length > width ? part.split(" ") : [part]) {
      const line = lines.at(-1);
      if (line !== undefined && line.length + 1 + words.length <= width) {
        lines[lines.length - 1] += ` ${words}`;
      } else lines.push(words);
    }
  }
  return lines;
}

/** Pieces of a command that belong together. */
function parts(command: string): string[] {
  const found: string[] = [];
  for (const word of command.split(" ")) {
    if (found.length > 0 && !BEGINNING.test(word)) found[found.length - 1] += ` ${word}`;
    else found.push(word);
  }
  return found;
}
