/** Scripts as template literals. */

import { dedent } from "../../author/values.ts";
import { templateText } from "./literals.ts";

/**
 * The text that a script is given in TypeScript: without empty lines at its beginning, and without the
 * indentation that all of its lines have, where that means nothing to the shell.
 */
export function plainScript(text: string): string {
  const lines = text.replace(/^(?:[ \t]*\n)+/, "");
  return isIndentationFree(lines) ? dedent(withoutTabs(lines)) : lines;
}

/** Tabs that lines begin with as spaces, where some lines begin with spaces. */
function withoutTabs(text: string): string {
  if (!/^ /m.test(text)) return text;
  return text.replace(/^[ \t]*\t/gm, (margin) => {
    let column = 0;
    for (const blank of margin) column += blank === "\t" ? 8 - column % 8 : 1;
    return " ".repeat(column);
  });
}

/** A script as a template literal: laid out, unless its indentation is to stay. */
export function scriptLiteral(text: string, indentation: number): string {
  const script = plainScript(text);
  if (script === "") return '""';
  if (dedent(script) !== script) return `\`${templateText(script)}\``;
  const margin = " ".repeat(indentation + 2);
  const lines = script.replace(/\n$/, "").split("\n").map((line) =>
    line === "" ? "" : margin + templateText(line)
  );
  return ["`", ...lines, `${" ".repeat(indentation)}\``].join("\n");
}

/**
 * True when the blanks that the lines of a script begin with mean nothing: no line begins within quotes or a
 * here-document, and where one goes on with the line before, a blank parts the two in any case. In case of doubt it is
 * false.
 */
function isIndentationFree(script: string): boolean {
  let unfinished = "";
  for (const line of script.split("\n")) {
    const [whole, continued] = WHOLE_LINE.exec(unfinished + line) ?? [];
    if (whole === undefined || whole.length > LONGEST_LINE) return false;
    unfinished = continued === undefined ? "" : whole.slice(0, -1);
    if (unfinished !== "" && !/[ \t]$/.test(unfinished)) return false;
  }
  return true;
}

/** Commands over so many characters are not looked into. */
const LONGEST_LINE = 20_000;

/** Text in quotes that ends where it began. */
const QUOTED = /'[^']*'|"(?:[^"\\`$]|\\.|\$(?!\())*"/.source;

/** A command substitution, with quoted text in it. */
const SUBSTITUTION = String.raw`\$\((?:[^()'"\`\\]|${QUOTED})*\)`;

/** Arithmetic, in which `<<` begins no here-document. */
const ARITHMETIC = String.raw`\$\(\([^()'"\`\\]*\)\)`;

/**
 * A line of words, quoted text with no quotes within it, and a comment or, in the group, the backslash before the next
 * line; nothing else reaches beyond its end.
 */
const WHOLE_LINE = new RegExp(
  `^(?:${ARITHMETIC}|[^'"\\\\\`#<$]|\\$(?!\\(\\()|<(?!<)|\\\\.|'[^']*'` +
    `|"(?:[^"\\\\\`$]|\\\\.|\\$(?!\\()|${SUBSTITUTION})*"` +
    "|`[^`\"'\\\\]*`|(?<=\\S)#)*(?:(?<!\\S)#.*|(\\\\))?$",
);
