import assert from "node:assert/strict";
import type { Buffer } from "node:buffer";
import { encodeCall, readAnswer } from "./call.ts";
import { answerKey, callKey } from "./keys.ts";
import {
  decode,
  encode,
  type Message,
  METHOD_CALL,
  METHOD_RETURN,
  NO_REPLY_EXPECTED,
  readHeader,
} from "./message.ts";
import { MANAGER_INTERFACE, MANAGER_PATH, ROUSE_INTERFACE } from "./names.ts";
import { ANSWERS, CALLS } from "./prepared.ts";
import { BodyEncoder, Template } from "./repetition.ts";

const call = (call: Partial<Message>): Message => ({
  type: METHOD_CALL,
  serial: 3,
  flags: 0,
  path: MANAGER_PATH,
  interface: ROUSE_INTERFACE,
  member: "GetStatus",
  body: [],
  ...call,
});

Deno.test("calls that are prepared are the codec's", () => {
  const prepared = [
    call({ signature: "asas", body: [["jöb"], ["A=1", "B="]] }),
    call({ member: "Silence", flags: NO_REPLY_EXPECTED }),
    call({
      interface: MANAGER_INTERFACE,
      member: "EmitEvent",
      signature: "sasb",
      body: ["net-up", ["IF=lo"], true],
    }),
  ];
  for (const message of prepared) {
    assert.ok(callKey(message) in CALLS);
    assert.deepEqual(encodeCall(message), encode(message));
  }
  assert.equal(prepared.length, Object.keys(CALLS).length);
});

Deno.test("calls that are not prepared are the codec's", () => {
  const others = [
    call({ path: `${MANAGER_PATH}/jobs/a`, signature: "asas", body: [["a"], []] }),
    call({ signature: "asas", body: [["a"], []], destination: "com.ubuntu.Upstart" }),
    call({ signature: "as", body: [["a"]] }),
    call({ member: "Silence" }),
  ];
  for (const message of others) assert.deepEqual(encodeCall(message), encode(message));
});

/** An answer as a service sends it, and the bytes that its header is. */
function answered(
  signature: string,
  replySerial: number,
  body: unknown[],
): { bytes: Buffer; header: Buffer } {
  const template = new Template({ type: METHOD_RETURN, flags: NO_REPLY_EXPECTED, replySerial, signature });
  const bytes = template.fill(70_000, replySerial, new BodyEncoder().encode(signature, body));
  let header: Buffer | undefined;
  decode(bytes, (found) => readHeader(header = found));
  return { bytes, header: header! };
}

Deno.test("answers that are known are what the codec reads", () => {
  const values: Record<string, unknown[]> = {
    "o": ["/a"],
    "": [],
    "v": [["s", "value"]],
    "a{sv}": [[["goal", ["s", "start"]]]],
    "a(sssa(si)s)s": [[["", "start", "running", [["main", 7]], ""]], ""],
  };
  for (const [signature, body] of Object.entries(values)) {
    for (const serial of [1, 2, 70_000]) {
      const { bytes, header } = answered(signature, serial, body);
      assert.ok(answerKey(header) in ANSWERS, signature);
      assert.deepEqual(decode(bytes, readAnswer), decode(bytes));
      assert.equal(decode(bytes, readAnswer).replySerial, serial);
    }
  }
});

Deno.test("answers that are not known are what the codec reads", () => {
  const { bytes } = answered("as", 1, [["a"]]);
  assert.deepEqual(decode(bytes, readAnswer), decode(bytes));
  const error = encode({
    type: 3,
    flags: 1,
    serial: 1,
    replySerial: 1,
    errorName: "a.b",
    signature: "s",
    body: ["no"],
  });
  assert.deepEqual(decode(error, readAnswer), decode(error));
});
