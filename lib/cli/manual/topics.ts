/** What `rouse help TOPIC` knows beside the programs: parts of the manual, by stanzas, fields and pages. */

import process from "node:process";
import { closest } from "../../model/text/closest.ts";
import { styleFor } from "../../insight/screen/style.ts";
import { isTerminal } from "../../sys/io/descriptors.ts";
import { terminalColumns, USUAL_COLUMNS } from "../../sys/machine/terminal.ts";
import { showPaged } from "../pager.ts";
import { complain } from "../tool.ts";
import { pageOf } from "./man.ts";
import { type Block, spansOf } from "./markdown.ts";
import type { ManualPage } from "./page.ts";
import { pageFile, PAGES } from "./pages.ts";
import { textOf } from "./plain.ts";
import { type Host, ProgramTables } from "./programs.ts";

/** The pages whose entries are topics: stanzas, and fields. */
const EXPLAINED = ["init.5", "rouse-jobs.5"];

/** The command of initctl of that name, if there is one. */
export async function isCommand(topic: string, host: Host): Promise<boolean> {
  const { commands } = await new ProgramTables(host).initctl();
  return commands.some(({ name }) => name === topic);
}

/** True for what is explained as a stanza, or as a field. */
export async function isStanza(topic: string, host: Host): Promise<boolean> {
  return (await explaining(topic, host)).length > 0;
}

/** Shows what the manual says of a topic. Returns the exit status: 1 where it says nothing. */
export async function showTopic(topic: string, host: Host): Promise<number> {
  const file = pageFile(topic);
  const pages = file === undefined ? await explaining(topic, host) : [await pageOf(file, host)];
  if (pages.length === 0) return await refuse(topic, host);
  const style = styleFor(undefined, isTerminal(1), process.env);
  showPaged(pages.map((page) => textOf(page, terminalColumns(1) ?? USUAL_COLUMNS, style)).join("\n"), false);
  return 0;
}

/** The pages that explain a word, with no more than that. */
async function explaining(topic: string, host: Host): Promise<ManualPage[]> {
  const pages = await Promise.all(EXPLAINED.map((file) => pageOf(file, host)));
  return pages.flatMap((page) => {
    const blocks = page.blocks.filter((block) => block.kind === "entry" && explains(block, topic));
    return blocks.length === 0 ? [] : [{ ...page, blocks }];
  });
}

/** True where the term of an entry begins with the words of a topic. */
function explains(block: Block, topic: string): boolean {
  return block.kind === "entry" &&
    spansOf(block.term).some(({ text, isStrong }) => isStrong && `${text} `.startsWith(`${topic} `));
}

async function refuse(topic: string, host: Host): Promise<number> {
  const { commands } = await new ProgramTables(host).initctl();
  const known = [...host.programs, ...host.words, ...commands.map(({ name }) => name), ...Object.keys(PAGES)];
  const near = closest(topic, known);
  const hint = near === undefined
    ? "`rouse help' lists the programs, `rouse man' the pages of the manual"
    : `did you mean ${near}?`;
  complain(`Unable to help with ${topic}: it is no program, command, stanza, field or page; ${hint}`);
  return 1;
}
