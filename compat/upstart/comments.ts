/** The comments of a `.conf` file, and the fields of a job module that its stanzas stand for. */

import { addComment, type Comments, noComments, trimmed } from "../../lib/author/comments.ts";
import { decodeBytes } from "../../lib/model/bytes.ts";
import type { Condition } from "../../lib/model/condition.ts";
import { emptyJob, type JobDefinition } from "../../lib/model/job.ts";
import { Lexer } from "./lexer.ts";
import { readStanza } from "./stanzas.ts";

/** Fields of job modules whose names are not the stanza's own, by the stanza's first word or first two. */
const FIELDS: Readonly<Record<string, string>> = {
  "start on": "startOn",
  "stop on": "stopOn",
  "respawn limit": "respawn",
  "normal exit": "normalExit",
  "kill signal": "killSignal",
  "kill timeout": "killTimeout",
  "reload signal": "reloadSignal",
  "oom": "oomScore",
  "setuid": "user",
  "setgid": "group",
  "pre-start": "preStart",
  "post-start": "postStart",
  "pre-stop": "preStop",
  "post-stop": "postStop",
};

/** The field that a stanza stands for, by the words that the stanza begins with. */
export function fieldOf(stanza: string): string {
  const [first = "", second = ""] = stanza.split(/[ \t]+/);
  return FIELDS[`${first} ${second}`] ?? FIELDS[first] ?? first;
}

/** What a file says beside the definition that it stands for. */
export interface ConfNotes {
  comments: Comments;
  /** What `start on` said before `manual` took it away. */
  manual?: Condition;
}

/**
 * The comments of a file that can be parsed, and in what order it says things.
 * @throws {ParseError} for one that cannot.
 */
export function readNotes(text: string, file: string): ConfNotes {
  const lexer = new Lexer(text, file);
  const job = emptyJob("", file);
  const notes: ConfNotes = { comments: noComments() };
  const { comments } = notes;
  const take = () => lexer.takeRemarks().map(remark);
  while (lexer.nextStanza()) {
    const stanza = lexer.upcoming;
    const before = take();
    const own = comments.order.length > 0 ? before : before.slice(before.lastIndexOf("") + 1);
    comments.head.push(...trimmed(before.slice(0, before.length - own.length)));
    const { startOn } = job;
    readStanza(lexer, job);
    if (stanza.startsWith("manual") && startOn) notes.manual = startOn;
    const field = place(fieldOf(stanza), job);
    addComment(comments, field, [...own, ...take()]);
    const [name] = field.split(".");
    if (!comments.order.includes(name!)) comments.order.push(name!);
  }
  comments.foot.push(...trimmed(take()));
  if (job.startOn) delete notes.manual;
  return notes;
}

/** Tables have comments for each entry: the one that was added last. */
function place(field: string, job: JobDefinition): string {
  if (field === "env") return `env.${job.env.at(-1)!.split("=")[0]}`;
  if (field === "limit") return `limit.${Object.keys(job.limit).at(-1)}`;
  return field;
}

/** A comment's text. Bytes that are no UTF-8 are taken for Latin-1, in which most old comments are. */
function remark(line: string): string {
  const text = decodeBytes(line).replace(/^#/, "").trimEnd();
  return text.replace(/[\udc80-\udcff]/gu, (byte) => String.fromCharCode(byte.charCodeAt(0) - 0xdc00));
}
