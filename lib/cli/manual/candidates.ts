/** What may follow on a command line, from the tables of programs and from the running init. */

import type { CommandDescription } from "../../model/command_line/help.ts";
import { HELP, type Option } from "../../model/command_line/options.ts";
import { ORDERS } from "../../insight/screen/job_rows.ts";
import { STATE_WORDS } from "../../insight/screen/states.ts";
import { RECORD_KINDS } from "../../insight/history/record_text.ts";
import { SHELLS } from "./completion.ts";
import { askInit, eventNames, instanceNames, jobNames } from "./live_names.ts";
import { PAGES } from "./pages.ts";
import type { ProgramTables } from "./programs.ts";
import { TOOL_OPERANDS, wordsOf } from "./service_words.ts";

/** A word, and what it means. */
export interface Candidate {
  word: string;
  text: string;
}

/** Gives words. @param before The operands in front of it */
export type Source = (before: readonly string[]) => Promise<Candidate[]> | Candidate[];

const jobs: Source = () => askInit(jobNames);
const events: Source = () => askInit(eventNames);
const instances: Source = ([job = ""]) => askInit(instanceNames(job));

/** The values of options, by their long names. */
const VALUES: Readonly<Record<string, Source>> = {
  color: () => wordsOf(["auto", "always", "never"]),
  "exit-with": jobs,
  jobs,
  kind: () => wordsOf(RECORD_KINDS),
  sort: () => wordsOf(Object.keys(ORDERS)),
  state: () => wordsOf(STATE_WORDS),
};

const TRIALS: Readonly<Record<string, Source>> = { emit: events, start: jobs, stop: jobs, restart: jobs };

/** The operands, by how help texts call them. What is not here may be a file. */
const OPERANDS: Readonly<Record<string, Source>> = {
  ...TOOL_OPERANDS,
  "JOB [KEY=VALUE]...": (before) => before.length === 0 ? jobs(before) : instances(before),
  "[JOB]...": jobs,
  JOB: jobs,
  "[CONF]": jobs,
  "EVENT [KEY=VALUE]...": (before) => before.length === 0 ? events(before) : [],
  "WHAT [JOB|EVENT] [KEY=VALUE]...": (before) =>
    before.length === 0
      ? wordsOf([...Object.keys(TRIALS), "shutdown"])
      : before.length === 1 && Object.hasOwn(TRIALS, before[0]!)
      ? TRIALS[before[0]!]!([])
      : instances(before.slice(1)),
  "[PRIORITY]": () => wordsOf(["debug", "info", "message", "warn", "error", "fatal"]),
  "[PAGE]": () => wordsOf(Object.keys(PAGES)),
  SHELL: () => wordsOf(Object.keys(SHELLS)),
};

/** The words behind `rouse` that say which system a program is of. */
const SYSTEMS = ["upstart", "sysv", "openrc"];

/**
 * What may stand in the place of the last word.
 * @param words The command line up to there. Its first word may be a path
 */
export async function candidates(words: readonly string[], tables: ProgramTables): Promise<Candidate[]> {
  const [path = "", ...rest] = words, current = words.at(-1) ?? "";
  const found = await follow(path.slice(path.lastIndexOf("/") + 1), rest, tables);
  return found.filter(({ word }) => word.startsWith(current));
}

async function follow(
  program: string,
  words: readonly string[],
  tables: ProgramTables,
  isWord = false,
): Promise<Candidate[]> {
  const [first = "", ...rest] = words, { programs } = tables.host;
  if (program === "rouse" || isWord && SYSTEMS.includes(program) || program === "help") {
    if (rest.length > 0) {
      return program === "help" ? [] : await follow(first, rest, tables, program === "rouse");
    }
    const words = program === "rouse" ? tables.host.words : program === "help" ? Object.keys(PAGES) : [];
    return wordsOf([...words, ...programs]);
  }
  const { commands, options } = await tables.initctl();
  if (program === "initctl") {
    const { operands: [at], awaited } = read(words.slice(0, -1), options);
    if (at !== undefined) {
      return await ofCommand(commands.find(({ name }) => name === words[at]), words.slice(at + 1), options);
    }
    const current = words.at(-1) ?? "";
    return awaited || current.startsWith("-")
      ? await ofOption(current, awaited, options)
      : commands.map(({ name, summary }) => ({ word: name, text: summary }));
  }
  const command = commands.find(({ name }) => name === program);
  return await ofCommand(command ?? await tables.describe(program), words, command ? options : [HELP]);
}

/** What may follow behind the name of a command or program. @param further Options that it has beside its own */
async function ofCommand(
  command: CommandDescription | undefined,
  words: readonly string[],
  further: readonly Option[],
): Promise<Candidate[]> {
  if (!command) return [];
  const options = [...command.options ?? [], ...further], current = words.at(-1) ?? "";
  const { operands, awaited } = read(words.slice(0, -1), options);
  if (awaited || current.startsWith("-")) return await ofOption(current, awaited, options);
  return await OPERANDS[command.arguments ?? ""]?.(operands.map((at) => words[at]!)) ?? [];
}

/** Tells words apart: the places of operands, and the option whose value is to come. */
function read(
  words: readonly string[],
  options: readonly Option[],
): { operands: number[]; awaited: Option | undefined } {
  const operands: number[] = [];
  let awaited: Option | undefined;
  for (const [at, word] of words.entries()) {
    const named = awaited
      ? undefined
      : options.find(({ short, long }) => word === `--${long}` || word === `-${short}`);
    if (!awaited && !word.startsWith("-")) operands.push(at);
    awaited = named?.argument === undefined ? undefined : named;
  }
  return { operands, awaited };
}

/** What an option may be, or its value. @param awaited The option in front, whose value the word is */
async function ofOption(
  current: string,
  awaited: Option | undefined,
  options: readonly Option[],
): Promise<Candidate[]> {
  if (awaited) return await VALUES[awaited.long]?.([]) ?? [];
  const [, long, value] = /^--([^=]+)=(.*)$/.exec(current) ?? [];
  if (value === undefined) return optionWords(options);
  const found = await VALUES[long!]?.([]) ?? [];
  return found.map(({ word, text }) => ({ word: `--${long}=${word}`, text }));
}

function optionWords(options: readonly Option[]): Candidate[] {
  return options.filter(({ long, help }) => help !== undefined && long !== "").map((
    { long, argument, help },
  ) => ({
    word: `--${long}${argument === undefined ? "" : "="}`,
    text: help!,
  }));
}
