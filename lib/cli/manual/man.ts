/** The program `man`: shows the manual without man(1), and writes it for it. */

import process from "node:process";
import type { Tool } from "../../model/command_line/tool.ts";
import { COLOUR, NO_PAGER, valueOf } from "../../model/command_line/options.ts";
import { onlyArgument } from "../../model/command_line/tool.ts";
import { VERSION } from "../../model/version.ts";
import { styleFor } from "../../insight/screen/style.ts";
import { isTerminal } from "../../sys/io/descriptors.ts";
import { terminalColumns, USUAL_COLUMNS } from "../../sys/machine/terminal.ts";
import { showPaged } from "../pager.ts";
import { runTool } from "../tool.ts";
import { makePage, type ManualPage } from "./page.ts";
import { GUIDES, pageFile, PAGES } from "./pages.ts";
import { textOf } from "./plain.ts";
import { type Host, ProgramTables } from "./programs.ts";
import { roffOf } from "./roff.ts";

export const MAN: Omit<Tool, "run"> = {
  name: "man",
  arguments: "[PAGE]",
  summary: "Show a page of the manual.",
  help:
    `PAGE is one of ${
      Object.keys(PAGES).join(", ")
    }, with or without its section; without PAGE, all are listed.\n\n` +
    "Exit status: 0, 1 where there is no such page, 2 for wrong arguments.",
  options: [
    { long: "roff", help: "print it for man and mandoc" },
    { long: "markdown", help: "print it as Markdown" },
    COLOUR,
    NO_PAGER,
  ],
  examples: ["rouse man init.5", "rouse man --roff initctl | mandoc -l"],
};

/** Shows a page. Returns the exit status. */
export function man(args: string[], host: Host): Promise<number> {
  const tool: Tool = {
    ...MAN,
    async run(parsed) {
      const { options } = parsed;
      const style = styleFor(valueOf(parsed, "color"), isTerminal(1), process.env);
      const forms: Record<string, (page: ManualPage) => string> = {
        roff: (page) => roffOf(page, VERSION),
        markdown: ({ markdown }) => markdown,
        text: (page) => textOf(page, terminalColumns(1) ?? USUAL_COLUMNS, style),
      };
      const form = Object.keys(forms).find((name) => options.has(name)) ?? "text";
      const text = parsed.args.length === 0
        ? pageList()
        : forms[form]!(await readPage(onlyArgument(parsed, "page"), host));
      showPaged(text, options.has("no-pager"));
      return 0;
    },
  };
  return runTool(tool, args);
}

/** @throws {Error} where there is no such page. */
async function readPage(name: string, host: Host): Promise<ManualPage> {
  const file = pageFile(name);
  if (file === undefined) {
    throw new Error(`Unable to show the page ${name}: it is none of ${Object.keys(PAGES).join(", ")}`);
  }
  return await pageOf(file, host);
}

/** A page by its file's name. */
export async function pageOf(file: string, host: Host): Promise<ManualPage> {
  const tables = new ProgramTables(host);
  return await makePage(file, PAGES[file]!, {
    guides: GUIDES,
    describe: (name) => tables.describe(name),
    commands: (name) => tables.commands(name),
  });
}

/** All pages with what they are about, a line each. */
function pageList(): string {
  return Object.values(PAGES).map((source) => `${source.slice(2, source.indexOf("\n"))}\n`).join("");
}

/** The files of the manual, as man looks for them: roff by paths below `share/man`. */
export async function manualFiles(host: Host): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const file of Object.keys(PAGES)) {
    const page = await pageOf(file, host);
    files.set(`man${page.section}/${file}`, roffOf(page, VERSION));
  }
  return files;
}
