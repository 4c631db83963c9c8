/**
 * What depend() says where that can be told without a shell: in a script that consists of functions and assignments, with a
 * depend() of plain words. Of anything else nothing is told, and a shell is asked.
 */

import { DEPEND_WORDS, type DependLines, variableName } from "./relations.ts";

/** A file of variables. */
export interface PlainSettings {
  /** The variables that are set. */
  names: string[];
}

/**
 * A value without commands, and without anything else that may fail. Each text is matched in one way alone: a name takes all
 * characters that it can, or a long line with a character too much would take time without end.
 */
const VALUE =
  /(?:'[^']*'|"(?:[^"`$\\]|\\[^]|\$\w+(?!\w)|\$\{\w+(?::?[-+=][^}"'`$\\]*)?\})*"|\$\w+(?!\w)|\$\{\w+\}|[\w./:,+@%=-])*/;
/** An assignment, with its name and its value. */
export const ASSIGNMENT = new RegExp(`^(?:export\\s+)?([A-Za-z_]\\w*)=(${VALUE.source})$`);
/** `: ${NAME:=VALUE}`, the usual way to give a variable a value where it has none. */
export const DEFAULT = /^:\s+"?\$\{([A-Za-z_]\w*):?=([^}"'`$\\]*)\}"?$/;

/** The beginning of a function, with its name, and with its body where that is in the same line. */
export const FUNCTION = /^([A-Za-z_]\w*)\s*\(\)\s*(?:\{\s*(?:([^{}]*)\})?)?$/;
const PLAIN_WORD = /^(?:\*|!?-?[\w.+@:/][\w.+@:/-]*)$/;

/** The variables by which settings say more than depend(). */
const OVERRIDE = /^rc_(?:(\w+)_)?(?:config|need|use|want|after|before|provide|keyword)$/i;

/** What a file of variables sets; undefined where it is more than that. */
export function plainSettings(text: string): PlainSettings | undefined {
  const names: string[] = [];
  for (const line of logicalLines(text) ?? [undefined]) {
    const [, name] = line === undefined ? [] : ASSIGNMENT.exec(line) ?? DEFAULT.exec(line) ?? [];
    if (name === undefined) return undefined;
    names.push(name);
  }
  return { names };
}

/** True where a variable of these says more about a service than its depend(). */
export function hasOverride({ names }: PlainSettings, service: string): boolean {
  return names.some((name) => {
    const [found, of] = OVERRIDE.exec(name) ?? [];
    return found !== undefined && (of === undefined || of === variableName(service));
  });
}

/**
 * The lines of a script's depend(); none where it has no such function; undefined where they cannot be told.
 * @param files What `*` stands for: the names in the directory of the scripts
 */
export function plainDepend(
  script: string,
  service: string,
  files: readonly string[],
): DependLines["lines"] | undefined {
  const lines = script.includes("<<") ? undefined : logicalLines(script);
  if (!lines) return undefined;
  let depend: string[] = [];
  const names: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    const [, variable] = ASSIGNMENT.exec(line) ?? DEFAULT.exec(line) ?? [];
    if (variable !== undefined) {
      names.push(variable);
      continue;
    }
    const [, name, inline] = FUNCTION.exec(line) ?? [];
    if (name === undefined || name === "_depend" || Object.hasOwn(DEPEND_WORDS, name)) return undefined;
    let body = [inline ?? ""];
    if (inline === undefined) {
      if (!line.endsWith("{") && lines[++at] !== "{") return undefined;
      const end = lines.indexOf("}", at + 1);
      if (end < 0) return undefined;
      body = lines.slice(at + 1, end);
      at = end;
    }
    if (name === "depend") depend = body;
  }
  if (hasOverride({ names }, service)) return undefined;
  return dependLines(depend, files);
}

function dependLines(body: readonly string[], files: readonly string[]): DependLines["lines"] | undefined {
  const lines: DependLines["lines"] = [];
  for (const command of body.flatMap((line) => line.split(";"))) {
    const [first = "", ...words] = command.split(/\s+/).filter((word) => word !== "");
    if (first === "" || first === ":") continue;
    const kind = Object.hasOwn(DEPEND_WORDS, first) ? DEPEND_WORDS[first] : undefined;
    if (!kind || !words.every((word) => PLAIN_WORD.test(word))) return undefined;
    lines.push({ kind, words: words.flatMap((word) => word === "*" ? files : [word]) });
  }
  return lines;
}

/** The lines of a script without comments and blanks, those with a quoted newline as one; undefined where a quote stays open. */
export function logicalLines(text: string): string[] | undefined {
  if (text.includes("\r")) return undefined;
  const lines: string[] = [];
  let line = "", quote = "";
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (quote === "" && character === "#" && /(?:^|[\s;&|()])$/.test(line.slice(-1))) {
      const end = text.indexOf("\n", at);
      at = (end < 0 ? text.length : end) - 1;
    } else if (quote === "" && character === "\n") {
      lines.push(line);
      line = "";
    } else if (quote !== "'" && text.startsWith("\\\n", at)) {
      at++;
    } else {
      line += character;
      if (character === "\\" && quote !== "'") line += text[++at] ?? "";
      else if (quote === "" ? character === "'" || character === '"' : character === quote) {
        quote = quote === "" ? character : "";
      }
    }
  }
  if (quote !== "") return undefined;
  return [...lines, line].map((one) => one.trim()).filter((one) => one !== "");
}
