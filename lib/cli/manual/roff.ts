/** A page as roff, by the macros of man(7), for man and mandoc. */

import { wrap } from "../../model/command_line/help.ts";
import { type Block, spansOf } from "./markdown.ts";
import type { ManualPage } from "./page.ts";

/** The length of a line, in bytes. */
const LINE = 78;

/** Writes a page. @param version The program's, for the foot */
export function roffOf({ name, section, date, blocks }: ManualPage, version: string): string {
  const title = `.TH ${
    name.toUpperCase().replaceAll("-", "\\-")
  } ${section} ${date} "rouse ${version}" "Rouse Manual"`;
  return [title, ...blocks.flatMap(linesOf), ""].join("\n");
}

function linesOf(block: Block, index: number, blocks: readonly Block[]): string[] {
  const isAfterHeading = blocks[index - 1]?.kind === "heading";
  switch (block.kind) {
    case "heading":
      return [block.level <= 2 ? `.SH ${argument(block.text.toUpperCase())}` : `.SS ${argument(block.text)}`];
    case "code":
      return [...isAfterHeading ? [] : [".PP"], ".nf", ".RS 4", ...block.lines.map(literal), ".RE", ".fi"];
    case "entry":
      return [".TP", guarded(formatted(block.term)), ...filled(block.text)];
    case "paragraph":
      return [...isAfterHeading ? [] : [".PP"], ...filled(block.text)];
  }
}

/** The argument of a macro. */
function argument(text: string): string {
  const escaped = escape(spansOf(text).map(({ text }) => text).join(""));
  return `"${escaped.replaceAll('"', "\\(dq")}"`;
}

function formatted(text: string): string {
  return spansOf(text).map(({ text, isStrong }) => isStrong ? `\\fB${escape(text)}\\fR` : escape(text)).join(
    "",
  );
}

/** A text in lines as short as checkers of roff want them. */
function filled(text: string): string[] {
  return wrap(formatted(text), LINE, "").map(guarded);
}

function literal(line: string): string {
  return guarded(escape(line));
}

/** A line that begins with a dot or a quote is a request else. */
function guarded(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

/** What roff would take for something else: its escapes, and the dashes and quotes that it would draw nicely. */
function escape(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("'", "\\(aq").replaceAll("`", "\\(ga")
    .replaceAll("^", "\\(ha").replaceAll("~", "\\(ti")
    .replace(/\P{ASCII}/gu, (character) => `\\[u${codeOf(character)}]`);
}

function codeOf(character: string): string {
  return character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
}
