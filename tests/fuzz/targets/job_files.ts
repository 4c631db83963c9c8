/** Targets: files that define jobs, and what the child says that evaluates modules. */

import fc from "fast-check";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readComments } from "../../../compat/upstart/comments.ts";
import { formatConf } from "../../../compat/upstart/format.ts";
import { lineOf } from "../../../compat/upstart/lines.ts";
import { applyOverride, parseConf } from "../../../compat/upstart/parse.ts";
import { definitions } from "../../../compat/upstart/testing/definitions.ts";
import { parseEvaluatorLine } from "../../../lib/author/protocol.ts";
import { lastWords, outcomeOf } from "../../../lib/config/evaluation/outcome.ts";
import { claimOf, nameProblem } from "../../../lib/config/known_files.ts";
import { FORMATS } from "../../../lib/config/formats.ts";
import { moduleComments } from "../../../lib/formats/comments.ts";
import { ParseError, sentenceOf } from "../../../lib/formats/error.ts";
import { formatModule, siblingsAmong } from "../../../lib/formats/typescript/mod.ts";
import { FIELD_ROWS } from "../../../lib/model/fields.ts";
import type { JobDefinition } from "../../../lib/model/job.ts";
import { isJobName, validateJob, validateLoadedJob } from "../../../lib/model/validate.ts";
import {
  BETWEEN,
  checkMessage,
  checkPrintable,
  ofLatin1,
  ofSeveral,
  ofText,
  type Target,
  USUAL_LENGTH,
} from "../target.ts";

/** The words of stanzas, and what stands between words. */
const WORDS = [
  ...FIELD_ROWS.flatMap(([, { stanza }]) => stanza === undefined ? [] : [`\n${stanza} `]),
  ..."\nstart on |\nstop on | and | or |(|)|!=|\nexec |\nscript\n|\nend script\n|\npre-start exec |\\\n|'|\"|#"
    .split("|"),
  ..."unlimited|http://localhost/|every 5s|failures 3|$A|${A:-b}|completed(a)|0|-20|2147483648|TERM|\xff|\xc3\xa9"
    .split("|"),
];

/** Reads something that a format may refuse, by what it says to people. */
function orParseError<Read>(text: string, read: () => Read): Read | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    checkMessage(sentenceOf(error));
    checkPrintable(sentenceOf(error));
    const lines = text.split("\n").length;
    assert.ok(error.line === undefined || error.line >= 1 && error.line <= lines, error.message);
    return undefined;
  }
}

/** A definition is valid, and printed it reads the same. Strings end at a zero byte, even in quotes, where none can be written. */
function checkDefinition(job: JobDefinition, text: string): void {
  validateLoadedJob(job);
  if (!text.includes("\0")) assert.deepEqual(parseConf(formatConf(job), job.source, job.name), job);
}

function readConf(text: string): void {
  const job = orParseError(text, () => parseConf(text, "f", "mill"));
  const [field] = FIELD_ROWS[text.length % FIELD_ROWS.length]!, line = lineOf(text, field);
  assert.ok(line === undefined || line >= 1 && line <= text.split("\n").length);
  // Longer files are read by init; they are not what people convert.
  if (!job || text.length > USUAL_LENGTH) return;
  checkDefinition(job, text);
  const { comments, manual } = readComments(text, "f");
  const siblings = siblingsAmong(new Map([["mill", job], ["a", job]]))("mill");
  const module = orParseError(
    text,
    () => formatModule(job, { comments, ...manual && { manual }, siblings }).text,
  );
  if (module !== undefined) moduleComments(module);
}

function readOverride(text: string, override = ""): void {
  const job = orParseError(text, () => parseConf(text, "f", "mill"));
  if (!job) return;
  const before = structuredClone(job);
  const overridden = orParseError(override, () => applyOverride(job, override, "g"));
  assert.deepEqual(job, before, "an override changes the definition that it is laid over");
  if (overridden) checkDefinition(overridden, text + override);
}

/** Lines of the child, as init takes them in: the first announces, the others report. */
function readReports(text: string): void {
  for (const line of text.split("\n")) {
    const report = parseEvaluatorLine(line);
    if (!report || !("module" in report)) continue;
    const outcome = outcomeOf(report, "/m.ts", undefined);
    assert.ok(outcome.imports.every((path) => path.startsWith("/")));
    if (outcome.jobs) outcome.jobs.forEach(validateJob);
    else {
      checkMessage(outcome.error.reason || "none");
      checkPrintable(outcome.error.reason + outcome.error.file);
    }
  }
  const words = lastWords(text);
  if (words !== undefined) checkMessage(words);
}

/** What a directory may hold: a name is a job's, or it is passed over. */
function readName(name: string): void {
  if (name.includes("\0") || name.includes("\n")) return;
  const file = { directory: "/etc/init", relative: name, head: () => "" };
  const claim = claimOf(FORMATS, file);
  if (!claim || nameProblem(claim.name) !== undefined) return;
  assert.ok(isJobName(claim.name));
  checkPrintable(JSON.stringify(claim.name).replace(/[\x80-\u2069]/g, ""));
}

const conf = definitions.map((job) => Buffer.from(formatConf(job), "latin1"));

export const JOB_FILES: readonly Target[] = [
  {
    name: "conf",
    from: "job files, .conf: definition, comments, lines, and the module that one becomes",
    read: ofLatin1(readConf),
    shapes: conf,
    words: WORDS,
    longest: 1 << 20,
  },
  {
    name: "override",
    from: "overrides, .override, laid over a job file",
    read: ofSeveral((text = "", override = "") => readOverride(text, override)),
    shapes: fc.tuple(conf, conf).map((both) =>
      Buffer.from(both.map((one) => one.toString("latin1")).join(BETWEEN), "latin1")
    ),
    words: [...WORDS, BETWEEN],
  },
  {
    name: "module-results",
    from: "what the child prints that evaluates job modules",
    read: ofText(readReports),
    shapes: fc.array(definitions, { maxLength: 3 }).map((jobs) =>
      `${JSON.stringify({ evaluating: "/m.ts" })}\n${
        JSON.stringify({ module: "/m.ts", imports: ["/a.ts"], jobs })
      }\n`
    ),
    words: [
      '"module":"/m.ts"',
      '"imports":[]',
      '"jobs":[',
      '"error":{"reason":"',
      '"line":1',
      '"sources":{',
      "\x1b[31m",
      "\x9b",
    ],
  },
  {
    name: "job-file-names",
    from: "names of files in configuration directories",
    read: ofText(readName),
    words: [
      ".conf",
      ".override",
      ".ts",
      ".d.ts",
      "_test.ts",
      "/",
      ".dpkg-new",
      "~",
      "node_modules/",
      "\u009b",
      "\u202e",
    ],
  },
];
