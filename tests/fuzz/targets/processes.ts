/** Targets: what services, children of init's own and others say to init, what becomes of output, and the state of a restart. */

import fc from "fast-check";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Engine } from "../../../lib/engine/engine.ts";
import { Harness } from "../../../lib/engine/testing/harness.ts";
import { definitions, histories } from "../../../lib/engine/testing/histories.ts";
import { fileLine, LineSplitter } from "../../../lib/insight/history/log_line.ts";
import { LogText } from "../../../lib/insight/history/log_text.ts";
import { PLAIN } from "../../../lib/insight/screen/style.ts";
import { HttpAnswer } from "../../../lib/init/checks/child/http_answer.ts";
import { LineReader, LONGEST_REPORT, parseReport } from "../../../lib/init/checks/protocol.ts";
import { FORMATS, TimeStamps } from "../../../lib/init/logs/line_format.ts";
import { LineWatch } from "../../../lib/init/logs/line_watch.ts";
import { PlainText } from "../../../lib/init/logs/files/plain_text.ts";
import { journalMessage, syslogMessage } from "../../../lib/init/logs/shipping/datagrams.ts";
import {
  formatFrame,
  FrameReader,
  type OutputFrame,
  parseShippingReport,
} from "../../../lib/init/logs/shipping/frames.ts";
import { LineAssembly, type ShippedLine } from "../../../lib/init/logs/shipping/lines.ts";
import { logsData } from "../../../lib/init/logs/shipping/otlp.ts";
import { readMessage } from "../../../lib/init/notify/message.ts";
import { checkState, takeState } from "../../../lib/init/reexec/state_file.ts";
import { memfd } from "../../../lib/sys/io/descriptors.ts";
import { BETWEEN, checkMessage, checkPrintable, inPieces, ofText, type Target } from "../target.ts";

function readNotification(bytes: Buffer): void {
  const { told, store, remove } = readMessage(bytes);
  if (told.status !== undefined) checkPrintable(told.status);
  assert.ok((told.status ?? "").length <= 200 * 6);
  for (const name of [store, remove]) assert.match(name ?? "a", /^[!-9;-~]{1,255}$/);
  for (const number of [told.mainPid, told.watchdogTime, told.extension]) {
    assert.ok(number === undefined || number > 0);
  }
  assert.ok(told.mainPid === undefined || told.mainPid <= 2 ** 22);
}

/** The lines of the children that make checks, and that ship logs. */
function readReports(bytes: Buffer): void {
  const lines = new LineReader(LONGEST_REPORT);
  for (const piece of inPieces(bytes)) {
    for (const line of lines.take(piece) ?? []) {
      assert.ok(line.length <= LONGEST_REPORT);
      const report = parseReport(line);
      if (report && "failed" in report) assert.equal(typeof report.reason, "string");
      const shipped = parseShippingReport(line);
      if (shipped && "done" in shipped) assert.ok(shipped.lost <= shipped.bytes && shipped.lost >= 0);
    }
  }
}

/** What is answered to a check is judged the same however it comes, and nothing of it is repeated but the status. */
function readAnswer(bytes: Buffer): void {
  for (const body of [undefined, "ready"]) {
    const expected = { status: [200, 299] as const, ...body !== undefined && { body } };
    const whole = new HttpAnswer(expected, "http://x/"), pieces = new HttpAnswer(expected, "http://x/");
    const atOnce = whole.take(Buffer.from(bytes)) ?? whole.end();
    let inTurn = undefined;
    for (const piece of inPieces(bytes)) if ((inTurn = pieces.take(piece))) break;
    assert.deepEqual(inTurn ?? pieces.end(), atOnce);
    if (atOnce.outcome === "failed") checkMessage(atOnce.reason);
  }
}

/** Output on its way into a file: what is taken out is the same however it comes, and no escape sequence is left. */
function readOutput(bytes: Buffer): void {
  const clean = (pieces: readonly Buffer[]) => {
    const plain = new PlainText();
    return Buffer.concat(pieces.map((piece) => Buffer.from(plain.clean(Buffer.from(piece)))));
  };
  const whole = clean([bytes]);
  assert.deepEqual(clean(inPieces(bytes)), whole);
  assert.ok(!whole.includes(0x1b) && !whole.includes(0x0d));
  assert.ok(whole.length <= bytes.length + 1);
}

const ORIGIN = { job: "mi\nll\x1b", instance: "a/b" }, NOW = Date.UTC(2026, 10, 30);

/** Output as lines: for init's own output, collectors, and people who read logs. */
function readLines(bytes: Buffer): void {
  const prefixed = Buffer.from(FORMATS.prefix(bytes, { ...ORIGIN, stream: "stdout" })).toString("latin1");
  const prefix = prefixed.slice(0, prefixed.indexOf(" | ") + 3);
  const text = bytes.toString("latin1").replace(/\n$/, "");
  assert.equal(prefixed, text.split("\n").map((line) => `${prefix}${line}\n`).join(""));
  checkPrintable(prefix);
  for (
    const line of Buffer.from(FORMATS.json(bytes, { ...ORIGIN, stream: "stderr" })).toString().trimEnd()
      .split("\n")
  ) {
    assert.equal(JSON.parse(line).job, ORIGIN.job);
  }
  new TimeStamps().add(bytes);
  const lines: ShippedLine[] = [], assembly = new LineAssembly((line) => void lines.push(line));
  for (const piece of inPieces(bytes)) {
    assembly.take({ ...ORIGIN, targets: ["file"], time: NOW, bytes: piece });
  }
  assembly.flush();
  assert.equal(
    lines.reduce((sum, { size }) => sum + size, 0),
    bytes.length,
    "bytes are lost on the way to collectors",
  );
  for (const line of lines) {
    assert.ok(line.text.length <= 8192 && !line.text.includes(10));
    assert.doesNotMatch(syslogMessage(30, line).toString("latin1").slice(0, 40), /\n/);
    // The field's name comes once, at the beginning of a line.
    assert.equal(journalMessage(line).toString("latin1").split("\n").length, 6);
  }
  if (lines.length > 0) JSON.stringify(logsData(lines.slice(0, 20)));
  showLines(bytes);
}

function showLines(bytes: Buffer): void {
  const splitter = new LineSplitter(),
    look = new LogText({ style: PLAIN, isTerminal: true, isOneJob: false, now: NOW });
  const all = [...inPieces(bytes).flatMap((piece) => splitter.add(piece)), splitter.rest];
  for (const line of all) {
    const shown = Buffer.from(look.bytesOf(fileLine(ORIGIN, line, NOW))).toString();
    checkPrintable(shown.replace(/\n$/, "").replaceAll("\t", ""));
  }
}

/** A pattern of a job, and output in which it is looked for. */
function watchLines(bytes: Buffer): void {
  const [pattern = "", output = ""] = bytes.toString("latin1").split(BETWEEN);
  const watch = new LineWatch(), stream = {};
  try {
    watch.start("mill", "", pattern);
  } catch (error) {
    checkMessage((error as Error).message);
    assert.equal((error as Error).constructor.name, "PatternError");
    return;
  }
  for (const piece of inPieces(Buffer.from(output, "latin1"))) watch.look("mill", "", stream, piece);
}

/** Frames are the same however they come. */
function readFrames(bytes: Buffer): void {
  const frames: OutputFrame[] = inPieces(bytes).map((piece, index) => ({
    ...ORIGIN,
    job: piece.toString().slice(0, index),
    targets: ["syslog"],
    time: NOW,
    bytes: piece,
  }));
  const reader = new FrameReader(), stream = Buffer.concat(frames.map(formatFrame));
  const read = inPieces(stream).flatMap((piece) => reader.take(piece));
  assert.deepEqual(
    read.map((frame) => ({ ...frame, bytes: Buffer.from(frame.bytes) })),
    JSON.parse(JSON.stringify(frames.map((frame) => ({ ...frame, bytes: "" })))).map((
      frame: object,
      index: number,
    ) => ({
      ...frame,
      bytes: Buffer.from(frames[index]!.bytes),
    })),
  );
}

/** What another init hands over is gone on with, or told to be lost: a list of processes holds processes. */
function readState(bytes: Buffer): void {
  const { running } = takeState(memfd("fuzz", bytes));
  for (const { job, instance, pid, environment } of running) {
    assert.ok(
      typeof job === "string" && typeof instance === "string" && Number.isSafeInteger(pid) && pid > 0,
    );
    assert.ok(Array.isArray(environment) && environment.every((pair) => typeof pair === "string"));
  }
  try {
    checkState(memfd("fuzz", bytes));
  } catch (error) {
    assert.ok(error instanceof Error && error.message !== "");
  }
}

/** A snapshot is refused by a sentence, or what is restored from it can be saved again, as the same. */
function readSnapshot(text: string): void {
  let snapshot;
  try {
    snapshot = JSON.parse(text);
  } catch {
    return;
  }
  const now = { monotonic: 0, wall: 0 };
  let engine: Engine;
  try {
    engine = Engine.restore(snapshot, now);
  } catch (error) {
    assert.ok(error instanceof TypeError, String(error));
    assert.match(error.message, /^the snapshot/);
    return;
  }
  const saved = engine.save(now);
  assert.deepEqual(
    JSON.parse(JSON.stringify(Engine.restore(saved, now).save(now))),
    JSON.parse(JSON.stringify(saved)),
  );
}

const snapshots = fc.tuple(definitions, histories).map(([jobs, steps]) => {
  const harness = new Harness(jobs, false);
  for (const step of steps.slice(0, 20)) harness.step(step);
  return JSON.stringify(harness.snapshot());
});
const running = { job: "web", instance: "", pid: 7, environment: ["A=b"] };
const head = `{"version":1,"writer":"0.1.0","running":[${JSON.stringify(running)}]}\n`;
const notification = fc.array(
  fc.tuple(
    fc.constantFrom(
      "READY",
      "STATUS",
      "MAINPID",
      "WATCHDOG",
      "WATCHDOG_USEC",
      "FDSTORE",
      "FDNAME",
      "BARRIER",
      "RELOADING",
      "FDSTOREREMOVE",
    ),
    fc.oneof(
      fc.constantFrom("1", "0", "trigger", "a:b", "x".repeat(300)),
      fc.string({ maxLength: 10 }),
      fc.nat().map(String),
    ),
  ),
  { maxLength: 6 },
).map((lines) => lines.map((pair) => pair.join("=")).join("\n"));
const answer = fc.tuple(
  fc.integer({ min: 90, max: 610 }),
  fc.constantFrom("", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"),
  fc.constantFrom("ready", "5\r\nready\r\n0\r\n\r\n", "3\r\nrea\r\n2\r\ndy\r\n", ""),
)
  .map(([status, field, body]) => `HTTP/1.1 ${status} x\r\n${field}\r\n${body}`);

const ESCAPES = [
  "\x1b[31m",
  "\x1b]0;t\x07",
  "\x1b[2J",
  "\r",
  "\r\n",
  "\x18",
  "\x9b",
  "\n",
  "\xff",
  "2026-11-30T04:15:30.123Z ",
];

export const PROCESSES: readonly Target[] = [
  {
    name: "notify",
    from: "datagrams of services (sd_notify)",
    read: readNotification,
    shapes: notification,
    words: ["READY=1\n", "MAINPID=", "STATUS=\x1b[2J", "FDNAME=a\n", "FDSTORE=1\n", "="],
  },
  {
    name: "child-reports",
    from: "lines of the children that make checks, and ship logs",
    read: readReports,
    words: [
      '{"passed":1}\n',
      '{"failed":1,"reason":"',
      '{"done":"a","bytes":5,"lost":0}\n',
      '{"pong":',
      "}\n",
      '{"working":"a"}\n',
    ],
  },
  {
    name: "http-answers",
    from: "answers to the checks of jobs by HTTP",
    read: readAnswer,
    shapes: answer,
    words: [
      "HTTP/1.1 200 OK\r\n",
      "\r\n\r\n",
      "Content-Length: ",
      "Transfer-Encoding: chunked\r\n",
      "5\r\nready\r\n",
      "HTTP/1.1 100 \r\n\r\n",
      "-5",
      "ready",
    ],
  },
  {
    name: "output-files",
    from: "output of jobs on its way into log files",
    read: readOutput,
    words: ESCAPES,
    longest: 1 << 20,
  },
  {
    name: "output-lines",
    from: "output of jobs as lines: init's own output, collectors, readers of logs",
    read: readLines,
    words: ESCAPES,
  },
  {
    name: "ready-log",
    from: "patterns of `ready log`, and output in which they are looked for",
    read: watchLines,
    words: [BETWEEN, "(a+)+$", "[^a]", "\\d{1,3}", "(?:", "\\b", "|", "^", "$", "\\u0041", "{2,}"],
  },
  { name: "ship-frames", from: "frames of output for the child that ships logs", read: readFrames },
  {
    name: "restart-state",
    from: "the state that an init hands over to its successor",
    read: readState,
    shapes: fc.constantFrom(
      `${head}{}`,
      `${head}null`,
      `${head}{"init":{"engine":{}}}`,
      `{"running":[null]}\n{}`,
    ),
    words: ['"running":[', '"pid":', "null", "\n", "{}", '"version":1', '"environment":["A=b"]'],
  },
  {
    name: "snapshots",
    from: "the engine's state within it",
    read: ofText(readSnapshot),
    shapes: snapshots,
    words: ["null", '"', ",", "[]", "{}", "true", "-1"],
  },
];
