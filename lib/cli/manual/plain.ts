/** A page as text, for where there is no man. */

import { wrap } from "../../model/command_line/help.ts";
import type { Style } from "../../insight/screen/style.ts";
import { type Block, plainText, spansOf } from "./markdown.ts";
import type { ManualPage } from "./page.ts";

const INDENT = 7;

/** Wide lines are hard to read. */
const WIDEST = 100;

/** Lays a page out. @param width Of the terminal, in columns */
export function textOf({ title, blocks }: ManualPage, width: number, style: Style): string {
  const columns = Math.max(Math.min(width, WIDEST), 30);
  const body = blocks.flatMap((block, index) => {
    const lines = linesOf(block, columns, style);
    return isJoined(blocks[index - 1], block) ? lines : ["", ...lines];
  });
  return [style(title, "strong"), ...body, ""].join("\n");
}

/** No line is free behind a heading, and between what is short. */
function isJoined(before: Block | undefined, block: Block): boolean {
  return before?.kind === "heading" || (before?.kind === "code" && block.kind === "code");
}

function linesOf(block: Block, columns: number, style: Style): string[] {
  const margin = " ".repeat(INDENT);
  switch (block.kind) {
    case "heading":
      return [style(block.level <= 2 ? block.text.toUpperCase() : `   ${plainText(block.text)}`, "strong")];
    case "code":
      return block.lines.map((line) => `${margin}    ${line}`.trimEnd());
    case "paragraph":
      return filled(block.text, columns, margin, style);
    case "entry":
      return [
        ...filled(block.term, columns, margin, style),
        ...filled(block.text, columns, `${margin}    `, style),
      ];
  }
}

/** Breaks a text into lines between words. A word keeps its colour, and colours take no room. */
function filled(text: string, columns: number, margin: string, style: Style): string[] {
  const lines = wrap(plainText(text), columns - margin.length, "");
  const strong = spansOf(text).flatMap(({ text, isStrong }) => [...text].map(() => isStrong));
  const characters = [...plainText(text)];
  let at = 0;
  return lines.map((line) => {
    let shown = margin, run = "", isRun = false;
    for (const character of line) {
      while (characters[at] !== character) at++;
      if (strong[at] !== isRun) {
        shown += style(run, isRun ? "strong" : undefined);
        run = "";
        isRun = strong[at]!;
      }
      run += character;
      at++;
    }
    return shown + style(run, isRun ? "strong" : undefined);
  });
}
