/** Answers to HTTP requests, whole and in pieces, and what is none. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import type { CheckResult } from "../schedule.ts";
import { type ExpectedAnswer, HttpAnswer } from "./http_answer.ts";

const USUAL: ExpectedAnswer = { status: [200, 299] };
const WITH_BODY: ExpectedAnswer = { ...USUAL, body: "läuft" };

const PASSED = { outcome: "passed" };
const failed = (reason: string) => ({ outcome: "failed", reason: `${reason} W` });

/** The result of an answer that comes in these pieces; the connection is closed when it is not known by then. */
function judged(expected: ExpectedAnswer, ...pieces: Array<string | Uint8Array>): CheckResult {
  const answer = new HttpAnswer(expected, "W");
  for (const piece of pieces) {
    const result = answer.take(typeof piece === "string" ? Buffer.from(piece) : piece);
    if (result) return result;
  }
  return answer.end();
}

const CASES: Array<[answer: string, expected: ExpectedAnswer, result: object]> = [
  ["HTTP/1.1 200 OK\r\n\r\n", USUAL, PASSED],
  ["HTTP/1.0 204\r\n\r\n", USUAL, PASSED],
  [
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    USUAL,
    PASSED,
  ],
  ["HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\n\r\n", USUAL, failed("status 302 from")],
  ["HTTP/1.1 302 Found\r\n\r\n", { status: [200, 399] }, PASSED],
  ["HTTP/1.1 503 \x1b[31mred\r\n\r\n", USUAL, failed("status 503 from")],
  ["", USUAL, failed("no answer from")],
  ["HTTP/1.1 20", USUAL, failed("an incomplete answer from")],
  ["SSH-2.0-OpenSSH_9.2\r\n", USUAL, failed("what answers is not HTTP, on")],
  ["HTTP/2.0 200 OK\r\n", USUAL, failed("what answers is not HTTP, on")],
  ["HTTP/1.1 2000 OK\r\n", USUAL, failed("what answers is not HTTP, on")],
  ["HTTP/1.1 200 OK\r\n\r\nes läuft", WITH_BODY, PASSED],
  [
    "HTTP/1.1 200 läuft\r\nX: läuft\r\n\r\nnein",
    WITH_BODY,
    failed("the expected text is not in the answer of"),
  ],
  [
    "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnein",
    WITH_BODY,
    failed("the expected text is not in the answer of"),
  ],
  [
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nlä\r\n3;x=y\r\nuft\r\n0\r\n\r\n",
    WITH_BODY,
    PASSED,
  ],
  [
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxx\r\n0\r\n\r\n",
    WITH_BODY,
    failed("the expected text is not in the answer of"),
  ],
];

for (const [answer, expected, result] of CASES) {
  Deno.test(`an answer: ${JSON.stringify(answer.slice(0, 60))}`, () => {
    assert.deepEqual(judged(expected, answer), result);
    assert.deepEqual(
      judged(expected, ...Array.from(Buffer.from(answer), (byte) => Uint8Array.of(byte))),
      result,
    );
  });
}

Deno.test("no more is read of an answer than is needed", () => {
  const answer = new HttpAnswer(USUAL, "W");
  assert.deepEqual(answer.take(Buffer.from("HTTP/1.1 200 OK\r\nX: ")), PASSED);
  const lengthy = new HttpAnswer(WITH_BODY, "W");
  assert.equal(lengthy.take(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")), undefined);
  assert.deepEqual(
    lengthy.take(Buffer.from("nichts da.")),
    failed("the expected text is not in the answer of"),
  );
});

Deno.test("an endless answer is judged by its beginning", () => {
  const piece = Buffer.alloc(1 << 20, "x");
  const body = new HttpAnswer(WITH_BODY, "W");
  assert.equal(body.take(Buffer.from("HTTP/1.1 200 OK\r\n\r\n")), undefined);
  assert.deepEqual(body.take(piece), failed("the expected text is not in the answer of"));
  const head = new HttpAnswer(USUAL, "W");
  assert.equal(head.take(Buffer.from("HTTP/1.1 ")), undefined);
  assert.deepEqual(head.take(piece), failed("an incomplete answer from"));
});

Deno.test("an answer in ever so many pieces costs no more than it is long", () => {
  // Where each piece had all of the answer judged again, these took minutes.
  const ok = "HTTP/1.1 200 OK\r\n", chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`;
  const size = 64 << 10;
  for (
    const [beginning, piece] of [
      [chunked, "1\r\nx\r\n"],
      [chunked, "0"],
      [`${ok}\r\n`, "l"],
      [ok, "A: b\r\n"],
      [ok, "A"],
      ["", "HTTP/1.1 100 Continue\r\n\r\n"],
    ] as const
  ) {
    const count = Math.ceil((size - beginning.length) / piece.length);
    const result = judged(WITH_BODY, beginning, ...Array.from({ length: count }, () => piece));
    assert.equal(result.outcome, "failed");
  }
});

Deno.test("whatever answers: there is a result, whose text is not the other side's", () => {
  fc.assert(fc.property(
    fc.array(fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom(
        "HTTP/1.1 ",
        "200",
        "\r\n",
        "\n",
        "Transfer-Encoding: chunked\r\n",
        "ffffffff\r\n",
        "-1\r\n",
        "0\r\n",
      ),
    )),
    (pieces) => {
      const result = judged(WITH_BODY, ...pieces);
      if (result.outcome === "failed") assert.match(result.reason, /^[a-zA-Z0-9 ,]+ W$/);
    },
  ));
});
