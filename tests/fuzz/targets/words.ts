/** Targets: what people write within files and on command lines: times, sizes, patterns, variables, options; safe printing. */

import fc from "fast-check";
import assert from "node:assert/strict";
import { matchesPattern } from "../../../lib/engine/conditions/pattern.ts";
import { selectJobs } from "../../../lib/insight/selection.ts";
import { filesOfLog, instancesWithLogs } from "../../../lib/insight/history/file_names.ts";
import { parseSince } from "../../../lib/insight/history/since.ts";
import { columnsOf, cut, pad, wrapped } from "../../../lib/insight/screen/width.ts";
import { OPTIONS } from "../../../lib/cli/initctl/initctl.ts";
import { bootFlags } from "../../../lib/init/options/boot_flags.ts";
import { overruled, parseCommandLine, readOptions } from "../../../lib/init/options/command_line.ts";
import type { Operands } from "../../../lib/init/options/option_table.ts";
import { namedDescriptors } from "../../../lib/init/host/passed_descriptors.ts";
import { parseAddress, parseUrl } from "../../../lib/model/checks/target.ts";
import { formatSize, parseSize } from "../../../lib/model/checks/size.ts";
import { parseOptions } from "../../../lib/model/command_line/options.ts";
import { UsageError } from "../../../lib/model/command_line/usage_error.ts";
import { closest } from "../../../lib/model/text/closest.ts";
import { parseDuration } from "../../../lib/model/duration.ts";
import { environment } from "../../../lib/model/environment.ts";
import { expand, ExpansionError } from "../../../lib/model/expand.ts";
import { logPath, rotatedLogs, rotatedPath, stampTime } from "../../../lib/model/logs/log_names.ts";
import { isLogTarget, readRotation, SettingError } from "../../../lib/model/logs/settings.ts";
import { decodeBytes, encodeBytes } from "../../../lib/model/text/bytes.ts";
import { isIgnoredName } from "../../../lib/model/text/ignored_names.ts";
import { jsonObject } from "../../../lib/model/text/json_object.ts";
import { LinePattern } from "../../../lib/model/text/line_pattern.ts";
import { PatternError } from "../../../lib/model/text/pattern_syntax.ts";
import {
  printable,
  printableJson,
  printableLines,
  withoutColours,
} from "../../../lib/model/text/printable.ts";
import {
  BETWEEN,
  checkPrintable,
  ofLatin1,
  ofSeveral,
  ofText,
  type Target,
  unlessRefused,
} from "../target.ts";

function readValues(text: string): void {
  const now = Date.UTC(2026, 10, 30);
  for (const word of text.split("\n")) {
    const seconds = parseDuration(word), bytes = parseSize(word), since = parseSince(word, now);
    assert.ok(seconds === undefined || seconds >= 0 && Number.isFinite(seconds), word);
    assert.ok(bytes === undefined || parseSize(formatSize(bytes)) === bytes, word);
    assert.ok(since === undefined || Number.isFinite(since), word);
    const address = parseAddress(word);
    assert.ok(address === undefined || address.port > 0 && address.port < 65536 && address.host !== "");
    parseUrl(word);
    isLogTarget(word);
    const rotation = unlessRefused(() => readRotation(word.split(" ")), SettingError);
    assert.ok(rotation === undefined || rotation === "none" || rotation.size > 0);
    closest(word, ["web", "webserver", "a", "toString", word.slice(1)]);
    isIgnoredName(word);
    jsonObject(word);
  }
}

/** A pattern agrees with the runtime's, where it is one, whatever it is to match. */
function matchLines(pattern: string, ...lines: string[]): void {
  const known = unlessRefused(() => new LinePattern(pattern), PatternError);
  for (const line of lines) {
    const matches = known?.matches(line);
    if (known && pattern.length + line.length < 60) {
      assert.equal(matches, new RegExp(pattern).test(line), `${pattern} on ${line}`);
    }
    matchesPattern(pattern, line);
  }
  const { jobs } = selectJobs([pattern], lines.slice(0, 20));
  assert.ok(jobs.every((job) => lines.includes(job)));
}

/** Values are put in, and no result is longer than it may be. */
function expandText(text = "", ...pairs: string[]): void {
  const longest = 10_000;
  const result = unlessRefused(() => expand(text, environment(pairs), longest), ExpansionError);
  assert.ok((result ?? "").length <= longest);
}

/** What is printed to a terminal controls nothing there, and JSON stays the same. */
function printText(text: string): void {
  checkPrintable(printable(text));
  checkPrintable(printableLines(text).replace(/[\n\t]/g, ""));
  assert.equal(printable(printable(text)), printable(text));
  assert.deepEqual(JSON.parse(printableJson({ text })), { text });
  checkPrintable(printableJson({ text }));
  withoutColours(text);
  const line = printable(text).slice(0, 300), columns = 2 + text.length % 40;
  assert.ok(columnsOf(cut(line, columns)) <= columns);
  assert.ok(columnsOf(pad(cut(line, columns), columns)) >= columnsOf(cut(line, columns)));
  wrapped(line, columns, " ").forEach((one) => assert.ok(columnsOf(one) <= columns + 2 || one.length <= 20));
}

function decode(latin1: string): void {
  assert.equal(encodeBytes(decodeBytes(latin1)), latin1);
}

/** Logs lie in their directory, by names that a file may have, and are found again. */
function nameLogs(job: string, instance = "", ...names: string[]): void {
  if ((job + instance).includes("\0")) return;
  const directory = "/var/log/upstart",
    path = logPath(directory, job, instance),
    stamp = "20261130T041530.123Z";
  const rotated = rotatedPath(path, stamp, "zstd");
  for (const one of [path, rotated]) {
    const name = one.slice(directory.length + 1);
    assert.ok(one.startsWith(`${directory}/`) && !name.includes("/") && name !== "." && name !== "..", one);
    assert.ok(encodeBytes(name).length <= 255);
  }
  const base = path.slice(directory.length + 1), all = [...names, rotated.slice(directory.length + 1)];
  const found = rotatedLogs(base, all);
  assert.ok(found.some((log) => log.stamp === stamp));
  for (const log of found) assert.ok(Number.isFinite(stampTime(log.stamp)), log.stamp);
  for (const file of filesOfLog(path, all)) assert.ok(file.path.startsWith(`${directory}/`));
  if (job !== "") instancesWithLogs(directory, all, [job], [job], new Map([[job, new Set([instance])]]));
}

/** The words of init's command line, which the kernel may have filled with others, and of initctl's. */
function readCommandLine(text: string): void {
  const words = text.split("\n");
  for (const operands of ["none", "ignored", "command"] satisfies Operands[]) {
    unlessRefused(() => {
      const parsed = parseCommandLine(words, operands);
      overruled(parsed);
      readOptions(parsed, operands, {});
    }, UsageError);
  }
  // Process 1 must not fail by what it is given.
  const problems: string[] = [], note = ({ message }: UsageError) => void problems.push(message);
  readOptions(parseCommandLine(words, "ignored", note), "ignored", {}, note);
  const { runlevel } = bootFlags(words);
  assert.ok(runlevel === undefined || /^[0-9S]$/.test(runlevel));
  assert.ok(namedDescriptors(words, words[0]).every((descriptor) => descriptor >= 0));
  for (const rules of [{ stopAtArgument: true }, { getopt: true }, { valuesInClusters: true }]) {
    const parsed = unlessRefused(() => parseOptions(words, OPTIONS, rules), UsageError);
    if (parsed) assert.ok(parsed.given.every(([option]) => OPTIONS.some(({ long }) => long === option)));
  }
}

/** People write no longer ones, in bytes; an answer to a wrong one quotes it as a whole. */
const LONGEST_WORDS = 1024;

const WORDS = [
  ..."5|5s|1.5h|500ms|2min|3d|10m|512MB|1e5|0x10|14:30|2026-11-30 14:30|today|yesterday|2026-13-45|99999-01-01"
    .split("|"),
  ..."8080|localhost:80|[::1]:80|http://a/|https://[::1|size 1MB keep 3|none|syslog:daemon.info|otlp:http://a:1/|file"
    .split("|"),
];
const PATTERNS = [
  "(",
  ")",
  "[",
  "]",
  "{1,2}",
  "*",
  "+?",
  "|",
  "\\d",
  "\\b",
  "^",
  "$",
  ".",
  "[^a-z]",
  "\\",
  "(?:",
  "(?<n>",
  "!",
  "-",
  "?",
  "[[:alpha:]]",
];
const pattern = fc.tuple(
  fc.array(fc.constantFrom(...PATTERNS, "a", "b", "1"), { maxLength: 12 }),
  fc.array(fc.constantFrom("a", "b", "1", " ", "-", "é"), { maxLength: 12 }),
)
  .map((both) => Buffer.from(both.map((one) => one.join("")).join(BETWEEN), "latin1"));

export const WORD_READERS: readonly Target[] = [
  {
    name: "values",
    from: "times, sizes, addresses, places of logs, names",
    read: ofText(readValues),
    words: WORDS,
    longest: LONGEST_WORDS,
  },
  {
    name: "patterns",
    from: "patterns of lines, of jobs and of variables",
    read: ofSeveral((first = "", ...lines) => matchLines(first, ...lines)),
    shapes: pattern,
    words: [...PATTERNS, BETWEEN],
    longest: 4096,
  },
  {
    name: "expansions",
    from: "variables in conditions, names of instances and checks",
    read: ofSeveral(expandText),
    words: ["$A", "${A}", "${A:-", "${A:+", "}", "${}", "$", "${$A}", BETWEEN, "A=", "A=$A"],
  },
  {
    name: "printing",
    from: "texts of others on their way to a terminal",
    read: ofText(printText),
    words: ["\x1b[2J", "\u202e", "\u2028", "\u009b", "\u{1f600}", "e\u0301", "\t", "\u3042"],
    longest: 1 << 14,
  },
  {
    name: "bytes",
    from: "bytes that are no UTF-8, kept in strings",
    read: ofLatin1(decode),
    words: ["\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3\xa9", "\xed\xb2\x80"],
  },
  {
    name: "log-names",
    from: "names of jobs and instances as names of log files, and names of files beside them",
    read: ofSeveral((job = "", instance = "", ...names) => nameLogs(job, instance, ...names)),
    words: [
      BETWEEN,
      "..",
      "../",
      "/",
      ".log",
      ".log.20261130T041530.123Z.gz",
      ".log.1",
      "mill.log.20260230T041530.123Z",
      "x".repeat(300),
    ],
  },
  {
    name: "command-lines",
    from: "command lines of init, with what the kernel puts there, and of other programs",
    read: ofText(readCommandLine),
    words: [
      ..."--user|--confdir|--http=80|--http|--log-format=json|--exit-with|-H|--host=a,b|--|-|--=|-qv|--json|--shutdown-timeout=5"
        .split("|").map((word) => `\n${word}\n`),
      ..."\nsingle\n|\nauto\n|\n-b\n|\n5\n|\n-z\n|\nBOOT_IMAGE=/x\n|\nro\n|\nquiet\n|\n--ready-fd=3\n|\n--startup-event=\n|\n--default-console\n"
        .split("|"),
    ],
    longest: LONGEST_WORDS,
  },
];
