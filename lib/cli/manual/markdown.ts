/** Reads the part of Markdown that the manual is written in. */

/** A part of a page. Texts have marks in them, see {@link spansOf}. */
export type Block =
  | { kind: "heading"; level: number; text: string }
  | { kind: "paragraph"; text: string }
  | { kind: "code"; lines: string[] }
  | { kind: "entry"; term: string; text: string };

/** A piece of a text: code and strong text are set apart. */
interface Span {
  text: string;
  isStrong: boolean;
}

/** Cells end at bars that no backslash is in front of. */
const BAR = /(?<!\\)\|/;

/** The line between a table's head and its rows. */
const RULE = /^\|[\s:|-]+\|$/;

/** What begins an item of a list. */
const ITEM = /^(?:-|\d+\.) /;

/** Takes a text apart into its blocks, a row of a table or an item of a list being an entry. */
export function blocksOf(source: string): Block[] {
  const blocks: Block[] = [], lines = source.split("\n");
  let open: Extract<Block, { text: string }> | undefined, isFirstRow = true;
  const add = (block: Block) => {
    blocks.push(block);
    open = block.kind === "code" || block.kind === "heading" ? undefined : block;
  };
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    const heading = /^(#+) (.*)$/.exec(line);
    if (line.startsWith("```")) {
      const end = lines.findIndex((other, index) => index > at && other.startsWith("```"));
      add({ kind: "code", lines: lines.slice(at + 1, end < 0 ? undefined : end) });
      at = end < 0 ? lines.length : end;
    } else if (!open && line.startsWith("    ") && line.trim() !== "") {
      const last = blocks.at(-1);
      if (last?.kind === "code") last.lines.push(line.slice(4));
      else add({ kind: "code", lines: [line.slice(4)] });
    } else if (line.trim() === "") open = undefined;
    else if (heading) add({ kind: "heading", level: heading[1]!.length, text: heading[2]! });
    else if (line.startsWith("|")) {
      // The head of a table says what its columns are, which is seen without it.
      if (RULE.test(line)) isFirstRow = false;
      else if (RULE.test(lines[at + 1] ?? "")) isFirstRow = true;
      if (!isFirstRow && !RULE.test(line)) add(rowOf(line));
    } else if (ITEM.test(line)) add(itemOf(line));
    else if (open) open.text += ` ${line.trim()}`;
    else add({ kind: "paragraph", text: line.trim() });
  }
  return blocks;
}

/** A row without a second cell is a heading of those below. */
function rowOf(line: string): Block {
  const [term = "", ...rest] = line.split(BAR).slice(1, -1).map((cell) => cell.trim().replaceAll("\\|", "|"));
  const text = rest.filter((cell) => cell !== "").join("; ");
  return text === "" ? { kind: "paragraph", text: term } : { kind: "entry", term, text };
}

/** An item whose first words are code that a colon ends explains these. */
function itemOf(line: string): Block {
  const [, term, meaning] = /^- (`[^`]*`(?:,? `[^`]*`)*): (.*)$/.exec(line) ?? [];
  if (term !== undefined) return { kind: "entry", term, text: meaning! };
  const [, mark, text] = /^(-|\d+\.) (.*)$/.exec(line)!;
  return { kind: "entry", term: mark!, text: text! };
}

/** A text's pieces. Of links their texts remain. */
export function spansOf(text: string): Span[] {
  const spans: Span[] = [];
  const pattern = /`([^`]+)`|\*\*(.+?)\*\*|\[((?:`[^`]*`|[^\]`])*)\]\([^)]*\)/g;
  let end = 0;
  const add = (text: string, isStrong: boolean) => void (text !== "" && spans.push({ text, isStrong }));
  for (const match of text.matchAll(pattern)) {
    add(text.slice(end, match.index), false);
    const [, code, strong, link] = match;
    if (link !== undefined) spans.push(...spansOf(link));
    else add(code ?? strong!.replaceAll("`", ""), true);
    end = match.index + match[0].length;
  }
  add(text.slice(end), false);
  return spans;
}

/** A text without its marks. */
export function plainText(text: string): string {
  return spansOf(text).map(({ text }) => text).join("");
}
