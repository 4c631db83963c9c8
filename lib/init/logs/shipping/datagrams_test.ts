/** The messages for syslog, journald and collectors, and how lines are put together for them. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { journalMessage, syslogMessage } from "./datagrams.ts";
import { formatFrame, FrameReader, type OutputFrame, parseShippingReport } from "./frames.ts";
import { LineAssembly, type ShippedLine } from "./lines.ts";
import { logsData } from "./otlp.ts";

const LINE: ShippedLine = {
  job: "net/web",
  instance: "a b",
  text: Buffer.from("listening"),
  time: new Date(2026, 10, 3, 4, 15, 30, 123).getTime(),
  size: 10,
  left: 1,
  isLost: false,
};

Deno.test("a message for syslog has its priority, the local time and the job; one for journald its fields", () => {
  assert.equal(String(syslogMessage(157, LINE)), "<157>Nov  3 04:15:30 net/web_(a_b): listening");
  assert.equal(
    String(journalMessage(LINE)),
    "PRIORITY=6\nSYSLOG_IDENTIFIER=net/web (a b)\nROUSE_JOB=net/web\nROUSE_INSTANCE=a b\nMESSAGE=listening\n",
  );
});

Deno.test("no name of a job or an instance adds a field or a line", () => {
  const odd = { ...LINE, instance: "x\nPRIORITY=0" };
  assert.equal(
    String(journalMessage(odd)).split("\n").filter((field) => field.startsWith("PRIORITY")).length,
    1,
  );
  assert.doesNotMatch(String(syslogMessage(30, odd)), /\n/);
});

Deno.test("a collector gets the lines of each instance together, in their order", () => {
  const other = { ...LINE, job: "db", instance: "", text: Buffer.from("up") };
  const { resourceLogs } = logsData([LINE, other, { ...LINE, text: Buffer.from("next") }]) as {
    resourceLogs: Array<{ scopeLogs: Array<{ logRecords: Array<{ body: { stringValue: string } }> }> }>;
  };
  const bodies = resourceLogs.map(({ scopeLogs: [scope] }) =>
    scope!.logRecords.map(({ body }) => body.stringValue)
  );
  assert.deepEqual(bodies, [["listening", "next"], ["up"]]);
});

Deno.test("frames come out as they went in, wherever they are cut", () => {
  const frame = fc.record({
    job: fc.string(),
    instance: fc.string(),
    targets: fc.constant<OutputFrame["targets"]>(["syslog"]),
    time: fc.nat(),
    bytes: fc.uint8Array({ maxLength: 50 }),
  });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 5 }), fc.integer({ min: 1, max: 40 }), (frames, step) => {
      const all = Buffer.concat(frames.map(formatFrame)),
        reader = new FrameReader(),
        read: OutputFrame[] = [];
      for (let at = 0; at < all.length; at += step) read.push(...reader.take(all.subarray(at, at + step)));
      const plain = (frames: OutputFrame[]) => frames.map((each) => ({ ...each, bytes: [...each.bytes] }));
      assert.deepEqual(plain(read), plain(frames));
    }),
  );
});

Deno.test("lines are put together from pieces; all bytes are accounted for", () => {
  const lines: Array<[string, number]> = [];
  const assembly = new LineAssembly(({ text, size }) => lines.push([String(text), size]));
  const frame = (text: string) => ({ ...LINE, targets: ["syslog" as const], bytes: Buffer.from(text) });
  const long = "x".repeat(10_000);
  for (const text of ["on", "e\r\ntwo\n\nth", `ree\n${long}\n`, "end"]) assembly.take(frame(text));
  assembly.flush();
  assert.deepEqual(lines, [
    ["one", 5],
    ["two", 4],
    ["", 1],
    ["three", 6],
    [long.slice(0, 8192), 8192],
    [long.slice(8192), 10_000 - 8192 + 1],
    ["end", 3],
  ]);
});

Deno.test("what is no report is told from one", () => {
  assert.deepEqual(parseShippingReport('{"done":"web","bytes":5,"lost":2,"more":1}'), {
    done: "web",
    bytes: 5,
    lost: 2,
  });
  for (
    const line of [
      "",
      "x",
      "null",
      "[]",
      '{"done":"web"}',
      '{"done":1,"bytes":5,"lost":0}',
      '{"done":"a","bytes":-1,"lost":-1}',
      '{"done":"a","bytes":1,"lost":2}',
      '{"failing":"a"}',
    ]
  ) {
    assert.equal(parseShippingReport(line), undefined, line);
  }
});
