/** Scripts as template literals. */

import { dedent } from "../../../lib/author/values.ts";
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
 * True when no line of a script begins within quotes or a here-document or goes on with the line before, so
 * that the blanks it begins with mean nothing. In case of doubt it is false.
 */
function isIndentationFree(script: string): boolean {
  return script.split("\n").every((line) => WHOLE_LINE.test(line));
}

/** Text in quotes that ends where it began. */
const QUOTED = /'[^']*'|"(?:[^"\\`$]|\\.|\$(?!\())*"/.source;

/** A command substitution, with quoted text in it. */
const SUBSTITUTION = String.raw`\$\((?:[^()'"\`\\]|${QUOTED})*\)`;

/** A line of words, quoted text with no quotes within it, and a comment; nothing reaches beyond its end. */
const WHOLE_LINE = new RegExp(
  "^(?:[^'\"\\\\`#<]|<(?!<)|\\\\.|'[^']*'" +
    `|"(?:[^"\\\\\`$]|\\\\.|\\$(?!\\()|${SUBSTITUTION})*"` +
    "|`[^`\"'\\\\]*`|(?<=\\S)#)*(?:(?<!\\S)#.*)?$",
);
