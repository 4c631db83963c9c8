import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ServerHandshake } from "./handshake.ts";
import { ProtocolError } from "./protocol_error.ts";

const GUID = "0123456789abcdef0123456789abcdef";
const hex = (text: string) => Buffer.from(text).toString("hex");

function converse(uid: number, ...lines: string[]) {
  return new ServerHandshake(uid, GUID).push(
    Buffer.from(`\0${lines.map((line) => `${line}\r\n`).join("")}`, "latin1"),
  );
}

Deno.test("a client that claims to be who it is may begin", () => {
  const { answer, rest } = converse(
    1000,
    `AUTH EXTERNAL ${hex("1000")}`,
    "NEGOTIATE_UNIX_FD",
    "BEGIN",
    "\xff",
  );
  assert.equal(answer, `OK ${GUID}\r\nERROR descriptors cannot be passed\r\n`);
  assert.deepEqual(rest, Buffer.from("\xff\r\n", "latin1"));
});

Deno.test("a client that claims nothing is who the kernel says", () => {
  assert.equal(converse(5, "AUTH EXTERNAL", "DATA", "BEGIN").answer, `DATA\r\nOK ${GUID}\r\n`);
});

Deno.test("a client that claims to be another is refused, and may not begin", () => {
  for (
    const claim of [
      `AUTH EXTERNAL ${hex("0")}`,
      `AUTH EXTERNAL ${hex("1000x")}`,
      `AUTH EXTERNAL ${hex("1000")}f`,
      `AUTH EXTERNAL ${hex("1000")}zz`,
      "AUTH ANONYMOUS",
      "AUTH",
    ]
  ) {
    assert.equal(converse(1000, claim).answer, "REJECTED EXTERNAL\r\n", claim);
    assert.throws(() => converse(1000, claim, "BEGIN"), ProtocolError, claim);
  }
});

Deno.test("a refusal takes an earlier acceptance back", () => {
  const lines = [`AUTH EXTERNAL ${hex("7")}`, "CANCEL", "BEGIN"];
  assert.throws(() => converse(7, ...lines), /BEGIN without authentication/);
});

Deno.test("bytes one by one are the same as all at once", () => {
  const handshake = new ServerHandshake(7, GUID);
  const bytes = Buffer.from(`\0AUTH EXTERNAL ${hex("7")}\r\nBEGIN\r\n`);
  const answers = Array.from(bytes, (byte) => handshake.push(Buffer.of(byte)));
  assert.equal(answers.map(({ answer }) => answer).join(""), `OK ${GUID}\r\n`);
  assert.deepEqual(answers.at(-1)!.rest, Buffer.alloc(0));
});

Deno.test("what is no handshake is ended", () => {
  assert.throws(() => new ServerHandshake(0, GUID).push(Buffer.from("GET / HTTP/1.0\r\n")), ProtocolError);
  assert.throws(() => converse(0, "x".repeat(10_000)), /too long/);
  assert.throws(() => new ServerHandshake(0, GUID).push(Buffer.from(`\0${"x".repeat(10_000)}`)), /too long/);
  assert.throws(() => converse(0, ...Array(2000).fill("HELLO")), /too many/);
});
