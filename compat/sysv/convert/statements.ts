/** What statements of a script are for: configuration, variables, preparations, messages, or something of its own. */

import { assignedName, simpleCommands } from "../shell/parser.ts";
import { type Lookup, valueOfWord } from "../shell/values.ts";
import type { Step } from "./flow.ts";

/** What a statement is for. */
export type Purpose =
  /** Reads a file of variables, such as /etc/default/cron. */
  | "configuration"
  /** Sets variables. */
  | "variables"
  /** Changes what the daemon inherits: limits, the mask, the directory. */
  | "surroundings"
  /** Makes directories and files that the daemon needs. */
  | "preparation"
  /** Says something, or reads a library: not needed by a job. */
  | "nothing"
  /** All else. */
  | "own";

const SETS = ["export", "readonly", "local", "declare", "typeset", "unset", "eval"];

const SURROUNDINGS = ["ulimit", "umask", "cd", "export"];

const PREPARES = [
  "mkdir",
  "install",
  "chown",
  "chmod",
  "chgrp",
  "touch",
  "ln",
  "rm",
  "rmdir",
  "cp",
  "mkfifo",
];

const TESTS = ["[", "test", "true", "false", ":", "[["];

const SAYS = ["echo", "printf", "cat", "set", "trap", "sleep"];

/** Functions of libraries that tell what is done: log_daemon_msg, rc_status. */
const TELLS = /^(?:log_\w+|rc_(?:status|reset|failed|exit)|success|failure|passed|warning|action)$/;

const ENDS = ["exit", "return", "continue", "break"];

/** Libraries of functions. */
const LIBRARY =
  /^\/(?:lib\/(?:lsb|init)\/|usr\/lib\/(?:lsb|init)\/|etc\/rc\.status|etc\/(?:rc\.d\/)?init\.d\/functions|etc\/default\/rcS$)/;

/** What is written to a file, rather than to nowhere or another descriptor. */
const WRITES = /^\d*>(?!>?\s*\/dev\/|&)/;

/** The programs that a step runs, in order. Assignments are `=`, and what writes to a file is `>`. */
function programsOf(step: Step): string[] {
  return simpleCommands([{ ...step, isBackground: false }]).map(({ words, redirections }) => {
    if (redirections.some((text) => WRITES.test(text))) return ">";
    const word = words.find((word) => assignedName(word) === undefined);
    return word === undefined ? "=" : word.replace(/^(?:\/usr)?\/s?bin\//, "");
  });
}

/** The files that a step reads as parts of the script, where they are known. */
function sourcedFiles(step: Step, lookup: Lookup): Array<string | undefined> {
  return simpleCommands([{ ...step, isBackground: false }]).flatMap(({ words: [name, file = ""] }) =>
    name === "." || name === "source" ? [valueOfWord(file, lookup)] : []
  );
}

/**
 * What a step is for.
 * @param isConditional True for one that is not always done.
 */
export function purposeOf(step: Step, isConditional: boolean, lookup: Lookup): Purpose {
  if (step.isRepeated || simpleCommands([{ ...step, isBackground: false }]).some(hasDocument)) return "own";
  const programs = programsOf(step), files = sourcedFiles(step, lookup);
  const others = programs.filter((name) =>
    !TESTS.includes(name) && !SAYS.includes(name) && !TELLS.test(name)
  );
  if (files.length > 0) {
    const isOnly = others.every((name) => name === "." || name === "source" || name === "=");
    if (!isOnly) return "own";
    return files.every((file) => file !== undefined && LIBRARY.test(file)) ? "nothing" : "configuration";
  }
  if (others.length === 0) return step.isCondition && !isQuestionOfFiles(step) ? "own" : "nothing";
  if (others.every((name) => ENDS.includes(name))) {
    return programs.some((name) => TESTS.includes(name)) && !isQuestionOfFiles(step) ? "own" : "nothing";
  }
  if (isConditional || step.isCondition) return "own";
  const isAll = (...known: string[]) => others.every((name) => known.includes(name));
  const isSetting = isAll("=", ...SETS.filter((name) => name !== "eval"), ...SURROUNDINGS);
  if (isSetting) return others.some((name) => SURROUNDINGS.includes(name)) ? "surroundings" : "variables";
  return isAll("=", ">", ...PREPARES) ? "preparation" : "own";
}

function hasDocument({ redirections }: { redirections: readonly string[] }): boolean {
  return redirections.some((text) => text.includes("<<"));
}

/** True for a step that asks whether programs or files are there, or how much is to be said. */
function isQuestionOfFiles(step: Step): boolean {
  return simpleCommands([{ ...step, isBackground: false }]).every(({ words }) => {
    if (!TESTS.includes(words[0]!)) return true;
    const asked = words.slice(1).filter((word) => !["!", "]", "]]", "-a", "-o"].includes(word));
    return asked.some((word) => /VERBOSE/.test(word)) ||
      asked.every((word, index) => index % 2 === 1 || /^-[xfers]$/.test(word));
  });
}

/** The names of variables that a step sets. */
export function namesSetBy(step: Step): string[] {
  return simpleCommands([{ ...step, isBackground: false }]).flatMap(({ words }) => {
    const isSetting = words.every((word) => assignedName(word) !== undefined) || SETS.includes(words[0]!);
    return isSetting ? words.flatMap((word) => assignedName(word) ?? []) : [];
  });
}

/** The text of a step as a line of a job's script: without `local`, and without the indentation of the script. */
export function textOfStep(step: Step, text: string): string {
  const margin = /[ \t]*$/.exec(text.slice(0, step.from))![0];
  const own = text.slice(step.from, step.to).replaceAll(`\n${margin}`, "\n");
  return own.replace(/^(?:local|declare|typeset|readonly)[ \t]+/, "");
}
