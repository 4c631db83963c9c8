/** Strings as they are taken out of a job file. */

/** A zero byte ends every string that is given to the kernel. */
export function upToZero(text: string): string {
  const zero = text.indexOf("\0");
  return zero < 0 ? text : text.slice(0, zero);
}

/** Lines, each with its end, without the blanks that all of them, empty ones too, begin with. */
export function unindented(script: string): string {
  if (script === "") return "";
  const lines = script.slice(0, -1).split("\n");
  let common = /^[ \t\r\0]*/.exec(script)?.[0] ?? "";
  for (const line of lines) {
    while (!line.startsWith(common)) common = common.slice(0, -1);
  }
  const { length } = common;
  const text = length === 0 ? script : lines.map((line) => line.slice(length)).join("\n") + "\n";
  return text.includes("\0") ? upToZero(text).trimEnd() + "\n" : text;
}

/** A word as the shell reads it literally, but for `$VAR` and `${VAR}`. */
export function shellWord(word: string): string {
  if (/^[\w./:=@%+,-]+$/.test(word)) return word;
  return `"${word.replace(/[\\"`]|\$(?![A-Za-z_{])/g, "\\$&")}"`;
}
