/** The comments of a `.conf` file, and the fields of a job module that its stanzas stand for. */

import { addComment, append, noComments, trimmed } from "../../lib/formats/comments.ts";
import type { FileComments, StanzaPlace } from "../../lib/formats/format.ts";
import { decodeBytes } from "../../lib/model/text/bytes.ts";
import { FIELD_ROWS, type FieldKind, moduleField, PROCESS_FIELDS } from "../../lib/model/fields.ts";
import { emptyJob, type JobDefinition } from "../../lib/model/job.ts";
import { Lexer } from "./lexer.ts";
import { readStanza } from "./stanzas.ts";

/** Fields of job modules by their stanzas. */
const FIELDS: ReadonlyMap<string, string> = new Map([
  ...FIELD_ROWS.map(([name, { stanza = name }]) => [stanza, moduleField(name)] as const),
  ["oom", moduleField("oomScore")],
  ...Object.entries(PROCESS_FIELDS),
]);

/** Kinds of values to which a further stanza adds something, or of which it says nothing else. */
const ADDED_TO: ReadonlySet<FieldKind> = new Set([
  "cgroups",
  "exits",
  "flag",
  "logLimit",
  "references",
  "variables",
  "words",
]);

/** What the last stanza of a file says of, by the stanza's name. */
const REPLACED: ReadonlyMap<string, string> = new Map([
  ...FIELD_ROWS.flatMap(([name, { stanza, kind }]) =>
    stanza === undefined || ADDED_TO.has(kind) ? [] : [[stanza, name] as const]
  ),
  ["oom", "oomScore"],
  ["exec", "main"],
  ["script", "main"],
  ...Object.keys(PROCESS_FIELDS).map((name) => [name, name] as const),
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
  const { comments } = found, counts = new Map<string, StanzaPlace>();
  const take = () => lexer.takeComments().map(commentText);
  while (lexer.nextStanza()) {
    const stanza = lexer.upcoming, { line } = lexer;
    const before = take();
    const own = comments.order.length > 0 ? before : before.slice(before.lastIndexOf("") + 1);
    append(comments.head, trimmed(before.slice(0, before.length - own.length)));
    const { startOn } = job;
    readStanza(lexer, job);
    if (stanza.startsWith("manual") && startOn) found.manual = startOn;
    const field = place(fieldOf(stanza), job);
    addComment(comments, field, [...own, ...take()]);
    const [module] = field.split(".");
    if (!comments.order.includes(module!)) comments.order.push(module!);
    const [what, name] = subjectOf(stanza, job);
    if (what === undefined) continue;
    const earlier = counts.get(what), later = { stanza: name, line };
    if (earlier) (found.overruled ??= []).push({ ...earlier, by: later });
    counts.set(what, later);
  }
  append(comments.foot, trimmed(take()));
  if (job.startOn) {
    delete found.manual;
    if (comments.order.includes("manual")) found.hasManualWithoutEffect = true;
  }
  return found;
}

/** What a stanza says something of, undefined where a later one does not take its effect, and how it is called. */
function subjectOf(stanza: string, job: JobDefinition): [what: string | undefined, name: string] {
  const [first = "", second = ""] = stanza.split(/[ \t]+/), both = `${first} ${second}`;
  if (first === "env") return [place("env", job), `env ${job.env.at(-1)!.split("=")[0]}`];
  if (first === "limit") return [both, both];
  const what = REPLACED.get(both) ?? REPLACED.get(first);
  const hasTwoWords = REPLACED.has(both) || Object.hasOwn(PROCESS_FIELDS, first);
  return [what, hasTwoWords ? both : first];
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
