/** The help texts, which `--help` and `help` print. */

import type { Option } from "./options.ts";

/** A command or program, as its help text describes it. */
export interface CommandDescription {
  name: string;
  /** Its arguments in the usage line. */
  arguments?: string;
  summary: string;
  /** Paragraphs, one a line. */
  help?: string;
  options?: readonly Option[];
  /** Command lines. */
  examples?: readonly string[];
}

const WIDTH = 80, COLUMN = 30;

/** Breaks a text into lines. All but the first are indented. */
export function wrap(text: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent + word;
    } else line += line === "" ? word : ` ${word}`;
  }
  return [...lines, line];
}

/** A term with its meaning beside it, or below it when the term is long. */
function entry(term: string, meaning: string): string {
  const lines = wrap(meaning, WIDTH - COLUMN - 1, "  ").map((line) => " ".repeat(COLUMN) + line);
  if (term.length > COLUMN - 2) return [term, ...lines].join("\n");
  lines[0] = term.padEnd(COLUMN) + lines[0]!.trimStart();
  return lines.join("\n");
}

function optionEntries(options: readonly Option[]): string[] {
  return options.filter(({ help }) => help !== undefined).map(({ short, long, argument, help }) => {
    const letter = short === undefined ? "    " : `-${short}, `;
    return entry(`  ${letter}--${long}${argument === undefined ? "" : `=${argument}`}`, help!);
  });
}

function paragraphs(text: string): string[] {
  return text.split("\n").flatMap((paragraph) => wrap(paragraph, WIDTH - 1, ""));
}

/** The text of `initctl --help`. */
export function programHelp(program: string, options: readonly Option[]): string {
  return [
    `Usage: ${program} [OPTION]... COMMAND [OPTION]... [ARG]...`,
    "",
    "Options:",
    ...optionEntries(options),
    "",
    `For a list of commands, try \`${program} help'.`,
    "",
  ].join("\n");
}

/** The text of `initctl COMMAND --help`. @param usage the words by which the command was called. */
export function commandHelp(usage: string, command: CommandDescription, options: readonly Option[]): string {
  return [
    `Usage: ${usage} [OPTION]...${command.arguments === undefined ? "" : ` ${command.arguments}`}`,
    ...paragraphs(command.summary),
    "",
    "Options:",
    ...optionEntries(options),
    ...command.help === undefined ? [] : ["", ...paragraphs(command.help)],
    ...command.examples === undefined
      ? []
      : ["", "Examples:", ...command.examples.map((line) => `  ${line}`)],
    "",
  ].join("\n");
}

/** The text of `initctl help`: the commands under their headings. */
export function commandList(
  program: string,
  groups: { title: string; commands: CommandDescription[] }[],
): string {
  const sections = groups.flatMap(({ title, commands }) => [
    `${title} commands:`,
    ...commands.map(({ name, summary }) => entry(`  ${name}`, summary)),
    "",
  ]);
  return [...sections, `For more information on a command, try \`${program} COMMAND --help'.`, ""].join("\n");
}
