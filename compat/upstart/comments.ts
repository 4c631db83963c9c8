/** The comments of a `.conf` file, and the fields of a job module that its stanzas stand for. */

import { addComment, append, noComments, trimmed } from "../../lib/formats/comments.ts";
import type { FileComments } from "../../lib/formats/format.ts";
import { decodeBytes } from "../../lib/model/text/bytes.ts";
import { FIELD_ROWS, moduleField, PROCESS_FIELDS } from "../../lib/model/fields.ts";
import { emptyJob, type JobDefinition } from "../../lib/model/job.ts";
import { Lexer } from "./lexer.ts";
import { readStanza } from "./stanzas.ts";

/** Fields of job modules by their stanzas. */
const FIELDS: ReadonlyMap<string, string> = new Map([
  ...FIELD_ROWS.map(([name, { stanza = name }]) => [stanza, moduleField(name)] as const),
  ["oom", moduleField("oomScore")],
  ...Object.entries(PROCESS_FIELDS),
]);

/** The field that a stanza stands for, by the words that the stanza begins with. */
export function fieldOf(stanza: string): string {
  const [first = "", second = ""] = stanza.split(/[ \t]+/);
  return FIELDS.get(`${first} ${second}`) ?? FIELDS.get(first) ?? first;
}

/**
 * The comments of a file that can be parsed, and in what order it says things.
 * @throws {ParseError} for one that cannot.
 */
export function readComments(text: string, file: string): FileComments {
  const lexer = new Lexer(text, file);
  const job = emptyJob("", file);
  const found: FileComments = { comments: noComments() };
  const { comments } = found;
  const take = () => lexer.takeComments().map(commentText);
  while (lexer.nextStanza()) {
    const stanza = lexer.upcoming;
    const before = take();
    const own = comments.order.length > 0 ? before : before.slice(before.lastIndexOf("") + 1);
    append(comments.head, trimmed(before.slice(0, before.length - own.length)));
    const { startOn } = job;
    readStanza(lexer, job);
    if (stanza.startsWith("manual") && startOn) found.manual = startOn;
    const field = place(fieldOf(stanza), job);
    addComment(comments, field, [...own, ...take()]);
    const [name] = field.split(".");
    if (!comments.order.includes(name!)) comments.order.push(name!);
  }
  append(comments.foot, trimmed(take()));
  if (job.startOn) {
    delete found.manual;
    if (comments.order.includes("manual")) found.hasManualWithoutEffect = true;
  }
  return found;
}

/** Tables have comments for each entry: the one that was added last. */
function place(field: string, job: JobDefinition): string {
  if (field === "env") return `env.${job.env.at(-1)!.split("=")[0]}`;
  if (field === "limit") return `limit.${Object.keys(job.limit).at(-1)}`;
  return field;
}

/**
 * A comment's text, in which nothing ends a line. Bytes that are no UTF-8 are taken for Latin-1, in which most old comments
 * are.
 */
function commentText(line: string): string {
  const text = decodeBytes(line).replace(/^#/, "").replace(/[\r\u2028\u2029]/g, " ").trimEnd();
  return text.replace(/[\udc80-\udcff]/gu, (byte) => String.fromCharCode(byte.charCodeAt(0) - 0xdc00));
}
