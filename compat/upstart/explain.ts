/**
 * Explanations of syntax errors beside Upstart's own words: which word is meant, and what may have been. Init prints
 * Upstart's words alone, as scripts know them; tools tell all.
 */

import { decodeBytes } from "../../lib/model/text/bytes.ts";
import { closest } from "../../lib/model/text/closest.ts";

/** Where and why a file cannot be parsed. Texts are one character a byte, as they are written. */
export interface SyntaxFailure {
  /** Upstart's words. */
  reason: string;
  /** The line before the stanza, as far as its end goes. */
  lineBefore: string;
  /** From the stanza's name to the word read last, without that. */
  before: string;
  /** The word read last. */
  word: string;
  /** What follows it. */
  rest: string;
  /** The line of that word, counted from 1. */
  wordLine: number;
  stanzaLine: number;
  /** Words that would have done in its place. */
  known?: Iterable<string>;
}

/** Words that begin no stanza, and what they are. */
const FOREIGN: Readonly<Record<string, string>> = {
  import: "`import' is ChromeOS's own: it names a variable of the event that the job gets. " +
    "A job gets all of them, so leave the line out",
  tmpfiles:
    "`tmpfiles' is ChromeOS's own: it makes what a file of tmpfiles.d(5) describes before the job starts. " +
    "Do that in `pre-start', such as by systemd-tmpfiles(8)",
  service:
    "`service' is of Upstart before 0.5, and is what every job is that does not say `task'. Leave it out",
  pid: "`pid' is of Upstart before 0.5, which read files with process numbers. " +
    "`expect fork' and `expect daemon' follow a program into the background",
  on: "`on' is not the first word: `start on EVENT' or `stop on EVENT'",
  user: "the stanza is `setuid USER'",
  group: "the stanza is `setgid GROUP'",
  environment: "the stanza is `env KEY=VALUE'",
  command: "the stanza is `exec COMMAND'",
  and: "a condition goes on in the next line only within brackets, or behind a backslash",
  or: "a condition goes on in the next line only within brackets, or behind a backslash",
  end: "there is no script that this would end",
  "[Unit]": "this looks like a unit of systemd, which is another format",
  "#!/sbin/openrc-run": "this looks like a script of OpenRC, which is another format",
};

/** So many words are told that could stand in the place of a wrong one. */
const MOST_WORDS = 16;

/** The rest of the sentence that the reason begins; empty when there is nothing to say. */
export function explain(failure: SyntaxFailure): string {
  const { reason, before, word, rest, wordLine, stanzaLine } = failure;
  const stanza = quoted(before || word);
  if (reason.includes("Illegal")) {
    const place = reason.startsWith("Error") ? ` on line ${wordLine}` : "";
    return `, not ${quoted(word)}${place}${meant(failure)}`;
  }
  switch (reason) {
    case "Unknown stanza":
      return unknown(failure);
    case "Unexpected token":
      return ` ${quoted(/^\S*/.exec(rest)![0])} behind ${quoted(`${before} ${word}`)}`;
    case "Expected token":
      return ` behind ${word === "''" || word === '""' ? stanza : quoted(`${before} ${word}`)}`;
    case "Expected event":
      return ` behind ${stanza}`;
    case "Expected operator":
      return `: \`and' or \`or' is missing between two events`;
    case "Expected variable name before value":
      return `: ${quoted(word)} has none`;
    case "Mismatched parentheses":
      return word === ")" ? ": a `)' has no `(' before it" : ": a `(' has no `)' behind it";
    case "Unterminated quoted string":
      return `, which begins on line ${wordLine}`;
    case "Unterminated block":
      return `: no \`end script' follows ${quoted(`${before} ${word.split(/\s/)[0]}`)} on line ${stanzaLine}`;
    case "Trailing slash in file":
      return ": a backslash is the last character";
    default:
      return "";
  }
}

function unknown(failure: SyntaxFailure): string {
  const { before, word, lineBefore } = failure;
  if (before === "" && word.startsWith("\xef\xbb\xbf")) {
    return ": the file begins with a byte order mark; save it without";
  }
  if (before === "" && lineBefore.endsWith("\\\r\n")) {
    return ` ${quoted(word)}: the line before ends in a backslash and CR LF, which does not join the two`;
  }
  const [, name = "", value = ""] = /^([\w-]+)=(.*)$/s.exec(word) ?? [];
  if (before === "" && name !== "") {
    const isStanza = [...failure.known ?? []].includes(name);
    if (isStanza) {
      return ` ${quoted(word)}: no \`=' stands behind a stanza; write ${quoted(`${name} ${value}`)}`;
    }
    if (/^[A-Z]\w*$/.test(name)) return ` ${quoted(word)}; did you mean ${quoted(`env ${word}`)}?`;
  }
  const foreign = before === "" && Object.hasOwn(FOREIGN, word) ? `: ${FOREIGN[word]}` : meant(failure);
  return ` ${quoted(`${before} ${word}`)}${foreign}`;
}

function meant({ before, word, known }: SyntaxFailure): string {
  if (!known) return "";
  const words = [...known];
  const likely = closest(word, words);
  if (likely !== undefined) return `; did you mean ${quoted(`${before} ${likely}`)}?`;
  return before === "" || words.length > MOST_WORDS
    ? ""
    : `; behind ${quoted(before)} may stand ${words.join(", ")}`;
}

/** A piece of the file between quotes, in one line and not too long. */
function quoted(text: string): string {
  // deno-lint-ignore no-control-regex
  const line = decodeBytes(text.slice(-500)).replace(/\\?\s+/g, " ").replace(/[\x00-\x1f\x7f]/g, "\ufffd")
    .trim();
  return `\`${line.length > 60 ? `…${line.slice(-60)}` : line}'`;
}
