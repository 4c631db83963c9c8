/** A page of the manual: its source, in which tables of the programs and parts of the guides are put in. */

import type { CommandDescription } from "../../model/command_line/help.ts";
import type { Option } from "../../model/command_line/options.ts";
import { FIELD_ROWS, moduleField } from "../../model/fields.ts";
import { type Block, blocksOf } from "./markdown.ts";

/** A page that is ready to be laid out. */
export interface ManualPage {
  name: string;
  section: string;
  /** `init(8) – the init daemon`. */
  title: string;
  /** Of its last change that matters to readers. */
  date: string;
  /** As Markdown. */
  markdown: string;
  blocks: Block[];
}

/** What pages are made of beside their own texts. */
interface PageSources {
  /** Markdown by the names of files. */
  guides: Readonly<Record<string, string>>;
  /** The description of a program. */
  describe(program: string): Promise<CommandDescription | undefined>;
  /** The descriptions of what can follow on a program's name. */
  commands(program: string): Promise<readonly CommandDescription[]>;
}

/** The day that pages are dated by. */
const DATE = "2026-11-30";

/** A place where something is put in: `<!-- options init -->`, `<!-- guide upstart.md#Stanzas -->`. */
const DIRECTIVE = /^<!-- (\w+) (.+) -->$/gm;

/** What can be put in, by its word. */
const DIRECTIVES: Readonly<Record<string, (name: string, sources: PageSources) => Promise<string>>> = {
  guide: (name, { guides }) => Promise.resolve(partOf(guides, name)),
  async options(name, { describe }) {
    return optionList((await describe(name))?.options ?? []);
  },
  defaults: (name) => Promise.resolve(defaultList(name === "fields")),
  async commands(name, { commands }) {
    return (await commands(name)).map((command) => commandPart(name, command)).join("\n\n");
  },
};

/**
 * Makes a page.
 * @param file `init.8`
 * @throws {Error} where its source names what is not there.
 */
export async function makePage(file: string, source: string, sources: PageSources): Promise<ManualPage> {
  const dot = file.lastIndexOf("."), name = file.slice(0, dot), section = file.slice(dot + 1);
  const [, summary = ""] = /^# .*? – (.*)\n/.exec(source) ?? [];
  const parts = await Promise.all(
    Array.from(source.matchAll(DIRECTIVE), ([, word, what]) => {
      const make = DIRECTIVES[word!];
      if (!make) throw new Error(`Unable to make the page ${file}: it has the unknown directive ${word}`);
      return make(what!, sources);
    }),
  );
  const markdown = source.replace(DIRECTIVE, () => parts.shift()!);
  const body = markdown.slice(markdown.indexOf("\n") + 1);
  const title = `${name}(${section}) – ${summary}`;
  const blocks: Block[] = [
    { kind: "heading", level: 2, text: "NAME" },
    { kind: "paragraph", text: `${name} - ${summary}` },
    ...blocksOf(body),
  ];
  return { name, section, title, date: DATE, markdown, blocks };
}

/** A part of a guide, without its heading. Headings below it are those of the page's parts. */
function partOf(guides: PageSources["guides"], name: string): string {
  const [file = "", heading = ""] = name.split("#");
  const guide = guides[file] ?? "", start = `\n## ${heading}\n`, at = guide.indexOf(start);
  if (at < 0) throw new Error(`Unable to find the part ${heading} of ${file}`);
  const text = guide.slice(at + start.length), end = text.search(/^## /m);
  return text.slice(0, end < 0 ? undefined : end).trim();
}

function commandPart(
  program: string,
  { name, arguments: operands, summary, help, options = [], examples = [] }: CommandDescription,
): string {
  const shown = options.some(({ help }) => help !== undefined);
  return [
    `### ${program === name ? name : `${program} ${name}`}${shown ? " [OPTION]..." : ""}${
      operands === undefined ? "" : ` ${operands}`
    }`,
    `${summary} ${help ?? ""}`.trim(),
    optionList(options),
    examples.length === 0 ? "" : `For example:\n\n${examples.map((example) => `    ${example}`).join("\n")}`,
  ].filter((part) => part !== "").join("\n\n");
}

function optionList(options: readonly Option[]): string {
  return options.filter(({ help }) => help !== undefined).map(({ short, long, argument, help }) => {
    const value = argument === undefined ? "" : `=${argument}`;
    const letter = short === undefined ? "" : `\`-${short}\`, `;
    return `- ${letter}\`--${long}${value}\`: ${help}`;
  }).join("\n");
}

/** The defaults that a few words can tell, for stanzas or for the fields of job modules. */
function defaultList(isModule: boolean): string {
  return FIELD_ROWS.flatMap(([name, row]) => {
    const term = isModule ? moduleField(name) : row.stanza;
    const value = isModule ? row.rouse ?? row.default : row.default;
    const isTold = typeof value === "number" || (typeof value === "string" && value !== "");
    return term !== undefined && isTold && !(isModule && row.within) ? [`- \`${term}\`: ${value}`] : [];
  }).join("\n");
}
